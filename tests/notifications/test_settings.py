"""How mail leaves, judged before a port is open."""

import pytest
from pydantic import ValidationError

from services.notifications.commands.writing import addresses_of
from services.notifications.mailer.post import Tls
from services.notifications.settings import NotificationsSettings
from tests.doors import COOKIE_SECRET
from tests.notifications.post_office import PRIVATE_KEY

GIVEN = {
    "database_url": "postgres://notifications@127.0.0.1/internships",
    "cookie_secret": COOKIE_SECRET,
    "signing_public_key": "{}",
    "contacts_private_key": PRIVATE_KEY,
    "mail_from": "internships@university.example",
}


def test_production_hands_over_behind_tls_unless_told_how():
    assert NotificationsSettings(**GIVEN, environment="production").server.tls is Tls.STARTTLS
    assert NotificationsSettings(**GIVEN, environment="development").server.tls is Tls.NONE


@pytest.mark.parametrize("given", [{"smtp_tls": "none"}, {"mail_from": "x@localhost"}])
def test_production_refuses_mail_that_is_open_or_answers_nowhere(given):
    with pytest.raises(ValidationError):
        NotificationsSettings(**(GIVEN | given), environment="production")


def test_each_university_is_linked_at_its_own_host_name():
    universities = {"localhost": "oxford", "northfield.localhost": "northfield"}

    assert addresses_of("http://localhost:8080", universities) == {
        "oxford": "http://localhost:8080",
        "northfield": "http://northfield.localhost:8080",
    }
