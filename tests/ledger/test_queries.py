"""Lists of cards and transactions: order, pages, filters, search; never anything of another shop."""

import datetime as dt

import pytest

from regulars.ledger import actions, points, queries
from regulars.rules.errors import NotFound
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def names(shop: Shop, q: str) -> list[str]:
    found = queries.customers(business_id=shop.id, page=1, per_page=100, q=q)
    return [card.member.name for card in found.rows]


def test_pages_are_newest_first_and_say_how_long_the_list_is(shop: Shop) -> None:
    cards = [shop.enrol(f"Customer {number}") for number in range(5)]
    make_shop("Charlie's").enrol()
    listed = []
    for page in (1, 2, 3, 4):
        found = queries.customers(business_id=shop.id, page=page, per_page=2)
        assert (found.total, found.pages, found.page, found.per_page) == (5, 3, page, 2)
        listed += [card.pk for card in found.rows]
    assert listed == [card.pk for card in reversed(cards)]
    assert queries.customers(business_id=make_shop("Empty").id, page=1, per_page=2).pages == 0


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("", {"Priya Sharma", "Élodie Dupont", "100% Rao"}),
        ("sharma", {"Priya Sharma"}),
        ("PRIYA  sh", {"Priya Sharma"}),
        ("élo", {"Élodie Dupont"}),
        ("ÉLO", {"Élodie Dupont"}),
        ("mail.example", {"Priya Sharma", "Élodie Dupont"}),
        ("98765 43210", {"Priya Sharma"}),
        ("098765-43", {"Priya Sharma"}),
        ("543", {"Priya Sharma"}),
        ("%", {"100% Rao"}),
        ("_", set()),
        ("a\nb", set()),
        ("nobody", set()),
    ],
)
def test_search_looks_into_name_email_and_phone(shop: Shop, q: str, found: set[str]) -> None:
    shop.enrol("Priya Sharma", phone="+919876543210", email="priya@mail.example")
    shop.enrol("Élodie Dupont", email="elodie@mail.example")
    shop.enrol("100% Rao", phone="+918888888888")
    make_shop("Charlie's").enrol("Priya Sharma", email="priya@mail.example")
    assert set(names(shop, q)) == found


def test_a_customer_of_another_shop_is_not_found(shop: Shop) -> None:
    theirs = make_shop("Charlie's").enrol()
    with pytest.raises(NotFound):
        queries.customer(business_id=shop.id, member_id=theirs.pk)
    assert queries.customer(business_id=theirs.business_id, member_id=theirs.pk).pk == theirs.pk


def test_pending_rewards_come_most_first(shop: Shop) -> None:
    few, many, none, few_too = (shop.enrol(name) for name in ("few", "many", "none", "few too"))
    for card, stamps in ((few, 8), (many, 24), (none, 7), (few_too, 8)):
        shop.stamp(card, stamps)
    found = queries.pending_rewards(business_id=shop.id, page=1, per_page=10)
    assert [(card.member.name, card.pending_rewards) for card in found.rows] == [
        ("many", 3),
        ("few", 1),
        ("few too", 1),
    ]
    assert found.total == 3


def test_transactions_are_stamps_gifts_and_redemptions(shop: Shop) -> None:
    branch = shop.branch()
    card = shop.enrol(birthday=dt.date(2000, 6, 1), occurred_at=NOON)
    other = shop.enrol("Bob", occurred_at=NOON)
    shop.stamp(card, 8, occurred_at=NOON, branch_id=branch.pk)
    shop.stamp(other, 1, occurred_at=NOON + dt.timedelta(days=1))
    actions.redeem_reward(
        business_id=shop.id,
        qr_code=card.qr_code,
        occurred_at=NOON + dt.timedelta(days=2),
        branch_id=branch.pk,
    )
    points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=5)
    make_shop("Charlie's").enrol()

    def kinds(**wanted: object) -> list[tuple[str, int]]:
        page = queries.transactions(business_id=shop.id, page=1, per_page=50, **wanted)  # type: ignore[arg-type]
        assert page.total == len(page.rows)
        return [(entry.kind, entry.card_id) for entry in page.rows]

    redeemed, second, first = (
        ("reward_redeem", card.pk),
        ("stamp_add", other.pk),
        ("stamp_add", card.pk),
    )
    assert kinds() == [redeemed, second, first]
    assert kinds(kind="stamp_add") == [second, first]
    assert kinds(kind="reward_redeem") == [redeemed]
    assert kinds(customer_id=card.pk) == [redeemed, first]
    assert kinds(branch_id=branch.pk) == [redeemed, first]
    assert kinds(date_from=dt.date(2026, 6, 2)) == [redeemed, second]
    assert kinds(date_to=dt.date(2026, 6, 2)) == [second, first]
    assert kinds(date_from=dt.date(2026, 6, 2), date_to=dt.date(2026, 6, 2)) == [second]
    assert kinds(date_from=dt.date(2026, 6, 3), date_to=dt.date(2026, 6, 2)) == []
    theirs = make_shop("Dora's")
    assert kinds(customer_id=theirs.enrol().pk) == []
    assert kinds(branch_id=theirs.branch().pk) == []
    recent = queries.recent_transactions(business_id=shop.id, member_id=card.pk, most=1)
    assert [entry.kind for entry in recent] == ["reward_redeem"]
