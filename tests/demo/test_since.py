"""The demo shop is older than what happened in it."""

import datetime as dt

import pytest
from django_scopes import scope

from regulars.tenants.actions import create_branch
from tests.factories import make_shop

pytestmark = pytest.mark.django_db

LAST_YEAR = dt.datetime(2025, 3, 1, 9, tzinfo=dt.UTC)


def test_a_business_and_a_branch_may_be_older_than_their_rows() -> None:
    shop = make_shop(opened_at=LAST_YEAR)
    branch = create_branch(business=shop.business, name="Old Market", opened_at=LAST_YEAR)
    shop.business.refresh_from_db()
    with scope(business=shop.business):
        branch.refresh_from_db()
    assert shop.business.created_at == branch.created_at == LAST_YEAR


def test_without_a_date_they_are_new() -> None:
    shop = make_shop()
    shop.business.refresh_from_db()
    assert dt.datetime.now(tz=dt.UTC) - shop.business.created_at < dt.timedelta(minutes=5)
