"""A member who presses twice, on two phones, or just as somebody confirms an alias."""

import pytest
from django_scopes import scope

from regulars.members import aliases
from regulars.portal import choices
from regulars.vouchers.models import VoucherIssue
from tests.factories import make_shop
from tests.races.crowd import split, together
from tests.vouchers.given import balance, earn, voucher

pytestmark = pytest.mark.django_db(transaction=True)

CALLERS = 12


def test_one_form_pressed_by_many_gives_one_voucher_to_all() -> None:
    shop = make_shop()
    card = shop.enrol()
    earn(shop, card, 100)
    cake = voucher(shop, points_required=40, available_for_self_selection=True)

    def choose(token: str) -> choices.Chosen:
        return choices.choose(business_id=shop.id, member_id=card.pk, voucher_id=cake.pk, token=token)

    got, refused = split(together(CALLERS, lambda _: choose("oneform")))
    assert refused == []
    assert len({chosen.code for chosen in got}) == 1
    assert balance(card) == 60
    # Forms of their own: as many as the points pay for.
    got, refused = split(together(CALLERS, lambda number: choose(f"form{number}")))
    assert (len(got), {type(one).__name__ for one in refused}) == (1, {"NotEnoughPoints"})
    assert balance(card) == 20
    with scope(business=shop.id):
        assert VoucherIssue.objects.count() == 2


def test_an_alias_is_confirmed_once() -> None:
    shop = make_shop()
    alias = aliases.create_alias(business_id=shop.id, member_id=shop.enrol().pk, name="Pri")
    got, refused = split(
        together(CALLERS, lambda _: aliases.confirm_alias(business_id=shop.id, qr_code=alias.qr_code))
    )
    assert refused == []
    assert len({one.confirmed_at for one in got}) == 1
