"""Every alert asks for a metric that there is, and leads to a heading that says what to do."""

import re
from typing import Any

import pytest
import yaml
from prometheus_client import Counter, Gauge, Histogram

from chassis import metrics
from tests.house.tree import ROOT

RULES = yaml.safe_load((ROOT / "deploy" / "alerts" / "rules.yml").read_text())
ALERTS: list[dict[str, Any]] = [rule for group in RULES["groups"] for rule in group["rules"]]
RUNBOOK = (ROOT / "docs" / "operating.md").read_text()
FUNCTIONS = {"max", "sum", "by", "increase", "rate", "time", "and"}


def exposed() -> dict[str, set[str]]:
    """The names under which metrics are read, with their labels."""
    found: dict[str, set[str]] = {}
    for metric in vars(metrics).values():
        if isinstance(metric, Counter | Gauge | Histogram):
            (told,) = metric.describe()
            ends = {"counter": ["_total"], "histogram": ["_count", "_sum", "_bucket"]}
            for end in ends.get(told.type, [""]):
                found[told.name + end] = set(metric._labelnames)
    return found


def slug(heading: str) -> str:
    """The anchor that a heading has where the page is shown."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


HEADINGS = {slug(each): each for each in re.findall(r"^#+ (.+)$", RUNBOOK, re.M)}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_alert_asks_for_metrics_and_labels_that_there_are(alert: dict[str, Any]):
    bare = re.sub(r"\{[^}]*\}|\[\w+\]", "", alert["expr"])
    asked = set(re.findall(r"\b[a-z_]{3,}\b", re.sub(r"by \([^)]*\)", "", bare))) - FUNCTIONS
    labels = {
        name.strip() for each in re.findall(r"by \(([^)]*)\)", bare) for name in each.split(",")
    } | set(re.findall(r"(\w+)=~?\"", alert["expr"]))
    shown = set(re.findall(r"\$labels\.(\w+)", alert["annotations"]["summary"]))

    assert asked, alert["expr"]
    assert asked <= set(exposed())
    assert all(labels <= exposed()[name] for name in asked), labels
    assert shown <= labels


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_alert_leads_to_a_heading_that_names_it(alert: dict[str, Any]):
    page, _, anchor = alert["annotations"]["runbook"].partition("#")

    assert (page, anchor in HEADINGS) == ("docs/operating.md", True), anchor
    section = RUNBOOK.split(f" {HEADINGS[anchor]}\n", 1)[1].split("\n### ", 1)[0]
    assert f"`{alert['alert']}`" in section
    assert alert["labels"]["severity"] in ("page", "ticket")


def test_alerts_have_names_of_their_own():
    names = [alert["alert"] for alert in ALERTS]

    assert len(names) == len(set(names))
