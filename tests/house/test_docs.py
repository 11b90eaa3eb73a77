"""What is written about the house is so: generated pages, paths, snippets, words and links."""

import importlib
import re
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest

from schemas import generate
from schemas.envelope import EVENTS
from services import readmes
from tests.databases import DatabaseOf
from tests.house.tree import ROOT, SERVICES, files

PAGES = [file.relative_to(ROOT) for file in files("*.md")]
LINK = re.compile(
    r"(?<!!)\[[^\]]*\]\((?!https?://|#|mailto:)([^)#\s]+)[^)]*\)|!\[[^\]]*\]\(([^)\s]+)\)"
)
FENCED = re.compile(r"```.*?```", re.DOTALL)
README = (ROOT / "README.md").read_text()
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text()


# ---- what is generated ----


def test_schemas_examples_and_catalogue_are_what_the_event_classes_say():
    assert generate.main(["--check"]) == 0


def test_readmes_and_the_operators_page_are_what_the_code_says():
    assert readmes.main(["--check"]) == 0


def test_page_that_has_fallen_behind_is_named(monkeypatch, capsys, tmp_path):
    for path in readmes.pages():
        copy = tmp_path / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text((ROOT / path).read_text().replace("stateDiagram-v2", "stateDiagram"))
    monkeypatch.setattr(readmes, "ROOT", tmp_path)

    assert readmes.main(["--check"]) == 1
    assert "services/expenses/README.md is not what the code says" in capsys.readouterr().err


def test_page_without_its_marks_is_refused(monkeypatch, tmp_path):
    for path in readmes.pages():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("nothing generated here")
    monkeypatch.setattr(readmes, "ROOT", tmp_path)

    with pytest.raises(LookupError, match="needs <!-- generated --> and <!-- end -->"):
        readmes.pages()


# ---- states, as Postgres holds them ----

TABLES = {
    ("proposals", "cycle"): "cycles",
    ("proposals", "host"): "hosts",
    ("proposals", "proposal"): "proposals",
    ("proposals", "vacancy"): "vacancies",
    ("applications", "application"): "applications",
    ("applications", "offer"): "offers",
    ("applications", "placement"): "placements",
    ("applications", "selection"): "selections",
    ("notifications", "delivery"): "deliveries",
    ("expenses", "claim"): "claims",
}


def test_every_table_of_moves_has_its_table_in_postgres():
    nouns = {(service, noun) for service in SERVICES for noun in readmes.nouns_of(service)}

    assert nouns == set(TABLES)


async def test_states_are_those_that_postgres_takes(database_of: DatabaseOf):
    taken, held = {}, {}
    for (service, noun), table in TABLES.items():
        database = await database_of(service)
        checks = await database.list_rows(
            """
            SELECT pg_get_constraintdef(pg_constraint.oid) AS says
              FROM pg_constraint
              JOIN pg_attribute ON attrelid = conrelid AND conkey = ARRAY[attnum]
             WHERE conrelid = $1::text::regclass AND contype = 'c' AND attname = 'status'
            """,
            f"{service}.{table}",
        )
        listed = [row["says"] for row in checks if "ANY (ARRAY[" in row["says"]]
        taken[table] = [set(re.findall(r"'(\w+)'", says)) for says in listed]
        held[table] = [{state.value for state in readmes.nouns_of(service)[noun][0]}]

    assert taken == held


@pytest.mark.parametrize(("service", "noun"), TABLES)
def test_a_move_leads_to_every_state_but_the_first(service: str, noun: str):
    status, moves = readmes.nouns_of(service)[noun]
    reached = {after for steps in moves.values() for after in steps.values()}

    assert set(status) - reached <= {next(iter(status))}


# ---- paths, snippets, links ----


@pytest.mark.parametrize("document", PAGES, ids=str)
def test_every_link_within_the_tree_leads_somewhere(document: Path):
    text = FENCED.sub("", (ROOT / document).read_text())
    targets = [link or picture for link, picture in LINK.findall(text)]

    assert [each for each in targets if not (ROOT / document).parent.joinpath(each).exists()] == []


ELSEWHERE = ("application/", "web/", "domain/", "commands/", "store/", "views/")


@pytest.mark.parametrize(
    "document", [each for each in PAGES if each.parts[0] in ("README.md", "docs")], ids=str
)
def test_every_path_that_is_named_is_there(document: Path):
    text = FENCED.sub("", (ROOT / document).read_text())
    named = re.findall(r"`((?:\w+/)+[\w.*-]*)`", text)
    ours = [each for each in named if not each.startswith(ELSEWHERE)]

    assert [each for each in ours if not list(ROOT.glob(each.rstrip("/")))] == []


def test_contributing_sends_nobody_to_a_path_that_is_not_there():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    named = set(re.findall(r"`((?:\w+/)+(?:[\w.<>-]+)?|\w+\.py|[A-Z_]{6,})[`\s…]", text))

    assert named
    for each in named:
        if each.isupper():
            assert any(each.rstrip("_") in file.read_text() for file in files("services/*.py")), (
                each
            )
            continue
        pattern = re.sub(r"<\w+>", "*", each).rstrip("/")
        places = (pattern, f"services/{pattern}", f"services/*/{pattern}")
        folders = (f"services/*/{pattern.removesuffix('.py')}",)
        assert any(list(ROOT.glob(place)) for place in (*places, *folders)), each


def quoted() -> list[tuple[str, str]]:
    """Each Python snippet of the README, with the last file named before it."""
    found: list[tuple[str, str]] = []
    for block in re.finditer(r"```python\n(.*?)```", README, re.DOTALL):
        path = re.findall(r"`((?:\w+/)+\w+\.py)`", README[: block.start()])[-1]
        found.append((path, block[1]))
    return found


@pytest.mark.parametrize(("path", "snippet"), quoted(), ids=[path for path, _ in quoted()])
def test_snippet_stands_in_its_file_line_by_line(path: str, snippet: str):
    lines = iter(line.strip() for line in (ROOT / path).read_text().splitlines())
    wanted = [line.strip() for line in snippet.splitlines() if line.strip(" .")]

    missing = [each for each in wanted if not any(line.startswith(each) for line in lines)]
    assert missing == []


@pytest.mark.parametrize(
    ("function", "path"),
    re.findall(r"`(\w+)`\s+in\s+`((?:\w+/)+\w+\.py)`", README)
    + [(name, path) for path, name in re.findall(r"In `(services/\S+\.py)`, `(\w+)`", README)],
)
def test_function_that_the_walk_names_is_in_its_file(function: str, path: str):
    assert re.search(rf"^(?:async def|def|class) {function}\b", (ROOT / path).read_text(), re.M)


def test_picture_is_shown_only_where_there_is_one():
    shown = re.findall(r"docs/pictures/[\w.-]+", README)

    assert [each for each in shown if not (ROOT / each).is_file()] == []


def test_decision_records_have_one_form():
    parts = (
        "**Context.**",
        "**Decision.**",
        "**Consequences.**",
        "**Kept by**",
        "**Revisit when**",
    )
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))

    for number, record in enumerate(records, 1):
        text = record.read_text()
        assert text.startswith(f"# {number:04} "), record.name
        dated, status = text.splitlines()[2].split(" · ")
        assert datetime.fromisoformat(dated), record.name
        assert re.fullmatch(r"accepted|replaced by \d{4}", status), record.name
        assert [part for part in parts if part not in text] == [], record.name


def test_reader_for_subscribers_needs_its_client_alone():
    imported = re.findall(
        r"^(?:import|from) (\w+)", (ROOT / "docs/readers/reader.py").read_text(), re.M
    )

    assert set(imported) == {"os", "re", "sys", "confluent_kafka"}


# ---- words ----


def words() -> list[tuple[str, str, str, str]]:
    """Rows of the glossary: word, where it is in code, table, events."""
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in GLOSSARY.splitlines()
        if line.startswith("| ") and not line.startswith("| Word")
    ]
    return [(word, code.strip("`"), table, told) for word, _, code, table, told in rows]


@cache
def all_of(*patterns: str) -> str:
    return "\n".join(file.read_text() for file in files(*patterns))


@pytest.mark.parametrize(("word", "code", "table", "told"), words(), ids=[w[0] for w in words()])
def test_word_is_in_code_table_and_event(word: str, code: str, table: str, told: str):
    spelt = re.compile(word.replace(" ", "[ _]?"), re.IGNORECASE)
    source = all_of("services/*/domain/*.py", "schemas/*.py", "chassis/*.py")
    migrations = all_of("*/migrations/*.sql")

    assert spelt.search(source), f"{word} is not a word of the code"
    assert _found(code), f"{code} is not there"
    if table != "–":
        assert re.search(rf"CREATE TABLE {table.strip('`')} ", migrations), table
    kinds = {kind.__name__ for kind in EVENTS.values()}
    assert set(re.findall(r"`(\w+)`", told)) <= kinds


def _found(name: str) -> bool:
    module, _, thing = name.rpartition(".")
    return hasattr(importlib.import_module(module), thing) or importlib.util.find_spec(name)


REFUSED = re.findall(r"\w+", GLOSSARY.split("## Not\n")[1].split(".")[0])


def test_words_that_we_do_not_use_are_in_no_event():
    spelt = re.compile(rf"(?:^|_)(?:{'|'.join(REFUSED)})s?(?:$|_)", re.IGNORECASE)
    fields = {name for kind in generate.contract() for name in kind.model_fields}
    kinds = {re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__) for kind in generate.contract()}

    assert REFUSED == ["opportunity", "job", "booking", "hire", "candidate", "user"]
    assert {each for each in fields | kinds if spelt.search(each)} == set()
    assert {each for each in kinds if each.endswith(("_Updated", "_Changed"))} == set()
