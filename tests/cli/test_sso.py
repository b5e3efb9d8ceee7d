"""`regulars sso` and `regulars apikey create --sso`: what they print and refuse."""

import io
import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from regulars.commands import app, database
from regulars.portal import sso_secrets
from regulars.tenants import legacy_sso
from tests.factories import Shop, make_shop

pytestmark = [pytest.mark.once, pytest.mark.django_db]

Say = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def shop() -> Shop:
    return make_shop("Bean")


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs a command on the test's database; the objects that it prints, or its refusal."""
    monkeypatch.setattr(database, "check", lambda _: None)

    def run(*arguments: str, refused: int = 0) -> list[dict[str, Any]]:
        assert app.run(list(arguments)) == refused
        printed = capsys.readouterr()
        if refused:
            assert printed.out == ""
            return [{"refused": printed.err.removeprefix("regulars: ").strip()}]
        return [json.loads(line) for line in printed.out.splitlines()]

    return run


def test_secrets_are_made_listed_and_revoked(say: Say, shop: Shop) -> None:
    slug = shop.business.slug
    (made,) = say("sso", "create", slug)
    secret = made.pop("secret")
    assert sso_secrets.in_use(shop.id) == [(made["id"], secret)]
    assert say("sso", "list", slug) == [made]
    assert say("sso", "revoke", slug, str(made["id"]))[0]["revoked_at"] is not None
    assert sso_secrets.in_use(shop.id) == []
    assert say("sso", "revoke", slug, "999999", refused=1) == [{"refused": "There is no secret 999999."}]


def test_a_key_is_switched_on_by_whoever_has_it(
    say: Say, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    slug, prefix = shop.business.slug, shop.api_key[:11]
    monkeypatch.setattr(sys, "stdin", io.StringIO(f" {shop.api_key}\n"))
    assert say("sso", "legacy-on", slug) == [{"prefix": prefix, "sso": True}]
    assert [key for _, key in legacy_sso.keys(shop.id)] == [shop.api_key]
    assert say("apikey", "list", slug)[0]["sso"] is True
    assert say("sso", "legacy-off", slug, prefix) == [{"prefix": prefix, "sso": False}]
    assert legacy_sso.keys(shop.id) == []
    monkeypatch.setattr(sys, "stdin", io.StringIO("rk_wrong\n"))
    (told,) = say("sso", "legacy-on", slug, refused=2)
    assert told == {"refused": "The key is not a key in use of this business"}
    say("sso", "legacy-off", slug, "rk_wrong", refused=1)


def test_a_key_may_be_made_with_it(say: Say, shop: Shop) -> None:
    (made,) = say("apikey", "create", shop.business.slug, "--name", "Website", "--sso")
    assert made["sso"] is True
    assert [key for _, key in legacy_sso.keys(shop.id)] == [made["api_key"]]
