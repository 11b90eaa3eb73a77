"""The development provider runs a real exchange and asserts what `people.toml` says."""

import base64
import json
import os
import subprocess
import sys
import time
import urllib.parse

import httpx2
import pytest

from deploy.local import identity
from deploy.local.ports import free_port, is_open
from deploy.local.settings import ROOT

BACK = "http://localhost:8080/sign-in/back"


@pytest.fixture(scope="module")
def provider():
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "deploy.local.identity", str(port)],
        cwd=ROOT,
        env=dict(os.environ),
    )
    while not is_open(port):
        assert process.poll() is None
        time.sleep(0.05)
    yield identity.issuer(port)
    process.terminate()
    process.wait(10)


def sign_in(issuer, sub):
    """Go through the authorisation form as a browser does, and fetch the person's claims."""
    asked = {
        "client_id": "micro-internships",
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "openid profile email",
        "state": "s",
        "nonce": "n",
    }
    with httpx2.Client(base_url=issuer) as client:
        answer = client.post("/oauth2/authorize", params=asked, data={"sub": sub})
        back = urllib.parse.urlsplit(answer.headers["location"])
        code = dict(urllib.parse.parse_qsl(back.query))["code"]
        token = client.post(
            "/oauth2/token",
            data={"grant_type": "authorization_code", "code": code, "redirect_uri": BACK},
            auth=("micro-internships", "secret"),
        ).json()
        claims = token["id_token"].split(".")[1]
        return json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))


def test_student_signs_in_with_the_facts_eligibility_asks_for(provider):
    claims = sign_in(provider, "amara.okafor")

    assert {name: claims[name] for name in ("iss", "aud", "nonce")} == {
        "iss": provider,
        "aud": ["micro-internships"],
        "nonce": "n",
    }
    assert claims["name"] == "Amara Okafor"
    assert claims["email"] == "amara.okafor@students.university.example"
    assert claims["eduperson_affiliation"] == ["student", "member"]
    assert (claims["level"], claims["matriculated"]) == ("undergraduate", True)
    assert "eduperson_entitlement" not in claims


def test_officer_signs_in_with_an_entitlement(provider):
    claims = sign_in(provider, "helen.marsh")

    assert claims["eduperson_entitlement"] == ["urn:mace:university.example:internships:officer"]


def test_provider_lists_its_people_to_choose_from(provider):
    asked = {"client_id": "x", "redirect_uri": BACK, "response_type": "code", "scope": "openid"}

    form = httpx2.get(f"{provider}/oauth2/authorize", params=asked).text

    assert [person["sub"] for person in identity.people() if person["sub"] not in form] == []


def test_roster_has_enough_people_of_each_kind():
    people = identity.people()
    by_name = {person["sub"]: person for person in people}
    students = [person for person in people if "student" in person["eduperson_affiliation"]]
    office = [person for person in people if person.get("eduperson_entitlement")]
    excluded = [person for person in students if person["course"] == "MBA"]

    assert len(by_name) == len(people)
    assert (len(students) - len(excluded), len(excluded), len(office)) == (60, 1, 3)
    assert {person["level"] for person in students} == {
        "undergraduate",
        "postgraduate-taught",
        "postgraduate-research",
    }
