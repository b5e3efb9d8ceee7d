"""Every method of the dialect, by the table that it is made from and by the published list of fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from pytest_django.plugin import DjangoDbBlocker

from regulars.api.rpc.entities import ENTITIES
from regulars.api.rpc.lookups import id_by_code
from regulars.api.rpc.methods import METHODS
from tests.factories import make_shop
from tests.rpc import samples, seed
from tests.rpc.samples import Fields
from tests.rpc.seed import KINDS, Kind
from tests.rpc.till import Till

pytestmark = pytest.mark.django_db

KIND_IDS = [kind.name for kind in KINDS]
by_kind = pytest.mark.parametrize("kind", KINDS, ids=KIND_IDS)


@pytest.fixture(scope="module")
def open_shops(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[Till, Till]]:
    """Alice's till and Charlie's; both shops are full. What a test does to them is taken back after it."""
    # Each test's own transaction is a savepoint within this one.
    with django_db_blocker.unblock(), transaction.atomic():
        alice, charlie = Till(make_shop()), Till(make_shop("Charlie's"))
        samples.open_shop(alice, "A")
        samples.open_shop(charlie, "Z")
        yield alice, charlie
        transaction.set_rollback(True)


@pytest.fixture
def till(open_shops: tuple[Till, Till]) -> Till:
    return open_shops[0]


@pytest.fixture
def stranger(open_shops: tuple[Till, Till]) -> Till:
    return open_shops[1]


@pytest.fixture
def sent() -> dict[str, Fields]:
    """What Alice's shop was opened with."""
    return samples.full("A")


@pytest.fixture
def empty() -> Till:
    """A till of a shop without any record."""
    return Till(make_shop())


def rows_everywhere() -> dict[str, int]:
    """How many rows each table has."""
    counts = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if model.__module__.startswith("regulars."):
                cursor.execute(f'SELECT COUNT(*) FROM "{model._meta.db_table}"')
                counts[model._meta.db_table] = cursor.fetchone()[0]
    return counts


@pytest.fixture
def nothing_changes(till: Till, sent: dict[str, Fields]) -> Iterator[None]:
    """Neither a row more nor one less, and every record as it was."""

    def everything() -> list[Any]:
        return [till.call(kind.gets[0]) for kind in KINDS]

    before, records = rows_everywhere(), everything()
    yield
    assert rows_everywhere() == before
    assert everything() == records


def test_every_published_method_is_there() -> None:
    assert seed.methods() <= METHODS.keys()
    assert {name for name, method in METHODS.items() if not method.write} == {
        "verify_api",
        "get_transaction_worth",
        *(name for entity in ENTITIES for name in entity.gets),
    }


def test_verify_api_says_that_the_key_is_right(till: Till) -> None:
    assert till.ask("verify_api") == {"status": "API call succeeded"}


@by_kind
def test_what_is_added_is_answered_and_found_by_every_field(
    till: Till, sent: dict[str, Fields], kind: Kind
) -> None:
    fields = sent[kind.name]
    assert set(fields) == set(kind.fields) | set(kind.only_written)
    (found,) = till.call(kind.gets[0], {"code": fields["code"]})
    expected = {name: value for name, value in fields.items() if name not in kind.only_written}
    assert {name: str(found[name]) for name in expected} == expected
    for get in kind.gets:
        for name, value in expected.items():
            assert found in till.call(get, {name: value}), name
            assert found in till.call(get, {name: value.upper()}), name
        assert till.call(get, {"code": "nobody"}) == []


@by_kind
def test_a_filter_leaves_out_what_differs(till: Till, sent: dict[str, Fields], kind: Kind) -> None:
    other = samples.open_shop(till, "Bee")[kind.name]
    mine = sent[kind.name]
    assert len(till.call(kind.gets[0], {"code": "*-A"})) == len(till.call(kind.gets[0], {"code": "*-bee"}))
    for name in kind.fields:
        codes = {row["code"] for row in till.call(kind.gets[0], {name: mine[name]})}
        assert mine["code"] in codes, name
        assert (other["code"] in codes) == (mine[name] == other[name]), name


@by_kind
def test_a_missing_required_field_is_named(
    till: Till, sent: dict[str, Fields], nothing_changes: None, kind: Kind
) -> None:
    again = samples.full("C")[kind.name] | {name: sent[kind.name][name] for name in _refs(kind)}
    for name in kind.required:
        for gone in ({key: value for key, value in again.items() if key != name}, again | {name: " "}):
            refused = till.refusal(f"add_{kind.name}", gone)
            assert (refused.code, refused.message) == ("005", f"{name} is required")
    refused = till.refusal(f"edit_{kind.name}", {"name": "x"} if "name" in kind.fields else {})
    locates = "code or voucher_code" if "voucher_code" in kind.only_edited else "code"
    assert (refused.code, refused.message) == ("005", f"{locates} is required")
    refused = till.refusal(f"delete_{kind.name}")
    assert (refused.code, refused.message) == ("005", "code is required")


def _refs(kind: Kind) -> list[str]:
    return [name for name in kind.fields if name in samples.REFERENCES]


@by_kind
def test_a_bad_value_is_refused_by_name(
    till: Till, sent: dict[str, Fields], nothing_changes: None, kind: Kind
) -> None:
    again = samples.full("C")[kind.name] | {name: sent[kind.name][name] for name in _refs(kind)}
    code = sent[kind.name]["code"]
    for name in (*kind.fields, *kind.only_written):
        for value in samples.bad_values(kind.name, name):
            refused = till.refusal(f"add_{kind.name}", again | {name: value})
            assert refused.code == "006", (name, value, refused)
            assert name in refused.message, (name, value, refused)
            if name != "code":
                refused = till.refusal(f"edit_{kind.name}", {"code": code, name: value})
                assert (refused.code, name in refused.message) == ("006", True), (name, value, refused)


@by_kind
def test_an_unknown_reference_is_refused_by_name(
    till: Till, sent: dict[str, Fields], stranger: Till, nothing_changes: None, kind: Kind
) -> None:
    theirs = samples.full("Z")[kind.name]
    again = samples.full("C")[kind.name] | {name: sent[kind.name][name] for name in _refs(kind)}
    for name in _refs(kind):
        for value in ("nobody", theirs[name]):
            for call in (
                (f"add_{kind.name}", again | {name: value}),
                (f"edit_{kind.name}", {"code": sent[kind.name]["code"], name: value}),
            ):
                refused = till.refusal(*call)
                assert refused.code == "007", (name, refused)
                assert name in refused.message, (name, refused)


@by_kind
def test_a_code_that_exists_is_refused_or_edited_when_asked(
    till: Till, sent: dict[str, Fields], kind: Kind
) -> None:
    fields = sent[kind.name]
    before = rows_everywhere()
    refused = till.refusal(f"add_{kind.name}", fields | {"code": fields["code"].lower()})
    assert (refused.code, "code" in refused.message) == ("008", True), refused
    assert rows_everywhere() == before
    name = "voucher" if kind.name == "voucher_precode" else next(
        one for one in ("name", "notes", "internal_notes", "company_name", "force_value") if one in fields
    )  # fmt: skip
    new = sent["voucher"]["code"] if name == "voucher" else "3.00" if name == "force_value" else "New words"
    till.call(f"add_{kind.name}", {"code": fields["code"], name: new}, edit_duplicates=1)
    (row,) = till.call(kind.gets[0], {"code": fields["code"]})
    if name == "force_value":
        assert {one["value"] for one in row["voucher_codes"]} == {"3.00"}
    else:
        assert row[name] == new
    others = {key: value for key, value in fields.items() if key not in {name, *kind.only_written}}
    assert {key: str(row[key]) for key in others} == others


@by_kind
def test_a_record_of_another_business_is_not_found_and_stays(
    till: Till, sent: dict[str, Fields], stranger: Till, nothing_changes: None, kind: Kind
) -> None:
    code = sent[kind.name]["code"]
    for get in kind.gets:
        assert stranger.call(get, {"code": code}) == []
        assert code not in {row["code"] for row in stranger.call(get)}
    for verb in ("edit", "delete"):
        refused = stranger.refusal(f"{verb}_{kind.name}", {"code": code})
        assert (refused.code, code in refused.message) == ("007", True)


@by_kind
def test_an_unknown_field_or_option_is_named(
    till: Till, sent: dict[str, Fields], nothing_changes: None, kind: Kind
) -> None:
    fields = sent[kind.name]
    for method in (kind.gets[0], f"add_{kind.name}", f"edit_{kind.name}", f"delete_{kind.name}"):
        given = {"code": fields["code"]} if not method.startswith("add_") else samples.full("C")[kind.name]
        refused = till.refusal(method, given | {"frist_name": "x"})
        assert (refused.code, "frist_name" in refused.message) == ("011", True), refused
        refused = till.refusal(method, given, editduplicates=1)
        assert (refused.code, "editduplicates" in refused.message) == ("011", True), refused


ERASABLE = [
    (kind, name)
    for kind in KINDS
    for name in kind.fields
    if name not in kind.required and name not in {"code", "name", "transaction_date", "points_used"}
]


@pytest.mark.parametrize("kind", KINDS, ids=KIND_IDS)
def test_an_edit_changes_what_is_sent_and_erases_what_is_sent_empty(
    till: Till, sent: dict[str, Fields], kind: Kind
) -> None:
    code = sent[kind.name]["code"]
    (before,) = till.call(kind.gets[0], {"code": code})
    assert till.one(f"edit_{kind.name}", {"code": code}) | {"date_modified": ""} == before | {
        "date_modified": ""
    }
    if kind.name == "voucher_issued":  # nobody in particular is in no group
        till.call("edit_voucher", {"code": sent["voucher"]["code"], "group": ""})
    erased = [name for of, name in ERASABLE if of is kind]
    needs = {"trigger_on_total_points_earned": "points_earned_in_months"}
    for name in erased:
        if name in needs:
            till.call(f"edit_{kind.name}", {"code": code, needs[name]: ""})
        row = till.one(f"edit_{kind.name}", {"code": code, name: ""})
        assert str(row[name]) in {"", "None", "0", "0.00"}, (name, row[name])
    (after,) = till.call(kind.gets[0], {"code": code})
    # Points were given back when the vouchers went to nobody in particular.
    kept = set(kind.fields) - set(erased) - ({"points_used"} if kind.name == "voucher_issued" else set())
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    for name in set(kind.required) - {"code"}:
        refused = till.refusal(f"edit_{kind.name}", {"code": code, name: " "})
        assert (refused.code, name in refused.message) == ("006", True), refused


@by_kind
def test_a_deleted_record_is_gone(till: Till, kind: Kind) -> None:
    made = samples.full("D")
    for earlier in samples.ORDER:
        if earlier == kind.name:
            break
        till.call(f"add_{earlier}", made[earlier])
    till.call(f"add_{kind.name}", made[kind.name])
    code = made[kind.name]["code"]
    answer = till.ask(f"delete_{kind.name}", {"code": code.lower()})
    assert answer == {"status": "API call succeeded"}
    assert till.call(kind.gets[0], {"code": code}) == []
    refused = till.refusal(f"delete_{kind.name}", {"code": code})
    assert (refused.code, code in refused.message) == ("007", True)


DEPENDED_ON = ("branch", "sku_category", "sku_code", "voucher")


@pytest.mark.parametrize("name", DEPENDED_ON)
def test_what_others_depend_on_cannot_be_deleted(
    till: Till, sent: dict[str, Fields], nothing_changes: None, name: str
) -> None:
    refused = till.refusal(f"delete_{name}", {"code": sent[name]["code"]})
    assert refused.code == "009", refused


def test_both_names_of_a_promotion_mean_one_thing(till: Till, sent: dict[str, Fields]) -> None:
    assert till.call("get_promotions") == till.call("get_transactional_promotions")
    code = sent["promotion"]["code"]
    till.call("edit_transactional_promotion", {"code": code, "percent_of_spend": "12.5"})
    assert till.one("get_promotion", {"code": code})["percent_of_spend"] == "12.5"
    till.call("delete_transactional_promotion", {"code": code})
    assert till.call("get_promotion", {"code": code}) == []


def test_codes_are_made_where_none_is_given(empty: Till) -> None:
    member = empty.one("add_member", {"first_name": "Bob", "last_name": "Smith"})
    assert member["code"] == "M000001"
    made = {
        "sku_category": ("C", {"name": "Cakes"}),
        "branch": ("B", {"name": "Quay"}),
        "voucher": ("V", {"name": "Cake"}),
        "promotion": ("P", {"percent_of_spend": "10"}),
        "non_transactional_promotion": ("N", {"points_to_award": "5"}),
        "user": ("U", {"name": "Tom", "email": "tom@shop.example"}),
        "transaction": ("T", {"member": "M000001", "total_value": "10"}),
        "points": ("A", {"member": "M000001", "points": "5"}),
        "voucher_issued": ("I", {"voucher": "V000001", "qty": "1"}),
    }
    for kind, (letter, fields) in made.items():
        code = empty.one(f"add_{kind}", fields)["code"]
        assert (code[0], len(code), code[1:].isdigit()) == (letter, 7, True)


def test_a_record_that_went_after_it_was_found_is_named_by_its_code(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.call("add_branch", {"code": "QUAY", "name": "Quay"})

    def found_too_late(model: Any, field: str, code: str) -> int | None:
        return id_by_code(model, field, code) and 4_000_000

    monkeypatch.setattr("regulars.api.rpc.methods.id_by_code", found_too_late)
    for verb in ("edit", "delete"):
        refused = till.refusal(f"{verb}_branch", {"code": "QUAY"} | ({"name": "x"} if verb == "edit" else {}))
        assert (refused.code, refused.message) == ("007", "code QUAY is unknown")
