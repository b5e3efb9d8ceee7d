"""Vouchers in the back office: defined, issued, verified, redeemed, undone, printed, loaded."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django_scopes import scope

from regulars.ledger.points import add_points
from regulars.vouchers import actions, issuing, loading, redeeming
from regulars.vouchers.models import Precode, Voucher, VoucherCode
from regulars.web.office.vouchers import preloading
from tests.factories import Shop
from tests.office.seat import Seat, records

pytestmark = pytest.mark.django_db


def voucher(shop: Shop, **more: Any) -> Voucher:
    return actions.add_voucher(business_id=shop.id, **{"name": "Five off", "value": Decimal(5), **more})


def issued(shop: Shop, of: Voucher, **more: Any) -> list[VoucherCode]:
    made = issuing.issue_voucher(business_id=shop.id, voucher_id=of.pk, **more)
    with scope(business=shop.business):
        return list(VoucherCode.objects.filter(issue=made).order_by("pk"))


def now(code: VoucherCode) -> VoucherCode:
    with scope(business=code.business):
        return VoucherCode.objects.get(pk=code.pk)


def actions_noted(shop: Shop) -> list[str]:
    return [one.action for one in reversed(records(shop))]


def test_a_voucher_is_defined_changed_ended_and_deleted(shop: Shop, owner: Seat) -> None:
    assert "No vouchers yet" in owner.text("vouchers")
    form = {"name": "Free cake", "value_type": "1", "value": "15", "points_required": "100"}
    wrong = owner.post("voucher-new", {**form, "value": "150"})
    assert wrong.status_code == 400
    assert "Must be at most 100" in wrong.content.decode()
    assert owner.post("voucher-new", {**form, "available_for_self_selection": "on"}).status_code == 303
    with scope(business=shop.business):
        made = Voucher.objects.get()
    assert (made.value_type, made.value, made.available_for_self_selection) == (1, Decimal(15), True)
    page = owner.text("voucher", voucher_id=made.pk)
    assert "15% off" in page
    assert "Members choose it for 100 points" in page
    assert 'value="15.00"' in owner.text("voucher-edit", voucher_id=made.pk)
    changed = {**form, "value": "20", "code": "CAKE"}
    assert owner.post("voucher-edit", changed, voucher_id=made.pk).status_code == 303
    assert "20% off" in owner.text("vouchers")
    assert owner.post("voucher-end", voucher_id=made.pk).status_code == 303
    assert "Free cake" in owner.text("vouchers", {"state": "ended"})
    assert owner.post("voucher-delete", voucher_id=made.pk).status_code == 303
    assert "No vouchers yet" in owner.text("vouchers")
    assert actions_noted(shop) == ["voucher.add", "voucher.edit", "voucher.end", "voucher.delete"]


def test_the_preview_is_of_what_is_typed(owner: Seat) -> None:
    form = {"name": "Cake", "value_type": "0", "value": "7.50", "min_value": "x", "expires_after_days": "10"}
    page = owner.post("voucher-preview", form).content.decode()
    assert "₹7.50 off" in page
    assert "good until" in page
    assert owner.post("voucher-preview", {}).status_code == 200


def test_it_is_issued_to_a_member_who_pays_and_to_bearers(shop: Shop, owner: Seat) -> None:
    of, card = voucher(shop, points_required=30), shop.enrol("Asha Rao", email="asha@example.com")
    to_member = {"member": "asha@example.com", "qty": "2"}
    poor = owner.post("voucher-give", to_member, voucher_id=of.pk)
    assert poor.status_code == 400
    assert "asha@example.com" in poor.content.decode()
    many = owner.post("voucher-give", {"qty": "10001"}, voucher_id=of.pk)
    assert many.status_code == 400
    add_points(business_id=shop.id, member_id=card.pk, points_to_add=100)
    assert owner.post("voucher-give", to_member, voucher_id=of.pk).status_code == 303
    card.refresh_from_db()
    assert card.points == 40
    assert owner.post("voucher-give", {"qty": "3"}, voucher_id=of.pk).status_code == 303
    page = owner.text("voucher", voucher_id=of.pk)
    assert "Asha Rao" in page
    assert "whoever bears it" in page
    assert "Asha Rao" in owner.text("voucher-codes", {"q": "asha"})
    assert "Nothing fits" in owner.text("voucher-codes", {"state": "redeemed"})
    with scope(business=shop.business):
        issue = VoucherCode.objects.filter(member=card.pk)[0].issue
    sheet = owner.text("voucher-issue-print", issue_id=issue.pk)
    assert sheet.count("<svg") >= 2
    assert owner.post("voucher-issue-delete", issue_id=issue.pk).status_code == 303
    card.refresh_from_db()
    assert card.points == 100
    assert actions_noted(shop) == ["voucher.issue", "voucher.issue", "voucher.take-back"]


def test_a_code_is_verified_redeemed_once_and_undone(shop: Shop, owner: Seat) -> None:
    branch = shop.branch()
    (code,) = issued(shop, voucher(shop, min_value=Decimal(20)))
    found = owner.get("voucher-verify", {"code": f" {code.code.lower()} "})
    assert found.headers["Location"] == owner.url("voucher-code", code_id=code.pk)
    owner.get("voucher-verify", {"code": "NOTHING"})
    assert "There is no voucher code NOTHING." in owner.text("voucher-codes")

    small = owner.post("voucher-code-redeem", {"sale_value": "10", "branch": ""}, code_id=code.pk)
    assert small.status_code == 400
    assert "Must be at least 20" in small.content.decode()
    given = {"sale_value": "25", "branch": str(branch.pk)}
    assert owner.post("voucher-code-redeem", given, code_id=code.pk).status_code == 303
    assert (now(code).status, now(code).redeemed_branch_id) == ("redeemed", branch.pk)
    again = owner.post("voucher-code-redeem", given, code_id=code.pk)
    assert again.status_code == 400
    assert "redeemed" in again.content.decode()
    assert owner.post("voucher-code-reset", {"reason": "Wrong code"}, code_id=code.pk).status_code == 303
    assert now(code).status == "active"
    page = owner.text("voucher-code", code_id=code.pk)
    assert "Wrong code" in page
    assert "sale of ₹25" in page
    assert records(shop)[0].reason == "Wrong code"


def test_the_second_of_two_tills_is_told_that_a_code_is_used_up(shop: Shop, owner: Seat) -> None:
    imran = Seat.of(shop, "staff")
    one, other, third = issued(shop, voucher(shop), qty=3)
    deeds = {
        one: ("voucher-code-redeem", {"branch": ""}),
        other: ("voucher-code-reserve", {"minutes": "5"}),
        third: ("voucher-code-redeem", {"branch": "999"}),  # wrong at a field of a form that is gone
    }
    for code, (deed, given) in deeds.items():
        assert "Redeem this code" in imran.text("voucher-code", code_id=code.pk)
        assert owner.post("voucher-code-redeem", {"branch": ""}, code_id=code.pk).status_code == 303
        late = imran.post(deed, given, code_id=code.pk)
        page = late.content.decode()
        assert late.status_code == 400
        assert page.count('role="alert"') == 1, deed
        assert "Redeem this code" not in page


def test_a_code_is_reserved_redeemed_meanwhile_or_released(shop: Shop, owner: Seat) -> None:
    one, other = issued(shop, voucher(shop), qty=2)
    for code in (one, other):
        assert owner.post("voucher-code-reserve", {"minutes": "5"}, code_id=code.pk).status_code == 303
    assert now(one).status == "reserved"
    assert "Release it" in owner.text("voucher-code", code_id=one.pk)
    assert owner.post("voucher-code-redeem", {"branch": ""}, code_id=one.pk).status_code == 303
    assert now(one).status == "redeemed"
    assert owner.post("voucher-code-release", code_id=other.pk).status_code == 303
    assert now(other).status == "active"
    assert owner.post("voucher-code-release", code_id=other.pk).status_code == 409
    assert owner.post("voucher-code-reserve", {"minutes": "0"}, code_id=other.pk).status_code == 400


def test_points_go_to_whoever_is_named(shop: Shop, owner: Seat) -> None:
    card = shop.enrol("Asha", email="asha@example.com")
    (code,) = issued(shop, voucher(shop, can_be_redeemed_for_points=40))
    assert owner.post("voucher-code-redeem", {"branch": ""}, code_id=code.pk).status_code == 400
    given = {"branch": "", "member": "asha@example.com"}
    assert owner.post("voucher-code-redeem", given, code_id=code.pk).status_code == 303
    card.refresh_from_db()
    assert card.points == 40


def test_one_code_gets_another_worth_and_day_and_lists_know_who_is_late(shop: Shop, owner: Seat) -> None:
    (code,) = issued(shop, voucher(shop))
    given = {"value": "9", "expires_on": "2026-12-24"}
    assert owner.post("voucher-code-edit", given, code_id=code.pk).status_code == 303
    assert (now(code).value, now(code).expires_on) == (Decimal(9), dt.date(2026, 12, 24))
    with time_machine.travel(dt.datetime(2026, 12, 26, tzinfo=dt.UTC), tick=True):
        late = Seat(shop)
        assert code.code in late.text("voucher-codes", {"state": "expired"})
        assert "Nothing fits" in late.text("voucher-codes", {"state": "active"})


def test_codes_are_loaded_from_a_list_or_a_file_and_taken_back(shop: Shop, owner: Seat) -> None:
    of = voucher(shop)
    file = SimpleUploadedFile("codes.csv", "\ufeffA-1;first\r\nA-2;second\r\n".encode())
    ids: dict[str, Any] = {"voucher_id": of.pk}
    assert owner.post("voucher-load", {"file": file}, **ids).status_code == 303
    partly = owner.post("voucher-load", {"codes": "A-3\nA-1\n"}, **ids)
    assert partly.status_code == 200
    assert "1 line was left out" in partly.content.decode()
    assert "is loaded already" in partly.content.decode()
    assert owner.post("voucher-load", {}, **ids).status_code == 400
    for sheet in (b"PK\x03\x04\xff\xfe", b"PK\x03\x04\x14\0mimetype\nA-7\n"):
        wrong = owner.post("voucher-load", {"file": SimpleUploadedFile("x.xlsx", sheet)}, **ids)
        assert wrong.status_code == 400
        assert "This is no text file." in wrong.content.decode()
    issued(shop, of)  # takes A-1
    with scope(business=shop.business):
        rows = list(Precode.objects.order_by("pk"))
    assert [row.code for row in rows] == ["A-1", "A-2", "A-3"]
    owner.post("voucher-loaded-delete", {"id": [row.pk for row in rows[:2]]}, **ids)
    page = owner.text("voucher-loaded", **ids)
    assert "1 code was taken back. 1 was issued and stays." in page
    assert "A-2" not in page
    assert records(shop)[0].after == {"codes_taken_back": 1}


def test_others_write_while_codes_are_loaded(
    shop: Shop, owner: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = voucher(shop)
    depth = len(connection.savepoint_ids)
    held: list[int] = []

    def load(**given: Any) -> loading.Loaded:
        held.append(len(connection.savepoint_ids) - depth)
        return loading.load_precodes(**given)

    monkeypatch.setattr(preloading, "load_precodes", load)
    assert owner.post("voucher-load", {"codes": "A-1"}, voucher_id=of.pk).status_code == 303
    assert held == [0]
    assert records(shop)[0].after == {"codes_loaded": 1, "lines_left_out": 0}


def test_each_line_of_a_file_is_read_by_itself(shop: Shop, owner: Seat) -> None:
    of = voucher(shop)
    endless = SimpleUploadedFile("codes.csv", b"A-1\n" + b"x" * 140_000 + b"\n")
    refused = owner.post("voucher-load", {"file": endless}, voucher_id=of.pk)
    assert refused.status_code == 400
    assert "This cannot be read in line 2." in refused.content.decode()
    stray = SimpleUploadedFile("codes.csv", b'B-1\n"B-2\nB-3\n"B-4",x\n')
    assert owner.post("voucher-load", {"file": stray}, voucher_id=of.pk).status_code == 303
    with scope(business=shop.business):
        assert list(Precode.objects.order_by("pk").values_list("code", flat=True)) == [
            "B-1",
            "B-2",
            "B-3",
            "B-4",
        ]


def test_somebody_of_a_branch_redeems_there(shop: Shop) -> None:
    branch = shop.branch()
    bob = Seat.of(shop, "staff", branch_id=branch.pk)
    (code,) = issued(shop, voucher(shop))
    assert bob.post("voucher-code-redeem", {"branch": ""}, code_id=code.pk).status_code == 400
    assert bob.post("voucher-code-redeem", {"branch": str(branch.pk)}, code_id=code.pk).status_code == 303
    assert "New voucher" not in bob.text("vouchers")
    file = bob.get("voucher-codes", {"export": "csv"})
    assert "text/html" in file.headers["Content-Type"]  # no export for staff
    redeeming.reset(business_id=shop.id, code=code.code)


def test_a_smallest_sale_has_to_be_named(shop: Shop, owner: Seat) -> None:
    (code,) = issued(shop, voucher(shop, min_value=Decimal(20)))
    for sale in ({}, {"sale_value": ""}):
        refused = owner.post("voucher-code-redeem", {"branch": "", **sale}, code_id=code.pk)
        assert refused.status_code == 400
        assert "This is needed." in refused.content.decode()
    assert now(code).status == "active"
    assert owner.post("voucher-code-redeem", {"sale_value": "20"}, code_id=code.pk).status_code == 303


def test_a_redemption_is_undone_for_a_reason(shop: Shop, owner: Seat) -> None:
    (code,) = issued(shop, voucher(shop))
    owner.post("voucher-code-redeem", {"branch": ""}, code_id=code.pk)
    refused = owner.post("voucher-code-reset", {"reason": " "}, code_id=code.pk)
    assert refused.status_code == 400
    assert "This is needed." in refused.content.decode()
    assert now(code).status == "redeemed"


def test_a_member_is_named_by_their_card(shop: Shop, owner: Seat) -> None:
    of, card = voucher(shop), shop.enrol("Asha Rao")
    for text in (
        card.qr_code,
        card.qr_code.upper(),
        f"https://shop.example/card/{card.qr_code}",
        f"http://testserver/card/{card.qr_code}/",
    ):
        assert owner.post("voucher-give", {"member": text, "qty": "1"}, voucher_id=of.pk).status_code == 303
        sale = owner.post("sale-new", {"member": text, "total_value": "9"})
        assert sale.status_code == 303, sale.content.decode()
    unknown = owner.post(
        "voucher-give", {"member": "https://shop.example/card/", "qty": "1"}, voucher_id=of.pk
    )
    assert "No member has this" in unknown.content.decode()
    with scope(business=shop.business):
        assert set(VoucherCode.objects.values_list("member", flat=True)) == {card.pk}
        assert VoucherCode.objects.count() == 4
