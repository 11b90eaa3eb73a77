"""Every event says what it is, who may read it, and shows itself."""

import json
from typing import Any, ClassVar

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from schemas import applications, generate, proposals, sample
from schemas.envelope import Event, Service, fact, new_id
from schemas.rules import Mode
from schemas.topics import TOPICS, topic_of

CONTRACT = generate.contract()
EXAMPLES = [
    pytest.param(event, example, id=f"{event.service}.{event.__name__}-{number}")
    for event in CONTRACT
    for number, example in enumerate(event.examples)
]

# Said by one service each; the restricted topic and the vacancies' have classes of their own.
TOLD: dict[Service, str] = {
    "proposals": """
        RuleSetPublished CyclePublished CycleRescheduled HostRegistered HostApproved HostRefused
        HostSuspended HostFactsAmended HostContactAdded HostContactRemoved ProposalSubmitted
        ProposalScreened ProposalReminded ProposalWithdrawn ProposalLapsed VacancyPublished
        VacancyOpened VacancyClosed VacancyAmended VacancyWithdrawn VacancyReadvertised
        VacancyFilled SignInEnded RoleEnded PersonErasureOrdered PersonErased
        ContactCard SealedLetter CurrentVacancy""",
    "applications": """
        ApplicationSubmitted ApplicationRevised ApplicationWithdrawn ApplicationReminded
        DocumentTrimmed ApplicationsClosed ApplicationsReleased SelectionReminded SelectionMade
        SelectionOverdue OutcomesAtRisk OfferMade OfferReminded OfferExtended OfferAccepted
        OfferDeclined OfferExpired OfferWithdrawn OfferSuperseded ReserveExhausted OutcomeTold
        PlacementConfirmed PlacementIntroduced PlacementDaysAmended PlacementReminded
        PlacementStarted PlacementCompleted PlacementNotCompleted PlacementCancelled
        EvaluationInvited EvaluationReceived SessionBooked SessionCancelled DecisionReversed
        PersonErased""",
    "notifications": """
        MessageSent MessageDelivered MessageBounced MessageFailed ConfirmationOverdue
        PersonErased""",
    "expenses": """
        ReceiptSubmitted ClaimSubmitted ClaimReminded LineDisallowed ClaimReturned ClaimApproved
        ClaimRejected ClaimWithdrawn ReimbursementReported ReimbursementConfirmed
        ReimbursementDisputed ClaimWindowClosed PersonErased""",
}


@pytest.mark.parametrize("service", TOLD)
def test_service_tells_what_the_domain_names(service: Service):
    told = {event.__name__ for event in generate.events_of(service)}

    assert told == set(TOLD[service].split())


@pytest.mark.parametrize("event", CONTRACT, ids=lambda event: event.type_name())
def test_event_says_when_it_happens_and_where_it_goes(event: type[Event]):
    assert event.__doc__
    assert event.__doc__ != Event.__doc__
    assert event.examples
    assert event.key_field in event.model_fields
    assert (event.subject_field or event.key_field) in event.model_fields
    assert topic_of(event.service, event.topic) in TOPICS


@pytest.mark.parametrize(("event", "example"), EXAMPLES)
def test_example_is_valid_by_class_and_by_schema(event: type[Event], example: dict[str, Any]):
    said = event.model_validate(example, extra="forbid")
    wire = json.loads(said.model_dump_json())

    Draft202012Validator(generate.schema_of(event), format_checker=FormatChecker()).validate(wire)
    assert event.model_validate_json(said.model_dump_json()) == said
    assert said.key == str(wire[event.key_field])


@pytest.mark.parametrize(
    "name", ["email", "applicant_full_name", "home_address", "statement", "office_note", "cv"]
)
def test_field_that_names_a_person_is_refused_where_it_is_defined(name: str):
    with pytest.raises(TypeError, match=f"{name} would name a person"):
        _event_with(name, fact("Whatever it holds"))


def test_field_that_does_not_say_who_may_read_it_is_refused():
    with pytest.raises(TypeError, match="does not say who may read it"):
        _event_with("places", ...)


@pytest.mark.parametrize("name", ["cv_pages", "statement_words", "host_public_name", "mailbox"])
def test_field_about_a_rule_is_not_taken_for_a_person(name: str):
    assert name in _event_with(name, fact("Whatever it holds")).model_fields


def test_sealed_field_may_hold_what_no_other_may():
    assert _event_with("address", fact("A JWE", classification="encrypted"))


def _event_with(name: str, declared: Any) -> type[Event]:
    # No key_field, so that this class of a test's is not registered as an event.
    body = {"__annotations__": {name: str, "service": ClassVar[Service]}, name: declared}
    return type("Planted", (Event,), body)


def test_reader_keeps_a_value_that_was_added_later():
    opened = {**proposals.VacancyOpened.examples[0], "mode": "on_a_ship", "added_later": 1}

    assert proposals.VacancyOpened.model_validate(opened).mode == "on_a_ship"


def test_reader_knows_a_value_of_a_closed_set():
    opened = proposals.VacancyOpened.model_validate(proposals.VacancyOpened.examples[0])

    assert opened.mode is Mode.IN_PERSON


def test_events_about_one_application_share_its_key():
    keys = {
        event.model_validate(event.examples[0]).key
        for event in generate.events_of("applications")
        if event.__name__.startswith(("Application", "Offer", "Placement", "Outcome"))
        and "application_id" in event.model_fields
    }

    assert keys == {sample.APPLICATION}


def test_event_about_a_selection_has_the_vacancy_as_its_key():
    assert applications.SelectionMade.key_field == "vacancy_id"


def test_new_id_is_a_uuid_of_version_seven_and_sorts_by_time():
    first, second = new_id(), new_id()

    assert first.version == 7
    assert str(first)[:13] <= str(second)[:13]
