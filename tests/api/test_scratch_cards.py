"""`/api/scratch-cards`: campaigns, cards, and what is handed out at the counter."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine

from regulars.members.actions import edit_member
from regulars.scratchcards import cards
from tests.api.support import Rest, invalid, meta, ok, refused, take_away, values
from tests.factories import Shop

pytestmark = pytest.mark.django_db

COFFEE = {"label": "Free Coffee", "probability": 10, "is_winner": True}
NOTHING = {"label": "Better luck next time", "probability": 30.5, "is_winner": False}
JUNE = dt.datetime(2026, 6, 2, 6, 0, tzinfo=dt.UTC)


def create(rest: Rest, *prizes: dict[str, Any], **fields: Any) -> int:
    body = {"name": "Summer Spin", "prizes": list(prizes) or [COFFEE], **fields}
    return int(ok(rest.post("/api/scratch-cards", body), 201)["id"])


def issue(rest: Rest, campaign: int, **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = ok(rest.post(f"/api/scratch-cards/{campaign}/issue", fields), 201)
    return found


def redeem(rest: Rest, token: str, **fields: Any) -> Any:
    return rest.post("/api/scratch-cards/redeem", {"token": token, **fields})


def test_a_campaign_is_in_the_list_with_its_counts(rest: Rest) -> None:
    made = create(rest, description="Win free drinks!", expires_at="2126-08-31")
    card = issue(rest, made)
    cards.reveal(token=card["token"])
    newer = create(rest)
    assert ok(rest.get("/api/scratch-cards")) == [
        {
            "id": newer, "name": "Summer Spin", "description": "", "is_active": 1, "total_issued": 0,
            "total_won": 0, "expires_at": None, "card_count": 0,
        },
        {
            "id": made, "name": "Summer Spin", "description": "Win free drinks!", "is_active": 1,
            "total_issued": 1, "total_won": 1, "expires_at": "2126-08-31", "card_count": 1,
        },
    ]  # fmt: skip


def test_one_campaign_with_chances_and_counts(rest: Rest) -> None:
    made = create(rest, COFFEE, NOTHING, {"label": "Bicycle", "probability": 0.5, "max_cards": 1})
    found = ok(rest.get(f"/api/scratch-cards/{made}"))
    assert values(found["prizes"], "label") == ["Free Coffee", "Better luck next time", "Bicycle"]
    assert values(found["prizes"], "probability") == [10, 30.5, 0.5]
    assert values(found["prizes"], "chance_pct") == [24.39, 74.39, 1.22]
    assert values(found["prizes"], "is_winner") == [True, False, True]
    assert values(found["prizes"], "max_cards") == [None, None, 1]
    assert (found["max_cards"], found["max_per_member"]) == (None, None)


@pytest.mark.parametrize(
    ("prizes", "field"),
    [
        ([], "prizes"),
        (None, "prizes"),
        ("coffee", "prizes"),
        ([COFFEE | {"probability": -1}], "prizes.0.probability"),
        ([COFFEE | {"probability": "10"}], "prizes.0.probability"),
        ([COFFEE | {"probability": True}], "prizes.0.probability"),
        ([COFFEE | {"probability": 0.00001}], "prizes.0.probability"),
        ([COFFEE | {"probability": 1e12}], "prizes.0.probability"),
        ([COFFEE | {"probability": 0}], "prizes"),
        ([COFFEE, COFFEE | {"label": " "}], "prizes.1.label"),
        ([COFFEE | {"is_winner": "yes"}], "prizes.0.is_winner"),
        ([COFFEE | {"colour": "red"}], "prizes.0.colour"),
        ([{"label": "Tea"}], "prizes.0.probability"),
        ([COFFEE] * 51, "prizes"),
    ],
)
def test_prizes_of_which_nothing_can_be_drawn_are_refused(prizes: Any, field: str, rest: Rest) -> None:
    error = invalid(rest.post("/api/scratch-cards", {"name": "Spin", "prizes": prizes}), field)
    if not isinstance(prizes, list):
        assert error["message"] == "prizes must be a list."
    assert ok(rest.get("/api/scratch-cards")) == []


@pytest.mark.parametrize("day", ["31.8.2026", "20260831", "2026-02-30", "2020-01-01"])
def test_the_last_day_is_a_date_to_come(day: str, rest: Rest) -> None:
    invalid(
        rest.post("/api/scratch-cards", {"name": "Spin", "prizes": [COFFEE], "expires_at": day}), "expires_at"
    )


def test_is_winner_takes_one_and_zero_as_lists_show_switches(rest: Rest) -> None:
    made = create(rest, COFFEE | {"is_winner": 0}, COFFEE | {"is_winner": 1})
    assert values(ok(rest.get(f"/api/scratch-cards/{made}"))["prizes"], "is_winner") == [False, True]


def test_a_change_leaves_the_rest_and_replaces_prizes(rest: Rest) -> None:
    made = create(rest, description="Win", max_cards=5)
    before = ok(rest.get(f"/api/scratch-cards/{made}"))
    changed = ok(
        rest.patch(f"/api/scratch-cards/{made}", {"name": "Autumn", "max_cards": None, "is_active": 0})
    )
    assert changed == before | {"name": "Autumn", "max_cards": None, "is_active": 0}
    kept = before["prizes"][0]["id"]
    prizes = [COFFEE | {"id": kept, "probability": 1}, NOTHING]
    changed = ok(rest.patch(f"/api/scratch-cards/{made}", {"prizes": prizes}))
    assert values(changed["prizes"], "label") == ["Free Coffee", "Better luck next time"]
    assert changed["prizes"][0]["id"] == kept
    for field in ("is_active", "prizes", "name"):
        invalid(rest.patch(f"/api/scratch-cards/{made}", {field: None}), field)
    refused(
        rest.patch(f"/api/scratch-cards/{made}", {"prizes": [COFFEE | {"id": 987_654}]}),
        404, "not_found", "prizes.0.id",
    )  # fmt: skip
    assert ok(rest.patch(f"/api/scratch-cards/{made}", {})) == changed


def test_a_card_is_issued_with_its_address(shop: Shop, rest: Rest) -> None:
    member = shop.enrol()
    with time_machine.travel(JUNE, tick=False):
        made = create(rest)
        card = issue(rest, made, customer_id=member.pk, expires_days=14)
        usual = ok(rest.send("POST", f"/api/scratch-cards/{made}/issue"), 201)
    assert card == {
        "id": card["id"],
        "token": card["token"],
        "card_url": f"https://shop.example/scratch/{card['token']}",
        "expires_at": "2026-06-16",
        "customer_id": member.pk,
    }
    assert re.fullmatch("[0-9a-f]{32}", card["token"])
    assert (usual["expires_at"], usual["customer_id"]) == ("2026-07-02", None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"expires_days": 0}, "expires_days"),
        ({"expires_days": 3651}, "expires_days"),
        ({"customer_id": 0}, "customer_id"),
    ],
)
def test_an_issue_with_unusable_values_is_refused(body: dict[str, Any], field: str, rest: Rest) -> None:
    invalid(rest.post(f"/api/scratch-cards/{create(rest)}/issue", body), field)


def test_what_a_campaign_refuses_to_issue(shop: Shop, rest: Rest) -> None:
    member = shop.enrol()
    with time_machine.travel(JUNE, tick=False) as clock:
        made = create(rest, expires_at="2026-06-02", max_per_member=1)
        path = f"/api/scratch-cards/{made}/issue"
        issue(rest, made, customer_id=member.pk)
        refused(rest.post(path, {"customer_id": member.pk}), 409, "scratch_limit_reached", "customer_id")
        assert ok(rest.post(f"/api/scratch-cards/{made}/toggle")) == {"id": made, "is_active": False}
        refused(rest.post(path), 409, "scratch_campaign_paused")
        assert ok(rest.post(f"/api/scratch-cards/{made}/toggle")) == {"id": made, "is_active": True}
        clock.shift(dt.timedelta(days=1))
        error = refused(rest.post(path), 409, "scratch_campaign_ended")
        assert error["expires_at"] == "2026-06-02"
    refused(rest.post(path, {"customer_id": 987_654}), 404, "not_found", "customer_id")
    one = create(rest, COFFEE | {"max_cards": 1})
    issue(rest, one)
    refused(rest.post(f"/api/scratch-cards/{one}/issue"), 409, "scratch_no_prize_left")
    edit_member(business_id=shop.id, pk=member.pk, suspended=True)
    refused(
        rest.post(f"/api/scratch-cards/{create(rest)}/issue", {"customer_id": member.pk}), 403, "suspended"
    )


def test_a_card_is_redeemed_once_after_it_was_scratched(shop: Shop, rest: Rest) -> None:
    branch = shop.branch()
    card = issue(rest, create(rest))
    refused(redeem(rest, card["token"]), 409, "scratch_not_revealed")
    cards.reveal(token=card["token"])
    refused(redeem(rest, card["token"], branch_id=987_654), 404, "not_found", "branch_id")
    done = ok(redeem(rest, card["token"], branch_id=branch.pk))
    assert done == {"redeemed": True, "prize_label": "Free Coffee", "is_winner": True}
    refused(redeem(rest, card["token"]), 409, "scratch_already_redeemed")
    refused(redeem(rest, "f" * 32), 404, "not_found", "token")
    invalid(redeem(rest, "free coffee"), "token")
    invalid(rest.post("/api/scratch-cards/redeem", {}), "token")


def test_an_expired_card_is_not_redeemed(rest: Rest) -> None:
    with time_machine.travel(JUNE, tick=False) as clock:
        card = issue(rest, create(rest), expires_days=1)
        cards.reveal(token=card["token"])
        clock.shift(dt.timedelta(days=2))
        error = refused(redeem(rest, card["token"]), 409, "scratch_expired")
    assert error["expires_at"] == "2026-06-03"


def test_the_cards_of_a_campaign_hide_what_is_not_scratched(shop: Shop, rest: Rest) -> None:
    made, member = create(rest), shop.enrol("Priya Sharma")
    covered = issue(rest, made, customer_id=member.pk)
    seen = issue(rest, made)
    cards.reveal(token=seen["token"])
    response = rest.get(f"/api/scratch-cards/{made}/cards")
    first, second = ok(response)
    assert meta(response) == {"total": 2, "page": 1, "per_page": 20, "pages": 1}
    assert (first["status"], first["prize_label"], first["is_winner"]) == ("revealed", "Free Coffee", True)
    assert (second["status"], second["prize_label"], second["is_winner"]) == ("covered", None, None)
    assert (second["customer_id"], second["customer_name"]) == (member.pk, "Priya Sharma")
    assert second["card_url"] == covered["card_url"]
    assert ok(rest.get(f"/api/scratch-cards/{made}/cards", status="revealed")) == [first]
    assert ok(rest.get(f"/api/scratch-cards/{made}/cards", customer_id=member.pk)) == [second]
    assert ok(rest.get(f"/api/scratch-cards/{made}/cards", page=2)) == []
    invalid(rest.get(f"/api/scratch-cards/{made}/cards", status="won"), "status")


def test_a_campaign_without_cards_is_deleted(rest: Rest) -> None:
    made, used = create(rest), create(rest)
    issue(rest, used)
    assert ok(rest.delete(f"/api/scratch-cards/{made}")) == {"deleted": True, "id": made}
    refused(rest.delete(f"/api/scratch-cards/{made}"), 404, "not_found")
    refused(rest.delete(f"/api/scratch-cards/{used}"), 409, "has_history")


def test_a_retry_issues_one_card(rest: Rest) -> None:
    made = create(rest)
    first, second = (
        rest.post(f"/api/scratch-cards/{made}/issue", {}, headers={"Idempotency-Key": "one card"})
        for _ in range(2)
    )
    assert ok(first, 201) == ok(second, 201)
    assert ok(rest.get("/api/scratch-cards"))[0]["total_issued"] == 1


@pytest.mark.parametrize("number", [0, 987_654_321, 2**63, 10**25])
def test_an_unknown_campaign_is_not_found(number: int, rest: Rest) -> None:
    path = f"/api/scratch-cards/{number}"
    for response in (
        rest.get(path), rest.patch(path, {}), rest.delete(path), rest.post(f"{path}/issue"),
        rest.post(f"{path}/toggle"), rest.get(f"{path}/cards"),
    ):  # fmt: skip
        refused(response, 404, "not_found")


def test_a_plan_without_scratch_cards_refuses_them(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    made = create(rest)
    take_away(monkeypatch, "scratch_cards")
    path = f"/api/scratch-cards/{made}"
    for response in (
        rest.get("/api/scratch-cards"), rest.get(path), rest.delete(path), rest.post(f"{path}/issue"),
        rest.patch(path, {}), rest.post(f"{path}/toggle"), rest.get(f"{path}/cards"), redeem(rest, "f" * 32),
        rest.post("/api/scratch-cards", {"name": "Spin", "prizes": [COFFEE]}),
    ):  # fmt: skip
        assert "self_hosted" not in refused(response, 403, "plan_required")["plans"]
