"""The audit log: written with the change, read by page, filtered, exported, and cleared of who was erased."""

import datetime as dt

import pytest
from django.utils import timezone
from django_scopes import scope

from regulars.auditlog import actions as auditlog
from regulars.auditlog.models import Record
from regulars.tenants.models import User
from regulars.web.office import lists
from tests.factories import Shop, make_shop
from tests.office.seat import Seat
from tests.test_plans import sqlite_only, steps


def write(shop: Shop, action: str = "member.edit", **more: object) -> Record:
    given = {"kind": "member", "label": "Priya", "before": {"name": "Priya"}, "after": {"name": "Priya S"}}
    return auditlog.record(
        business_id=shop.id,
        action=action,
        **({"actor": auditlog.Actor.of(shop.owner)} | given | more),  # type: ignore[arg-type]
    )


def test_it_says_who_did_what_and_what_differs(shop: Shop, owner: Seat) -> None:
    made = write(shop)
    page = owner.text("audit")
    assert "Alice" in page
    assert "Member: changed" in page
    one = owner.text("audit-record", record_id=made.pk)
    assert "Priya S" in one


def test_another_business_finds_nothing_of_it(shop: Shop) -> None:
    made = write(shop)
    stranger = Seat(make_shop("Charlie's"))
    assert "Priya" not in stranger.text("audit")
    assert stranger.get("audit-record", record_id=made.pk).status_code == 404


def test_what_operators_did_is_found_by_itself(shop: Shop, owner: Seat) -> None:
    write(shop, label="Of Alice")
    assert "Operators of this installation" not in owner.text("audit")
    olga = User.objects.create_user("olga@harbour.example", None, name="Olga")
    operator = auditlog.Actor.of_operator(olga)
    write(shop, "operator.enter", actor=operator, kind="business", label="Of Olga", before={}, after={})
    assert "Operators of this installation" in owner.text("audit")
    found = owner.text("audit", {"who": "operators"})
    assert "Operator signed in as the business" in found
    assert ("Of Olga" in found, "Of Alice" in found) == (True, False)


def test_a_file_names_fields_in_words(shop: Shop, owner: Seat) -> None:
    write(shop, "api-key.add", kind="apikey", before={}, after={"reward_description": "Tea"})
    assert "Reward description: Tea" in owner.get("audit", {"export": "csv"}).content.decode()


def test_it_is_empty_searched_filtered_and_exported(shop: Shop, owner: Seat) -> None:
    assert "Nothing was done here yet" in owner.text("audit")
    write(shop)
    write(shop, "voucher.add", kind="voucher", label="=Ten off")
    assert "Priya" not in owner.text("audit", {"kind": "voucher"})
    assert "Nothing fits" in owner.text("audit", {"q": "nobody"})
    file = owner.get("audit", {"export": "csv"})
    assert file.headers["Content-Disposition"].startswith('attachment; filename="audit-log-')
    lines = file.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 3
    assert "'=Ten off" in lines[1]
    assert owner.get("audit", {"export": "xlsx"}).content[:2] == b"PK"
    assert owner.get("audit", {"export": "exe"}).status_code == 400


def aged(record: Record, days: int) -> None:
    with scope(business=record.business_id):
        Record.objects.filter(pk=record.pk).update(at=timezone.now() - dt.timedelta(days=days))


def test_a_search_looks_at_the_last_90_days_and_says_so(shop: Shop, owner: Seat) -> None:
    aged(write(shop, label="Autumn menu"), 91)
    aged(write(shop, label="Winter menu"), 89)
    assert "Autumn menu" in owner.text("audit")
    hint = "The last 90 days are searched"
    found = owner.text("audit", {"q": "menu"})
    assert ("Autumn menu" in found, "Winter menu" in found, hint in found) == (False, True, True)
    older = owner.text("audit", {"q": "menu", "at_from": "2000-01-01"})
    assert ("Autumn menu" in older, "Winter menu" in older, hint in older) == (True, True, False)
    assert hint not in owner.text("audit", {"kind": "member"})


def test_the_newest_is_first_whatever_its_number(shop: Shop, owner: Seat) -> None:
    write(shop, label="Older")
    aged(write(shop, label="Oldest"), 3)
    page = owner.text("audit")
    assert page.index("Older") < page.index("Oldest")


@sqlite_only
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"who": "owner"},
        {"who": "operators"},
        {"kind": "member"},
        {"at_from": "2026-01-01"},
        {"at_to": "2026-01-01"},
        {"who": "owner", "at_from": "2026-01-01"},
        {"q": "menu"},
    ],
    ids=str,
)
def test_no_filter_reads_the_whole_history(
    shop: Shop, owner: Seat, query: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "FEW", -1)  # as if there were many: few are read by their keys
    write(shop)
    write(shop, "operator.enter", actor=auditlog.Actor.of_operator(shop.owner.user))
    wanted = {name: str(shop.owner.pk) if text == "owner" else text for name, text in query.items()}
    asked = [
        (step, sql)
        for step, sql in steps(lambda: owner.text("audit", wanted))
        if 'FROM "auditlog_record"' in sql and "LIMIT 1)" not in sql and '"kind" >' not in sql
    ]
    offered = [step for step, sql in asked if ' AS "a"' in sql]  # are there operators to choose?
    assert offered
    assert all("staff_id=?" in step for step in offered)
    done = [step for step, sql in asked if ' AS "a"' not in sql]
    found = [step for step in done if "auditlog_record" in step]
    columns = {"who": "staff_id=?", "kind": "kind=?", "at_from": "at>?", "at_to": "at<?", "q": "at>?"}
    for name in query:
        assert found
        assert all(columns[name] in step for step in found), found
    assert not [step for step in done if "TEMP B-TREE" in step], done


def test_a_difference_hides_what_opens_something(shop: Shop) -> None:
    before = auditlog.facts(shop.owner)
    shop.owner.pin, shop.owner.name = "a hash", "Alicia"
    assert auditlog.difference(before, auditlog.facts(shop.owner)) == (
        {"name": "Alice", "pin": False},
        {"name": "Alicia", "pin": True},
    )


def test_what_stood_there_of_an_erased_member_is_blanked(shop: Shop) -> None:
    kept, cleared = write(shop, member_id=7), write(shop, member_id=8)
    auditlog.blank(business_id=shop.id, member_id=8)
    with scope(business=shop.business):
        rows = {row.pk: row for row in Record.objects.all()}
    assert rows[kept.pk].before == {"name": "Priya"}
    assert (rows[cleared.pk].before, rows[cleared.pk].label, rows[cleared.pk].actor) == ({}, "", "Alice")
