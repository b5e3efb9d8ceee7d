"""What members agreed to: only added to, in the words that they saw."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from regulars.members import consents
from regulars.rules.errors import InvalidInput, NotFound
from tests.factories import make_shop

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)


def test_the_last_word_counts_and_all_are_kept() -> None:
    shop = make_shop()
    ids: dict[str, Any] = {"business_id": shop.id, "member_id": shop.enrol().pk}
    consents.record(**ids, purpose="email", given=True, text=" Offers, please. ", source="join", at=NOON)
    consents.record(**ids, purpose="email", given=False, text="", source="card")
    consents.record(**ids, purpose="text", given=True, text="Offers.", source="counter")
    last = consents.latest(**ids)
    assert {purpose: row.given for purpose, row in last.items()} == {"email": False, "text": True}
    first, *others = consents.history(**ids)
    assert (first.text, first.at, first.source) == ("Offers, please.", NOON, "join")
    assert len(others) == 2


@pytest.mark.parametrize(
    ("field", "value"), [("purpose", "fax"), ("source", "hearsay"), ("text", "x" * 20_001), ("text", "a\0b")]
)
def test_what_cannot_be_said_is_refused(field: str, value: str) -> None:
    shop = make_shop()
    said = {"purpose": "email", "given": True, "text": "Yes.", "source": "join"} | {field: value}
    with pytest.raises(InvalidInput) as refusal:
        consents.record(business_id=shop.id, member_id=shop.enrol().pk, **said)  # type: ignore[arg-type]
    assert refusal.value.fields.keys() == {field}


def test_nobody_speaks_for_the_member_of_another_shop() -> None:
    shop, other = make_shop(), make_shop("Charlie's")
    card = other.enrol()
    with pytest.raises(NotFound):
        consents.record(
            business_id=shop.id, member_id=card.pk, purpose="email", given=True, text="", source="join"
        )
    assert consents.history(business_id=other.id, member_id=card.pk) == []
