"""`bad_input[143]` to `[152]`, as far as settings alone can tell."""

import json

import pytest

from chassis import settings
from chassis.settings import Settings

GOOD = {
    "DATABASE_URL": "postgres://applications@localhost/x",
    "COOKIE_SECRET": "c" * 32,
    "SIGNING_PUBLIC_KEY": "{}",
}


def test_good_settings_are_read():
    read = settings.read(Settings, {**GOOD, "UNIVERSITIES": json.dumps({"a.example": "a"})})

    assert read.dsn == GOOD["DATABASE_URL"]
    assert read.universities == {"a.example": "a"}
    assert read.is_production


def test_a_known_setting_may_carry_our_prefix():
    read = settings.read(Settings, {**GOOD, "MICRO_INTERNSHIPS_TOPIC_PREFIX": "trial"})

    assert read.topic_prefix == "trial"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        pytest.param({"DATABASE_URL": None}, "DATABASE_URL: Field required", id="bad_input[143]"),
        pytest.param({"PORT": "99999"}, "PORT: Input should be less", id="bad_input[144]"),
        pytest.param(
            {"KAFKA_TLS_AUTHORITY": "/nowhere.pem"},
            "KAFKA_TLS_AUTHORITY names a file that is not there",
            id="bad_input[148]",
        ),
        pytest.param(
            {"MICRO_INTERNSHIPS_TOPIC_PREFX": "secret-value"},
            "MICRO_INTERNSHIPS_TOPIC_PREFX: no such setting; did you mean MICRO_INTERNSHIPS_TOPIC_PREFIX?",
            id="bad_input[149]",
        ),
        pytest.param(
            {"INBOX_RETENTION": "P30D"}, "INBOX_RETENTION must be longer than", id="bad_input[152]"
        ),
        pytest.param({"UNIVERSITIES": "no json"}, "UNIVERSITIES: not the JSON", id="not-json"),
        pytest.param({"COOKIE_SECRET": "short"}, "COOKIE_SECRET is shorter", id="short-secret"),
    ],
)
def test_a_fault_ends_the_process_naming_the_key_never_the_value(change, line, capsys):
    environ = {k: v for k, v in {**GOOD, **change}.items() if v is not None}

    with pytest.raises(SystemExit) as end:
        settings.read(Settings, environ)

    said = capsys.readouterr().err
    assert end.value.code == 78
    assert line in said
    assert "secret-value" not in said


def test_every_fault_is_told_at_once(capsys):
    with pytest.raises(SystemExit):
        settings.read(Settings, {"PORT": "0"})

    assert len(capsys.readouterr().err.splitlines()) == 4


@pytest.mark.parametrize(("mode", "is_read"), [(0o400, True), (0o644, False)])
def test_a_secret_file_must_not_be_readable_by_others(tmp_path, mode, is_read, capsys):
    """bad_input[147]"""
    file = tmp_path / "cookie"
    file.write_text("d" * 40 + "\n")
    file.chmod(mode)
    environ = {k: v for k, v in GOOD.items() if k != "COOKIE_SECRET"}
    environ["COOKIE_SECRET_FILE"] = str(file)

    if is_read:
        assert settings.read(Settings, environ).cookie_secret.get_secret_value() == "d" * 40
    else:
        with pytest.raises(SystemExit):
            settings.read(Settings, environ)
        assert "COOKIE_SECRET_FILE: readable by others" in capsys.readouterr().err
