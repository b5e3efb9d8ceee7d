"""Every id of another business through every call of the counter: nothing is found, nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from regulars.ledger.models import Card
from regulars.members import aliases, blank_cards
from regulars.tenants import ratelimit
from tests.api.support import dump
from tests.counter.given import rules
from tests.factories import Shop, make_shop
from tests.scratchcards import given as scratched
from tests.vouchers.given import codes, issue, voucher
from tests.web.counter_json import Counter, new_id

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.REGULARS_DATA_DIR = tmp_path
    ratelimit._store.cache_clear()
    yield
    ratelimit._store.cache_clear()


@pytest.fixture
def shop() -> Shop:
    return make_shop(owner_email="alice@shop.example")


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol("Priya Sharma", phone="+919876500001")


def foreign_calls(mine: Card, theirs: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every way to name another business's record."""
    me = {"member_id": mine.pk, "client_id": new_id()}
    for body in (
        {"text": theirs["qr_code"]},
        {"text": theirs["code"]},
        {"text": theirs["token"]},
        {"text": theirs["blank"]},
        {"member_id": theirs["member"]},
    ):
        yield "scan", body | {"client_id": new_id()}
    yield "confirm", {"qr_code": theirs["alias"], "client_id": new_id()}
    yield "branch", {"branch_id": theirs["branch"]}
    yield "preview", {"member_id": theirs["member"], "amount": "10"}
    yield "undo", {"action_id": theirs["action"]}
    yield "undo", {"client_id": theirs["action_client"]}
    yield "enrol", {"client_id": new_id(), "name": "N", "phone": "9876500009", "blank_code": theirs["blank"]}
    for kind, fields in (
        ("stamps", {}),
        ("points", {"points": 5, "promotion_id": None}),
        ("sale", {"amount": "50"}),
        ("reward", {}),
        ("card_code", {}),
        ("voucher_issue", {"voucher_id": theirs["voucher"]}),
        ("scratch_issue", {"campaign_id": theirs["campaign"]}),
        ("voucher_redeem", {"voucher_code": theirs["code"]}),
        ("scratch_redeem", {"token": theirs["token"]}),
    ):
        yield "act", {"kind": kind, "client_id": new_id(), "member_id": theirs["member"]} | fields
    waited = {"offline": True, "occurred_at": timezone.now().isoformat()}
    yield "act", me | {"kind": "stamps", "branch_id": theirs["branch"]} | waited
    for who in ({"code": theirs["qr_code"]}, {"enrol_id": theirs["enrolled"]}):
        yield "act", {"kind": "stamps", "client_id": new_id()} | who
    for kind, fields in (
        ("voucher_issue", {"voucher_id": theirs["voucher"]}),
        ("scratch_issue", {"campaign_id": theirs["campaign"]}),
        ("voucher_redeem", {"voucher_code": theirs["code"]}),
        ("scratch_redeem", {"token": theirs["token"]}),
        ("card_code", {"qr_code": theirs["blank"]}),
    ):
        yield "act", me | {"kind": kind, "client_id": new_id()} | fields


def test_no_id_of_another_business_finds_or_changes_anything(shop: Shop, card: Card) -> None:
    other = make_shop("Charlie's Tea House", owner_email="charlie@shop.example")
    strangers, campaign = other.enrol("Fremd"), scratched.campaign(other)
    of = voucher(other, available_for_self_selection=True)
    at_theirs, enrolled = Counter(other), new_id()
    rules(other, quickscan_function="free")
    rules(shop, quickscan_function="free")
    theirs = {
        "qr_code": strangers.qr_code,
        "member": strangers.pk,
        "code": codes(issue(other, of, strangers))[0],
        "voucher": of.pk,
        "campaign": campaign.pk,
        "token": scratched.revealed(other, campaign, strangers).token,
        "blank": blank_cards.make_blanks(business_id=other.id, count=1)[0].qr_code,
        "alias": aliases.create_alias(business_id=other.id, member_id=strangers.pk, name="F").qr_code,
        "branch": other.branch().pk,
        "enrolled": enrolled,
        "action": at_theirs.act("stamps", strangers)["action"]["id"],
        "action_client": at_theirs.act("stamps", strangers)["action"]["client_id"],
    }
    at_theirs.ok("enrol", client_id=enrolled, name="Neu", phone="9876500008")
    counter = Counter(shop)
    before = dump()
    tried = 0
    for path, body in foreign_calls(card, theirs):
        response = counter.send(path, body)
        assert response.status_code in {404, 403}, (path, body, counter.answer(response))
        assert b"Fremd" not in response.content  # type: ignore[attr-defined]
        assert dump() == before, (path, body)
        tried += 1
    assert tried == 28
    # What is refused to a stranger is refused for being a stranger.
    assert at_theirs.ok("scan", text=theirs["code"], client_id=new_id())["member"]["name"] == "Fremd"
    assert at_theirs.act("voucher_redeem", strangers, voucher_code=theirs["code"])["result"]["name"]
