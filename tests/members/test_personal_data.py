"""One registry of personal data: what is erased is given out before, and all of it but secrets."""

from __future__ import annotations

import datetime as dt
import io
import json
import tracemalloc
from typing import Any

import pytest
import time_machine
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from regulars.analytics.rollup import roll_up
from regulars.ledger.models import Card
from regulars.members import own_data, personal_data
from regulars.members.actions import delete_member
from regulars.members.models import Consent, Member
from regulars.members.personal_data import Part
from regulars.messages.actions import queue_message
from regulars.messages.models import Suppression
from regulars.outbox.models import DeliveryAttempt
from regulars.portal.models import Account, OneTimeLink, Session
from regulars.rules.errors import NotFound
from regulars.scratchcards.cards import issue_card
from regulars.scratchcards.models import ScratchCard
from regulars.scratchcards.queries import campaigns
from tests.factories import Shop, make_shop
from tests.members.test_erasure import busy_shop, full_life, paths

pytestmark = pytest.mark.django_db

PARTS = personal_data.parts()
# Tables that foreign keys lead to and nothing gives out. The reason of each stands in the registry.
APART = {DeliveryAttempt}


def exported(shop: Shop, member_id: int) -> dict[str, Any]:
    return dict(json.loads(text_of(shop, member_id)))


def text_of(shop: Shop, member_id: int) -> str:
    file = io.BytesIO()
    own_data.write_data(business_id=shop.id, member_id=member_id, file=file)
    return file.getvalue().decode()


def head(path: str) -> str:
    return path.partition("__")[0]


def listed(found: dict[str, Any], part: Part) -> list[dict[str, Any]]:
    rows = found[part.key]
    return ([] if rows is None else [rows]) if part.one else rows


def kept(part: Part, card: Card) -> int:
    """How many rows there are, found without the registry."""
    if part.model is Suppression:
        return Suppression.objects.count()
    return part.model._default_manager.filter(
        models.Q(*((path, card.pk) for path in paths()[part.model]), _connector=models.Q.OR)
    ).count()


def test_every_table_with_something_about_a_member_is_given_out_or_named_as_an_exception() -> None:
    given = {part.model for part in PARTS}
    apart = {model: why for holding in personal_data.holdings() for model, why in holding.apart.items()}
    assert set(paths()) - given - apart.keys() == set()
    assert apart.keys() == APART
    assert all(len(why) > 20 for why in apart.values())
    assert not given & apart.keys()


def test_each_part_is_entered_by_the_room_that_erases_its_table() -> None:
    rooms = {part.key: holding.room for holding in personal_data.holdings() for part in holding.parts}
    of_others = {part.key for part in PARTS if part.model._meta.app_label != rooms[part.key]}
    assert of_others == {"messages_to_other_addresses"}  # whom they are about, only the portal knows


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.key)
def test_every_column_is_given_out_or_withheld_for_a_reason(part: Part) -> None:
    meta = part.model._meta
    columns = {field.name for field in meta.concrete_fields}
    given = {meta.get_field(head(path)).name for path in part.fields.values() if path != "pk"}
    whose = set() if callable(part.of) or part.of == "pk" else {meta.get_field(head(part.of)).name}
    usual = {"business", meta.pk.name, *whose}  # whose it is; a row's number says nothing
    if part.model.__name__ == "Message":
        usual.add("member")
    assert columns - given - usual == part.withheld.keys()
    assert all(part.withheld.values())
    assert part.shown.keys() <= part.fields.keys()


def test_keys_are_given_once_and_described() -> None:
    keys = [part.key for part in PARTS]
    assert len(set(keys)) == len(keys)
    assert not {"business", "customer_id", "made_at", "about"} & set(keys)
    assert all(part.about.endswith(".") for part in PARTS)


def test_everything_that_is_erased_was_given_out_before() -> None:
    shop = busy_shop()
    gone, stays = full_life(shop, "Gone"), full_life(shop, "Stays")
    for card in (gone, stays):
        queue_message(
            business_id=shop.id,
            kind="confirm_email",
            key=f"confirm_email:{card.pk}:x",
            to=f"new-{card.pk}@mail.example",
        )
    roll_up()
    given = {card.pk: exported(shop, card.pk) for card in (gone, stays)}
    with scope(business=shop.business):
        counts = {part.key: kept(part, gone) for part in PARTS}
    counts["suppressions"] -= 1  # that of the other
    counts["messages_to_other_addresses"] = 1
    assert {part.key: len(listed(given[gone.pk], part)) for part in PARTS} == counts
    assert all(counts.values())
    assert given[gone.pk]["messages_to_other_addresses"][0]["to"] == f"new-{gone.pk}@mail.example"
    delete_member(business_id=shop.id, member_id=gone.pk)
    with pytest.raises(NotFound):
        text_of(shop, gone.pk)
    left = given[stays.pk] | {"made_at": ""}
    assert exported(shop, stays.pk) | {"made_at": ""} == left


def test_what_was_written_about_somebody_is_given_out() -> None:
    shop = busy_shop()
    card = full_life(shop, "Quetzal")
    found = exported(shop, card.pk)
    assert (found["business"], found["customer_id"]) == ("Alice's Café", card.pk)
    assert found["about"].keys() == {part.key for part in PARTS}
    assert found["profile"]["group"] == "Gold"
    assert "Quetzal complained" in [one["notes"] for one in found["points_adjustments"]]
    assert [one["notes"] for one in found["purchases"]] == ["for Quetzal", "Quetzal brought it back"]
    assert "Quetzal paid in cash" in [one["text"] for one in found["voucher_history"]]
    assert [(one["code"], one["points_used"]) for one in found["voucher_issues"]] == [("Quetzal", 6)]
    assert found["suppressions"][0]["address"] == "quetzal@mail.example"
    assert {"reward": "Free coffee", "rewards_earned": "1"} in [one["told"] for one in found["messages"]]
    assert [one["kind"] for one in found["counter_actions"]] == ["stamps"]
    assert {one["receiver"] for one in found["passed_on"]} == {"hooks.example"}
    assert [one["id"] for one in found["history"]] == sorted(one["id"] for one in found["history"])


def test_secrets_and_the_team_are_not_given_out() -> None:
    shop = busy_shop()
    card = full_life(shop, "Gone")
    (campaign,) = campaigns(shop.id)
    covered = issue_card(business_id=shop.id, campaign_id=campaign.pk, member_id=card.pk)
    with scope(business=shop.business):
        Account.objects.update(password="argon2$secret-of-gone")
        secrets = {
            *Session.objects.values_list("token_hash", flat=True),
            *OneTimeLink.objects.values_list("token_hash", flat=True),
            *ScratchCard.objects.values_list("token", flat=True),
            "argon2$secret-of-gone",
        }
    text = text_of(shop, card.pk)
    assert [secret for secret in secrets if secret in text] == []
    assert "staff" not in text
    assert covered.token in secrets
    assert [one["prize"] for one in json.loads(text)["scratch_cards"]] == ["Free Coffee", "(covered)"]


def test_nobody_elses_data_is_in_it() -> None:
    shop = busy_shop()
    for at, name in ((shop, "Zebulon"), (busy_shop("Charlie's"), "Stranger")):
        full_life(at, name)
    text = text_of(shop, full_life(shop, "Mine").pk)
    assert "zebulon" not in text.lower()
    assert "stranger" not in text.lower()


def test_a_member_of_another_business_is_not_found() -> None:
    theirs = make_shop("Charlie's").enrol()
    file = io.BytesIO()
    with pytest.raises(NotFound, match="no customer"):
        own_data.write_data(business_id=make_shop().id, member_id=theirs.pk, file=file)
    assert file.getvalue() == b""


def test_it_is_the_same_text_at_the_same_moment_with_times_in_utc() -> None:
    shop = busy_shop()
    with time_machine.travel(dt.datetime(2026, 6, 10, 6, 30, 5, 7, tzinfo=dt.UTC), tick=False):
        card = full_life(shop, "Gone")
        first = text_of(shop, card.pk)
        with timezone.override(dt.timezone(dt.timedelta(hours=5))):
            assert text_of(shop, card.pk) == first
    found = json.loads(first)
    assert found["made_at"] == found["history"][-1]["occurred_at"] == "2026-06-10T06:30:05Z"
    assert (found["profile"]["date_of_birth"], found["purchases"][0]["total_value"]) == (
        "2000-01-01",
        "100.00",
    )


class Nowhere(io.BytesIO):
    """Counts what is written and keeps nothing."""

    length = 0

    def write(self, text: Any, /) -> int:
        self.length += len(text)
        return len(text)


def test_a_long_history_takes_as_many_statements_and_little_memory() -> None:
    shop, words = make_shop(), "Dear customer, " * 200
    short, long = shop.enrol("Short"), shop.enrol("Long")
    at = timezone.now()
    with scopes_disabled():
        Consent.objects.bulk_create(
            Consent(business=shop.business, member_id=long.pk, purpose="email", given=True, text=words, at=at)
            for _ in range(6000)
        )
    asked = []
    for card in (short, long):
        with CaptureQueriesContext(connection) as captured:
            own_data.write_data(business_id=shop.id, member_id=card.pk, file=Nowhere())
        asked.append(len(captured))
    assert asked[0] == asked[1] <= len(PARTS) + 2
    file = Nowhere()
    tracemalloc.start()
    own_data.write_data(business_id=shop.id, member_id=long.pk, file=file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert file.length > 18_000_000
    assert peak < file.length / 2, f"{peak:,} of {file.length:,} bytes"


def test_of_whom_nothing_is_known_but_a_name_has_every_part() -> None:
    shop = make_shop()
    found = exported(shop, shop.enrol("Priya").pk)
    assert [part.key for part in PARTS if part.key not in found] == []
    assert found["account"] is None
    assert found["purchases"] == []
    with scopes_disabled():
        assert Member.objects.get().name == found["profile"]["name"]
