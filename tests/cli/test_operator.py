"""`regulars operator`: who may open the operator's admin."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import authenticate

from regulars.commands import app, database
from regulars.tenants.operators import operators

pytestmark = [pytest.mark.once, pytest.mark.django_db]

Say = Callable[..., list[dict[str, Any]]]
OLGA = "olga@harbour.example"


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs a command on the test's database; the objects that it prints, or its refusal."""
    monkeypatch.setattr(database, "check", lambda _: None)
    monkeypatch.setattr(database, "make_or_check", lambda _settings, **_: None)

    def run(*arguments: str, refused: int = 0) -> list[dict[str, Any]]:
        assert app.run(list(arguments)) == refused
        printed = capsys.readouterr()
        if refused:
            assert printed.out == ""
            return [{"refused": printed.err.removeprefix("regulars: ").strip()}]
        return [json.loads(line) for line in printed.out.splitlines()]

    return run


def test_operators_are_added_listed_and_removed(say: Say) -> None:
    (made,) = say("operator", "add", "Olga@Harbour.example", "--name", "Olga")
    assert (made["email"], made["name"]) == (OLGA, "Olga")
    user = authenticate(email=OLGA, password=made["password"])
    assert user is not None
    assert operators() == [user]
    say("operator", "add", "pete@harbour.example")
    assert say("operator", "list") == [
        {"email": OLGA, "name": "Olga", "last_sign_in": None},
        {"email": "pete@harbour.example", "name": "", "last_sign_in": None},
    ]
    assert say("operator", "remove", OLGA) == [{"email": OLGA, "name": "Olga"}]
    assert [row["email"] for row in say("operator", "list")] == ["pete@harbour.example"]


def test_the_password_of_an_operator_opens_the_business_that_was_made_for_them(say: Say) -> None:
    (business,) = say("createbusiness", "Harbour Coffee", "--owner-email", OLGA)
    (made,) = say("operator", "add", OLGA)
    assert made["opens_too"] == ["Harbour Coffee"]
    assert authenticate(email=OLGA, password=business["temp_password"]) is None
    assert authenticate(email=OLGA, password=made["password"]) is not None


def test_what_cannot_be_is_said_in_a_line(say: Say) -> None:
    assert say("operator", "add", "nobody", refused=2)[0]["refused"].startswith(
        "EMAIL is not an e-mail address"
    )
    say("operator", "add", OLGA)
    assert say("operator", "add", OLGA, refused=2) == [{"refused": "EMAIL is an operator already"}]
    assert say("operator", "remove", OLGA, refused=1) == [
        {"refused": "The last operator stays. Add another one first."}
    ]
    assert say("operator", "remove", "x@y.example", refused=2) == [{"refused": "EMAIL is no operator"}]
