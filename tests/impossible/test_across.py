"""Rules between services, under the auditor's login: planted, found, and nothing else to be seen."""

import asyncio
import sys

import pytest

from chassis import across, clock
from chassis.checking import look
from chassis.database import Database, connect
from deploy.local.postgres import as_login
from tests.databases import SERVICES
from tests.impossible.planting import ago, ident, plant, row

VACANCY, APPLICATION, EVENT = ident("vacancy"), ident("application"), ident("event")
SETTINGS = across.AuditorSettings(auditor_database_url="postgres://auditor@nowhere/none")
SUBMITTED = "micro-internships.applications.ApplicationSubmitted.v1"
LISTENS = row("listened", consumer="notifications.letters", type=SUBMITTED, since=ago(days=2))


def told(service, key, number, **more):
    return row(
        "outbox",
        **{
            "event_id": EVENT,
            "topic": f"{service}.events",
            "key": str(key),
            "sequence": number,
            "type": SUBMITTED,
            "headers": {"ce_source": f"/services/{service}"},
            "value": b"{}",
            "recorded_at": ago(minutes=40),
            "published_at": ago(minutes=40),
            **more,
        },
    )


def heard(consumer, service, key, number):
    return row(
        "heard",
        consumer=consumer,
        topic=f"{service}.events",
        key=str(key),
        last_sequence=number,
    )


def last(service, key, number):
    return row("sequences", topic=f"{service}.events", key=str(key), last=number)


INBOX = row(
    "inbox",
    consumer="notifications.letters",
    source="/services/applications",
    event_id=EVENT,
)
RECEIPT = row(
    "deliveries",
    delivery_id=ident("receipt"),
    letter="received",
    application_id=APPLICATION,
    status="sent",
    ended_at=ago(minutes=39),
)
WITHDRAWN = row(
    "vacancies", vacancy_id=VACANCY, status="withdrawn", round="first", places=2, rounds=[]
)
KNOWN = row(
    "known_vacancies",
    vacancy_id=VACANCY,
    places=2,
    status="withdrawn",
    withdrawn_at=ago(hours=1),
)
HEARD = heard("applications.facts", "proposals", VACANCY, 4)
KNOWN_MAIL = row("known_vacancies", vacancy_id=VACANCY, is_withdrawn=True)

SOUND = {
    "I18": {
        "applications": [told("applications", APPLICATION, 1)],
        "notifications": [LISTENS, INBOX, RECEIPT],
    },
    "I21": {
        "proposals": [WITHDRAWN, last("proposals", VACANCY, 4)],
        "applications": [KNOWN, HEARD],
        "notifications": [KNOWN_MAIL, heard("notifications.letters", "proposals", VACANCY, 4)],
    },
    "I31": {"expenses": [told("expenses", APPLICATION, 1, published_at=ago(days=34))]},
}
SOUND["I24"] = SOUND["I18"]


def instead(rule, service, *rows):
    """The sound state with one service's rows exchanged."""
    return {**SOUND[rule], service: list(rows)}


BREACHES = [
    ("I18", instead("I18", "notifications", LISTENS, RECEIPT), f"event {EVENT} for notifications.letters"),
    ("I24", instead("I24", "notifications", LISTENS, INBOX), f"application {APPLICATION}"),
    (
        "I21",
        instead("I21", "applications", row("known_vacancies", vacancy_id=VACANCY, places=2, status="published"), HEARD),
        f"vacancy {VACANCY} in applications",
    ),
    ("I21", instead("I21", "applications", HEARD), f"vacancy {VACANCY} in applications"),
    (
        "I31",
        {"expenses": [told("expenses", APPLICATION, 1, published_at=ago(days=37))]},
        "rows of expenses outbox",
    ),
]  # fmt: skip
BEHIND = instead(
    "I21",
    "applications",
    row("known_vacancies", vacancy_id=VACANCY, places=2, status="published"),
    heard("applications.facts", "proposals", VACANCY, 3),
)


async def found(admin):
    """What the auditor finds, by rule; every question must be answered."""
    pool = await Database.open(
        as_login(admin, "auditor"), service="auditor", now_sql=clock.TRUE_TIME, most=1
    )
    try:
        judged = await look(pool, across.rules(SETTINGS), patience="20s")
    finally:
        await pool.close()
    assert [(each.rule.rule_id, each.why) for each in judged if each.found is None] == []
    return {each.rule.rule_id: [breach.subject for breach in each.found] for each in judged}


async def planted(admin, state):
    for service, rows in state.items():
        await plant(admin, service, rows)


@pytest.mark.parametrize(("rule", "state", "subject"), BREACHES)
async def test_breach_between_services_is_found(rule, state, subject, database_url):
    await planted(database_url, state)

    assert (await found(database_url))[rule] == [subject]


@pytest.mark.parametrize("state", [*SOUND.values(), BEHIND, {}])
async def test_sound_state_holds_no_breach(state, database_url):
    await planted(database_url, state)

    assert [subjects for subjects in (await found(database_url)).values() if subjects] == []


async def test_auditor_reads_views_of_ids_and_nothing_else(database_url):
    connection = await connect(as_login(database_url, "auditor"), application="tests")
    for service in SERVICES:
        relations = await connection.fetch(
            """
            SELECT relname, relkind::text,
                   has_table_privilege('auditor', pg_class.oid, 'SELECT') AS is_read,
                   has_table_privilege('auditor', pg_class.oid, 'INSERT, UPDATE, DELETE') AS is_written
              FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
             WHERE nspname = $1 AND relkind IN ('r', 'v', 'm')
            """,
            service,
        )
        read = {each["relname"] for each in relations if each["is_read"]}
        views = {each["relname"] for each in relations if each["relkind"] == "v"}
        assert read == views
        assert all(name.startswith("check_") for name in views)
        assert not any(each["is_written"] for each in relations)
        with pytest.raises(Exception, match="permission denied"):
            await connection.fetch(f"SELECT * FROM {service}.outbox")
    await connection.close()


async def test_no_service_reads_the_views_of_another(database_url):
    for reader in SERVICES:
        connection = await connect(as_login(database_url, reader), application="tests")
        for owner in SERVICES:
            if owner != reader:
                with pytest.raises(Exception, match="permission denied"):
                    await connection.fetch(f"SELECT * FROM {owner}.check_outbox")
        await connection.close()


async def check(admin, *words):
    """`check --across`, as a job of its own runs it: with its login and nothing else."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.proposals", "check", "--across", *words),
        env={"AUDITOR_DATABASE_URL": as_login(admin, "auditor")},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, error = await process.communicate()
    return process.returncode, out.decode(), error.decode()


async def test_job_ends_with_0_or_with_65(database_url):
    clean = await check(database_url)
    await planted(database_url, BREACHES[0][1])
    code, out, error = await check(database_url, "--json")

    assert clean == (0, "Nothing.\n", "")
    assert (code, error) == (65, "")
    assert f'"event {EVENT} for notifications.letters"' in out
