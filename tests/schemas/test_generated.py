"""What follows from the event classes is committed, and is what they say."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas import generate
from schemas.envelope import Service


def test_what_is_committed_is_what_the_classes_say():
    assert list(generate.differences(generate.generated())) == []


def test_difference_is_told_by_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(generate, "HERE", tmp_path)
    files = generate.generated()
    generate.write(files)
    (tmp_path / "README.md").write_text("edited")
    (tmp_path / "json" / "old.json").write_text("{}")
    (tmp_path / "examples/expenses/ClaimApproved.v1.json").unlink()

    assert [told.split(":")[0] for told in generate.differences(files)] == [
        "schemas/README.md is not what the event classes say",
        "schemas/examples/expenses/ClaimApproved.v1.json is missing",
        "schemas/json/old.json belongs to no event",
    ]
    generate.write(files)
    assert list(generate.differences(files)) == []


@pytest.mark.parametrize("service", ["proposals", "applications", "notifications", "expenses"])
def test_asyncapi_names_every_event_and_resolves_within_itself(service: Service):
    document = yaml.safe_load((generate.HERE / f"asyncapi/{service}.yaml").read_text())

    names = {message["name"] for message in document["components"]["messages"].values()}
    assert names == {event.type_name() for event in generate.events_of(service)}
    for reference in _references(document):
        assert _resolved(document, reference) is not None


def test_contacts_are_told_to_be_restricted():
    document = yaml.safe_load((generate.HERE / "asyncapi/proposals.yaml").read_text())

    assert document["channels"]["contacts"]["x-restricted-to"] == ["notifications"]
    assert "bindings" in document["channels"]["vacancies"]


def _references(tree: Any) -> list[str]:
    if isinstance(tree, dict):
        own = [tree["$ref"]] if isinstance(tree.get("$ref"), str) else []
        return own + [found for inner in tree.values() for found in _references(inner)]
    if isinstance(tree, list):
        return [found for inner in tree for found in _references(inner)]
    return []


def _resolved(document: Any, reference: str) -> Any:
    at = document
    for step in reference.removeprefix("#/").split("/"):
        at = at[step]
    return at
