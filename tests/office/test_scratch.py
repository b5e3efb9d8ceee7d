"""Scratch cards in the back office: prizes and chances, cards for one, for many, for bearers, handing in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django_scopes import scope

from regulars.jobs import running
from regulars.members.groups import add_group, set_group
from regulars.members.segments import add_segment
from regulars.scratchcards import actions, cards
from regulars.scratchcards.actions import NewPrize
from regulars.scratchcards.models import Prize, ScratchBatch, ScratchCampaign, ScratchCard
from regulars.tenants.models import Business
from tests.factories import Shop
from tests.office.seat import Seat, records

pytestmark = pytest.mark.django_db


def rows(*prizes: tuple[Any, ...], **more: Any) -> dict[str, Any]:
    """The form of a campaign: each prize is label, weight, wins, and what else there is."""
    found: dict[str, Any] = {
        "name": "Summer spin",
        "prizes-TOTAL_FORMS": str(len(prizes) + 1),
        "prizes-INITIAL_FORMS": "0",
        **more,
    }
    for number, (label, weight, wins, *rest) in enumerate(prizes):
        found |= {f"prizes-{number}-label": label, f"prizes-{number}-weight": weight}
        found |= {f"prizes-{number}-is_winner": "on"} if wins else {}
        found |= {f"prizes-{number}-{name}": value for name, value in dict(rest).items()}
    return found


def campaign(shop: Shop, **more: Any) -> ScratchCampaign:
    given = {"name": "Summer spin", "prizes": [NewPrize("Cake", Decimal(1))], **more}
    return actions.create_campaign(business_id=shop.id, **given)


def made(shop: Shop) -> list[ScratchCard]:
    with scope(business=shop.business):
        return list(ScratchCard.objects.select_related("prize").order_by("pk"))


def prizes(shop: Shop) -> list[tuple[str, Decimal, bool]]:
    with scope(business=shop.business):
        found = Prize.objects.order_by("position", "pk")
        return [(one.label, one.weight, one.is_winner) for one in found]


def test_a_campaign_is_started_changed_paused_and_deleted(shop: Shop, owner: Seat) -> None:
    assert "No scratch cards yet" in owner.text("scratch-cards")
    form = rows(("Cake", "5", True), ("A nut", "15", False), max_per_member="2")
    response = owner.post("scratch-card-new", form)
    assert response.status_code == 303
    assert prizes(shop) == [("Cake", Decimal(5), True), ("A nut", Decimal(15), False)]
    with scope(business=shop.business):
        of = ScratchCampaign.objects.get()
        first, second = Prize.objects.order_by("position")
    page = owner.text("scratch-card", scratch_id=of.pk)
    assert "25.0 % win" in page
    again = rows(("Cake", "1", True, ("pk", first.pk)), ("Tea", "1", True))
    assert owner.post("scratch-card-edit", again, scratch_id=of.pk).status_code == 303
    assert prizes(shop) == [("Cake", Decimal(1), True), ("Tea", Decimal(1), True)]
    assert second.label not in owner.text("scratch-card-edit", scratch_id=of.pk)
    for _tab in range(2):  # a page that is older than the first of them
        assert owner.post("scratch-card-toggle", {"active": "0"}, scratch_id=of.pk).status_code == 303
    assert owner.post("scratch-card-toggle", scratch_id=of.pk).status_code == 400
    assert "Summer spin" in owner.text("scratch-cards", {"state": "paused"})
    assert owner.post("scratch-card-delete", scratch_id=of.pk).status_code == 303
    assert [one.action for one in reversed(records(shop))] == [
        "scratch-campaign.add",
        "scratch-campaign.edit",
        "scratch-campaign.pause",
        "scratch-campaign.pause",
        "scratch-campaign.delete",
    ]
    assert records(shop)[-1].after["prizes"] == "Cake: 5, A nut: 15"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (rows(("Cake", "", True)), "required"),
        (rows(("Cake", "10", True), ("", "90", False)), "required"),
        (rows(("Cake", "10", True), ("", "", False, ("max_cards", "5"))), "required"),
        (rows(("Cake", "-1", True)), "must be at least 0"),
        (rows(("Cake", "0", True)), "a chance above 0"),
        (rows(), "1 to 50 prizes"),
        (rows(("Cake", "1", True), name=""), "required"),
        (rows(("Cake", "1", True), expires_at="2020-01-01"), "must not be in the past"),
    ],
)
def test_what_is_wrong_is_said_and_kept(form: dict[str, Any], said: str, shop: Shop, owner: Seat) -> None:
    response = owner.post("scratch-card-new", {**form, "description": "Sun and more"})
    page = response.content.decode()
    assert response.status_code == 400
    assert said.lower() in page.lower()
    assert "Sun and more" in page
    assert prizes(shop) == []


def test_a_prize_that_cards_hold_stays_what_it_is(shop: Shop, owner: Seat) -> None:
    of = campaign(shop)
    cards.issue_card(business_id=shop.id, campaign_id=of.pk)
    (held,) = of.prizes.all()
    form = rows(("Tea", "1", True), ("Bread", "1", True, ("pk", held.pk)))
    response = owner.post("scratch-card-edit", form, scratch_id=of.pk)
    assert response.status_code == 400
    assert "Is held by cards" in response.content.decode()
    assert prizes(shop) == [("Cake", Decimal(1), True)]


def test_more_rows_are_open_when_they_are_asked_for(owner: Seat, shop: Shop) -> None:
    form = rows(("Cake", "1", True), do="more")
    response = owner.post("scratch-card-new", form)
    assert response.status_code == 200
    page = response.content.decode()
    assert 'name="prizes-3-label"' in page
    assert page.index('value="save"') < page.index('value="more"')  # Enter presses the first one
    assert prizes(shop) == []


def test_chances_are_shown_of_what_is_typed_and_drawn(shop: Shop, owner: Seat) -> None:
    form = rows(("Cake", "1", True), ("Better luck", "3", False), ("", "", False))
    page = owner.post("scratch-card-preview", form).content.decode()
    assert "25.0 % of the cards win" in page
    assert "75.0 %" in page
    of = campaign(shop, prizes=[NewPrize("Cake", Decimal(1), max_cards=10)])
    drawn = owner.text("scratch-card-simulation", scratch_id=of.pk)
    assert "Of 1,000 cards 10 would win." in drawn
    assert made(shop) == []


def test_a_card_for_one_member_and_cards_for_bearers(shop: Shop, owner: Seat) -> None:
    of, card = campaign(shop), shop.enrol("Asha Rao", email="asha@example.com")
    ids: dict[str, Any] = {"scratch_id": of.pk}
    form = {"whom": "one", "member": "", "expires_days": "10"}
    assert owner.post("scratch-card-issue", form, **ids).status_code == 400
    assert owner.post("scratch-card-issue", {**form, "member": card.member.code}, **ids).status_code == 303
    assert [one.member_id for one in made(shop)] == [card.pk]
    assert "Cake" not in owner.text("scratch-card-cards", **ids)  # nobody has scratched it
    cards.reveal(token=made(shop)[0].token)
    assert "Cake" in owner.text("scratch-card-cards", {"state": "revealed"}, **ids)
    bearers = {"whom": "anybody", "qty": "3", "expires_days": "10"}
    assert owner.post("scratch-card-issue", bearers, **ids).status_code == 303
    assert len(made(shop)) == 4
    assert owner.text("scratch-card-print", **ids).count('class="slip"') == 3


def test_a_card_for_each_of_a_group_a_segment_or_all(shop: Shop, owner: Seat) -> None:
    of = campaign(shop)
    asha, rahul, tara = (shop.enrol(name) for name in ("Asha", "Rahul", "Tara"))
    group = add_group(business=shop.business, code="gold")
    set_group(business_id=shop.id, member_ids=[rahul.pk], group_id=group.pk)
    segment = add_segment(business_id=shop.id, name="All T", given={"name": "T*"})
    nobody = add_segment(business_id=shop.id, name="Nobody", given={"name": "X*"})
    wrong = owner.post(
        "scratch-card-issue", {"whom": f"segment-{nobody.pk}", "expires_days": "9"}, scratch_id=of.pk
    )
    assert wrong.status_code == 400
    assert "Finds nobody" in wrong.content.decode()
    expected = []
    for whom, members in (
        (f"group-{group.pk}", [rahul]),
        (f"segment-{segment.pk}", [tara]),
        ("all", [asha, rahul, tara]),
    ):
        form = {"whom": whom, "expires_days": "9"}
        assert owner.post("scratch-card-issue", form, scratch_id=of.pk).status_code == 303
        running.run_due()
        expected += [member.pk for member in members]
        assert [one.member_id for one in made(shop)] == expected
    assert "3 cards issued" in owner.text("scratch-card", scratch_id=of.pk)


def test_cards_for_many_show_how_far_they_are_and_can_be_stopped(shop: Shop, owner: Seat) -> None:
    of = campaign(shop)
    shop.enrol()
    owner.post("scratch-card-issue", {"whom": "all", "expires_days": "9"}, scratch_id=of.pk)
    with scope(business=shop.business):
        batch = ScratchBatch.objects.get()
    ids: dict[str, Any] = {"batch_id": batch.pk}
    said = owner.get("scratch-batch-now", **ids).json()
    assert (said["state"], said["done"], said["total"]) == ("running", 0, 1)
    assert owner.post("scratch-batch-stop", **ids).status_code == 303
    running.run_due()
    assert owner.get("scratch-batch-now", **ids).json()["state"] == "ready"
    assert made(shop) == []


def test_a_card_is_handed_in_once(shop: Shop, owner: Seat) -> None:
    of = campaign(shop)
    card = cards.issue_card(business_id=shop.id, campaign_id=of.pk)
    form = {"token": card.token, "branch": ""}
    covered = owner.post("scratch-card-redeem", form)
    assert covered.status_code == 400
    assert "not scratched yet" in covered.content.decode()
    unknown = owner.post("scratch-card-redeem", {**form, "token": "ffff-ffff"})
    assert unknown.status_code == 400
    assert "ffff-ffff" in unknown.content.decode()
    assert 'id="id_token_error"' in unknown.content.decode()
    cards.reveal(token=card.token)
    short = f"{card.token[:4]}-{card.token[4:8]}"
    done = owner.post("scratch-card-redeem", {**form, "token": short})
    assert done.status_code == 303
    for _again in range(2):  # it stays on the page, and is no toast that goes
        page = owner.client.get(done["Location"], secure=True).content.decode()
        assert page.count("Hand out: Cake") == 1
    for unknown in ("0", "9" * 30, "x", str(card.pk + 1)):
        assert "Hand out" not in owner.text("scratch-card-redeem", {"card": unknown})
    assert owner.post("scratch-card-redeem", form).status_code == 400
    assert records(shop)[0].after["prize"] == "Cake"


def test_staff_issue_to_one_but_not_to_all(shop: Shop) -> None:
    of, bob = campaign(shop), Seat.of(shop, "staff")
    page = bob.text("scratch-card-issue", scratch_id=of.pk)
    assert "All members" not in page
    form = {"whom": "all", "expires_days": "9"}
    assert bob.post("scratch-card-issue", form, scratch_id=of.pk).status_code == 400


def test_a_plan_without_scratch_cards_says_so(shop: Shop, owner: Seat) -> None:
    Business.objects.filter(pk=shop.id).update(plan_limits={"scratch_cards": False})
    response = owner.get("scratch-cards")
    assert response.status_code == 403
    assert "Scratch cards are switched off for this business" in response.content.decode()
    assert "Your operator has switched this off" in response.content.decode()
    assert "Your plan does not include this" not in response.content.decode()
