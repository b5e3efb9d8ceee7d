"""`regulars webhook`: what it prints and refuses. (The races run it in a process of its own.)"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from regulars.commands import app, database
from tests.factories import Shop, make_shop

pytestmark = [pytest.mark.once, pytest.mark.django_db]

Say = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def shop() -> Shop:
    return make_shop("Bean")


@pytest.fixture
def webhook(shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs a subcommand for the shop on the test's database; the objects that it prints."""
    monkeypatch.setattr(database, "check", lambda _: None)

    def say(name: str, *arguments: str, refused: int = 0) -> list[dict[str, Any]]:
        assert app.run(["webhook", name, shop.business.slug, *arguments]) == refused
        printed = capsys.readouterr()
        if refused:
            assert printed.out == ""
            return [{"refused": printed.err.removeprefix("regulars: ").strip()}]
        assert printed.err == ""
        return [json.loads(line) for line in printed.out.splitlines()]

    return say


def test_endpoints_are_added_listed_rotated_and_removed(webhook: Say) -> None:
    (made,) = webhook("add", "https://till.example/hooks", "--type", "stamp.*", "--type", "reward.earned")
    assert made["event_types"] == ["stamp.*", "reward.earned"]
    number, secret = str(made["id"]), made.pop("secret")
    assert secret.startswith("whsec_")
    assert webhook("list") == [made | {"pending": 0}]
    (rotated,) = webhook("rotate", number, "--overlap-hours", "2")
    assert rotated["secret"] != secret
    assert rotated["previous_secret_until"] is not None
    assert webhook("disable", number)[0]["is_active"] is False
    (listed,) = webhook("list")
    assert listed["disabled_at"] is not None
    assert (listed["disabled_reason"], listed["closed_until"]) == ("Switched off.", None)
    assert webhook("enable", number)[0]["is_active"] is True
    assert webhook("remove", number) == [{"deleted": True, "id": made["id"]}]
    assert webhook("list") == []


def test_events_are_tested_listed_and_sent_again(webhook: Say, shop: Shop) -> None:
    from regulars.outbox import fanout  # noqa: PLC0415 - models need Django

    (made,) = webhook("add", "https://till.example/hooks")
    number = str(made["id"])
    (sent,) = webhook("test", number)
    shop.stamp(shop.enrol())
    fanout.pass_on_all()
    rows = webhook("deliveries", number, "--status", "pending")
    assert [row["event_type"] for row in rows] == ["stamp.added", "member.enrolled", "webhook.test"]
    assert rows[-1]["event_id"] == sent["event_id"]
    assert webhook("deliveries", number, "--status", "failed") == []
    assert webhook("resend", number, "--delivery", str(rows[0]["id"])) == [{"resent": 1}]
    assert webhook("resend", number, "--since", "2026-01-01T00:00") == [{"resent": 2}]


@pytest.mark.parametrize(
    ("arguments", "status", "line"),
    [
        (("add", "http://till.example/"), 2, "URL must begin with https://"),
        (("add", "https://t.example/", "--type", "sand"), 2, '--type has "sand", which is no type of event'),
        (("test", "77"), 1, "There is no webhook endpoint 77."),
        (("resend", "77"), 2, "Give either --delivery or --since."),
        (("resend", "77", "--since", "soon"), 2, "--since must be a time such as 2026-06-01T15:44"),
        (("resend", "77", "--delivery", "5"), 1, "There is no webhook endpoint 77."),
        (("rotate", "77", "--overlap-hours", "200"), 2, "--overlap-hours must be between 0 and 168"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    webhook: Say, arguments: tuple[str, ...], status: int, line: str
) -> None:
    assert webhook(*arguments, refused=status) == [{"refused": line}]
