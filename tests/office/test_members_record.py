"""One member's page: what lies on the card, what happened, and what is given and taken there."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django_scopes import scope

from regulars.ledger import adjustments, points
from regulars.ledger.merging import merge_members
from regulars.ledger.models import Card, Entry, PointsAdjustment
from regulars.promotions.actions import add_promotion
from regulars.sales import actions as sales
from regulars.vouchers.actions import add_voucher
from regulars.vouchers.issuing import issue_voucher
from tests.factories import Shop
from tests.office.seat import Seat, records


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol("Asha Rao", email="asha@rao.example")


def now(card: Card) -> Card:
    with scope(business=card.business_id):
        return Card.objects.get(pk=card.pk)


def latest(card: Card, kind: str) -> int:
    with scope(business=card.business_id):
        return Entry.objects.filter(card=card, kind=kind).latest("pk").pk


def told(seat: Seat, card: Card, **query: str) -> str:
    """The page without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", seat.text("member", query, member_id=card.pk)).split())


def test_stamps_are_given_with_a_reason_and_taken_back(owner: Seat, shop: Shop, card: Card) -> None:
    branch = shop.branch("Harbour")
    given = {"way": "give", "count": "3", "branch_id": branch.pk, "reason": "The till was down"}
    assert owner.post("member-stamps", given, member_id=card.pk).status_code == 303
    assert now(card).stamps == 3
    page = told(owner, card)
    for text in ("+3 stamps", "The till was down", "Harbour", "Alice", "3 stamps on the card"):
        assert text in page
    entry = latest(card, "stamp_add")
    (record,) = records(shop)
    assert (record.action, record.reason, record.member_id) == (
        "member.stamps-given",
        "The till was down",
        card.pk,
    )
    assert (record.before["stamps"], record.after["stamps"], record.after["entry"]) == (0, 3, entry)
    assert owner.post("member-undo", {"reason": "A mistake"}, entry_id=entry).status_code == 303
    assert now(card).stamps == 0
    page = told(owner, card)
    assert "taken back" in page
    assert "A mistake" in page
    assert f"entries/{entry}/undo" not in owner.text("member", member_id=card.pk)
    again = owner.post("member-undo", {"reason": "A mistake"}, entry_id=entry)
    assert (again.status_code, "taken back already" in again.content.decode()) == (400, True)


def test_points_are_given_and_taken_with_a_reason_and_put_right(owner: Seat, shop: Shop, card: Card) -> None:
    for way, number, left in (("give", 50, 50), ("take", 20, 30)):
        said = {"way": way, "points": str(number), "branch_id": "", "reason": f"To {way}"}
        assert owner.post("member-points", said, member_id=card.pk).status_code == 303
        assert now(card).points == left
    page = told(owner, card)
    assert "+50 points" in page
    assert "\N{MINUS SIGN}20 points" in page
    assert "To take" in page
    spent = latest(card, "points_spend")
    assert owner.post("member-undo", {"reason": "A mistake"}, entry_id=spent).status_code == 303
    again = owner.post("member-undo", {"reason": "A mistake"}, entry_id=spent)
    assert (again.status_code, "taken back already" in again.content.decode()) == (400, True)
    assert now(card).points == 50
    assert [record.action for record in records(shop)] == [
        "member.taken-back",
        "member.points-changed",
        "member.points-changed",
    ]


def test_what_cannot_be_given_is_refused_where_it_was_typed(owner: Seat, shop: Shop, card: Card) -> None:
    refused = owner.post(
        "member-stamps", {"way": "give", "count": "11", "reason": "Because"}, member_id=card.pk
    )
    assert refused.status_code == 400
    assert 'value="Because"' in refused.content.decode()
    assert "At most 10 stamps can be given at once." in refused.content.decode()
    refused = owner.post("member-stamps", {"way": "give", "count": "1", "reason": ""}, member_id=card.pk)
    assert refused.status_code == 400
    assert "This is needed." in refused.content.decode()
    more = owner.post("member-points", {"way": "take", "points": "5", "reason": "Oops"}, member_id=card.pk)
    assert more.status_code == 400
    assert "The balance is 0, and 5 were asked for." in more.content.decode()
    assert records(shop) == []


def test_a_reward_is_handed_out_and_waits_again(owner: Seat, shop: Shop, card: Card) -> None:
    shop.stamp(card, 8)
    assert "Hand out: " in told(owner, card)
    assert owner.post("member-redeem", member_id=card.pk).status_code == 303
    assert now(card).pending_rewards == 0
    assert "Reward handed out: " in told(owner, card)
    assert owner.post("member-redeem", member_id=card.pk).headers["Location"] == owner.url(
        "member", member_id=card.pk
    )
    assert "No reward waits any more" in told(owner, card)
    assert len(records(shop)) == 1
    assert (
        owner.post("member-undo", {"reason": "A mistake"}, entry_id=latest(card, "reward_redeem")).status_code
        == 303
    )
    assert now(card).pending_rewards == 1


def test_what_a_suspended_card_does_not_allow_is_said_on_its_page(
    owner: Seat, shop: Shop, card: Card
) -> None:
    shop.stamp(card, 8)
    assert owner.post("member-suspend", member_id=card.pk).status_code == 303
    before = len(records(shop))
    for name, said in (
        ("member-stamps", {"way": "give", "count": "1", "reason": "Rain"}),
        ("member-stamps", {"way": "take", "count": "1", "reason": "Rain"}),
        ("member-points", {"way": "give", "points": "5", "reason": "Rain"}),
        ("member-redeem", {}),
    ):
        answer = owner.post(name, said, member_id=card.pk)
        assert answer.status_code == 303, name
        assert "This member is suspended: " in told(owner, card), name
    assert len(records(shop)) == before


def test_what_a_sale_gave_is_put_right_at_the_sale(owner: Seat, shop: Shop, card: Card) -> None:
    gift = adjustments.add_adjustment(
        business_id=shop.id, member_id=card.pk, points=5, origin=PointsAdjustment.Origin.PROMOTION
    )
    entry = latest(card, "points_earn")
    assert owner.post("member-undo", {"reason": "A mistake"}, entry_id=entry).status_code == 400
    assert now(card).points == gift.points
    sales.add_sale(business_id=shop.id, member_id=card.pk, total_value=Decimal(10))
    assert owner.get("member", member_id=card.pk).status_code == 200


def test_a_sale_that_was_deleted_is_told_to_be(owner: Seat, shop: Shop, card: Card) -> None:
    add_promotion(business_id=shop.id, name="All", percent_of_spend=Decimal(100))
    gone, stays = (
        sales.add_sale(business_id=shop.id, member_id=card.pk, total_value=Decimal(worth)).pk
        for worth in (10, 20)
    )
    sales.edit_sale(business_id=shop.id, pk=stays, total_value=Decimal(15))
    sales.delete_sale(business_id=shop.id, pk=gone)
    page = owner.text("member", member_id=card.pk)
    assert page.count("Sale deleted") == page.count("Sale corrected") == 1
    assert owner.url("sale", sale_id=stays) in page
    assert owner.url("sale", sale_id=gone) not in page
    assert page.count("Sale of ") == 1
    assert "Sale of ₹15" in page


def test_a_long_history_is_read_page_by_page(owner: Seat, shop: Shop, card: Card) -> None:
    for _ in range(26):
        shop.stamp(card)
    seen, address = 0, owner.url("member", member_id=card.pk)
    for _ in range(5):
        part = owner.client.get(address, headers={"HX-Request": "true"}, secure=True).content.decode()
        seen += part.count('class="when"')
        found = re.search(r'hx-get="([^"]+)"', part)
        if found is None:
            break
        address = found[1].replace("&amp;", "&")
    assert seen == 27


def test_whoever_is_limited_to_a_branch_sees_what_happened_there(shop: Shop, card: Card) -> None:
    here, there = shop.branch("Here"), shop.branch("There")
    seat = Seat.of(shop, "staff", branch_id=here.pk)
    shop.stamp(card, 2, branch_id=here.pk)
    other = shop.stamp(card, 3, branch_id=there.pk).entry_id
    page = told(seat, card)
    assert "Nothing at Here yet." in told(seat, shop.enrol("Dev"))
    assert "+2 stamps" in page
    assert "+3 stamps" not in page
    assert seat.post("member-undo", {"reason": "A mistake"}, entry_id=other).status_code == 404
    for way in ("give", "take"):
        said = {"way": way, "count": "1", "reason": "Rain", "branch_id": there.pk}
        assert seat.post("member-stamps", said, member_id=card.pk).status_code == 400
        assert seat.post("member-stamps", said | {"branch_id": here.pk}, member_id=card.pk).status_code == 303


def test_vouchers_and_consents_and_changes_have_their_place(owner: Seat, shop: Shop, card: Card) -> None:
    assert "no voucher yet" in told(owner, card, show="vouchers")
    voucher = add_voucher(business_id=shop.id, name="Free muffin", value=5)
    issue_voucher(business_id=shop.id, voucher_id=voucher.pk, member_id=card.pk)
    assert "Free muffin" in told(owner, card, show="vouchers")
    for show in ("scratch", "messages", "consents", "changes"):
        assert owner.get("member", {"show": show}, member_id=card.pk).status_code == 200
    staff = Seat.of(shop, "staff")
    assert "Changes" not in told(staff, card)


def test_a_record_that_was_merged_leads_to_who_has_it_now(owner: Seat, shop: Shop, card: Card) -> None:
    other = shop.enrol("Asha R")
    merge_members(business_id=shop.id, member_id=card.pk, other_id=other.pk)
    response = owner.get("member", member_id=other.pk)
    assert (response.status_code, response.headers["Location"]) == (
        303,
        owner.url("member", member_id=card.pk),
    )
    assert "Came from another record" in told(owner, card)


def test_what_a_merged_record_brought_stands_in_the_history(owner: Seat, shop: Shop, card: Card) -> None:
    shop.stamp(card, 3)
    other = shop.enrol("Asha R")
    shop.stamp(other, 2)
    points.add_points(business_id=shop.id, member_id=other.pk, points_to_add=30)
    merge_members(business_id=shop.id, member_id=card.pk, other_id=other.pk)
    page = told(owner, card)
    assert "Came from another record of theirs +2 stamps, +30 points" in page
    assert "5 stamps on the card, 30 points on the card" in page
    assert page.count("Joined as another record") == 1
