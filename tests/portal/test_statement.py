"""A statement is of one moment, and secrets are counted one after the other."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from regulars.ledger import adjustments
from regulars.portal import sso_secrets, statement
from regulars.portal.history import history
from regulars.rules.errors import Conflict
from tests.factories import make_shop
from tests.races.crowd import Elsewhere, split, together

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_happens_while_a_statement_is_made_is_wholly_in_it_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = make_shop()
    card = shop.enrol()
    ids: dict[str, Any] = {"business_id": shop.id, "member_id": card.pk}
    adjustments.add_adjustment(**ids, points=1)
    with Elsewhere() as other:
        real = history

        def read_and_pause(**given: Any) -> Any:
            rows = real(**given)
            other(adjustments.add_adjustment, **ids, points=2)
            return rows

        monkeypatch.setattr(statement, "history", read_and_pause)
        found = statement.statement(**ids, month=dt.datetime.now(dt.UTC).date())
    assert (found.opening.points, found.closing.points) == (0, 1)
    assert sum(line.row.points for line in found.lines) == 1


def test_no_more_secrets_are_made_at_once_than_may_be_in_use() -> None:
    shop = make_shop()
    for _ in range(sso_secrets.MOST - 1):
        sso_secrets.create_secret(business=shop.business)
    got, refused = split(together(6, lambda _: sso_secrets.create_secret(business=shop.business)))
    assert len(got) == 1
    assert {type(one) for one in refused} == {Conflict}
    assert len(sso_secrets.in_use(shop.id)) == sso_secrets.MOST
