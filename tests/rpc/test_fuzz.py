"""Whatever is sent: no fault of ours, an answer in shape, and nothing in another's shop changes.

`SOAK=1` sends 4,000 generated calls instead of a few hundred.
"""

from __future__ import annotations

import os

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from regulars.api.rpc.entities import ENTITIES
from regulars.api.rpc.methods import METHODS
from regulars.api.rpc.operations import OPERATIONS
from tests.api.support import dump
from tests.factories import Shop
from tests.rpc.support import Rpc, answered

pytestmark = pytest.mark.django_db

LONG = bool(os.environ.get("SOAK"))
VERBS = ("add", "edit", "delete")
WRITES = {f"{verb}_{name}": (verb, entity) for entity in ENTITIES for name in entity.edits for verb in VERBS}
READS = {name: entity for entity in ENTITIES for name in entity.gets}
OTHERS = {one.name: [field.name for field in one.fields] for one in OPERATIONS}
# Records that are there, and values that do for fields that must be sent.
CODES = {
    "member": "M000001", "branch": "B000001", "SKU code": "S-1", "voucher": "V-1", "user": "U000001",
    "promotion": "P-1",
}  # fmt: skip
GOOD = {
    "first_name": "Ann", "last_name": "Lee", "member": "M000001", "total_value": "12.50", "name": "Some name",
    "points": "5", "voucher": "V-1", "qty": "1", "email": "ann@shop.example", "percent_of_spend": "10",
    "points_to_award": "7", "code": "NEW-1",
}  # fmt: skip
OPTIONS = {
    "get": ["limit", "offset", "date_field", "member_search"],
    "add": ["edit_duplicates", "idempotency_key", "code_editable"],
    "edit": ["code_editable", "idempotency_key"],
    "delete": ["idempotency_key"],
}
_WORDS = """
0 1 -1 1.5 -0.01 1e9 1E400 NaN Infinity -inf 1,5 0x1F 1_000 +5 --5 * ** a*b* % _ \\ \\% *%_\\ {} [] null
2026-02-28 2026-02-30 0001-01-01 9999-12-31 0000-00-00 2026-3-1 2026-02-28T10:00:00Z yes no true FALSE ja
7 3,5,10 calc birthday monthly signup M000001 m000001 S-1 V-1 B000001 staff CODE-1 bob@shop.example
transaction_date +919812345678 \u0663 \u2028x \ufffe \U0001f600 \u0130\u0131\u017f\u00df \x00 a\x01
"""
WORDS = _WORDS.split()
NUMBERS = [str(2**31), str(2**63), str(-(2**63) - 1), "9" * 40, "0." + "9" * 40, "1" + "0" * 12]
LONG_TEXTS = ["", " ", "a" * 51, "a" * 301, "a" * 5_000, "9999-12-31 23:59:59", "2026-10-25 02:30:00"]
HOSTILE = ["' OR 1=1 --", '";DROP TABLE x', "Zo\u00eb <b>&amp;</b> ]]>"]
VALUES = st.one_of(
    st.sampled_from(WORDS + NUMBERS + LONG_TEXTS + HOSTILE),
    st.text(max_size=20),
    st.integers().map(str),
    st.decimals().map(str),
)


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, dict[str, str], dict[str, str]]:
    """A method with what it must have, some of its fields, and now and then what it does not know."""
    method = draw(st.sampled_from(sorted(METHODS)))
    verb = method.partition("_")[0]
    fields: dict[str, str] = {}
    if method in WRITES:
        verb, entity = WRITES[method]
        names = [field.name for field in entity.fields if verb != "delete"]
        if verb == "add":
            fields = {field.name: GOOD[field.name] for field in entity.fields if field.required}
        else:
            fields = {"code": CODES.get(entity.title, "CODE-1")}
    elif method in READS:
        names = [field.name for field in READS[method].fields] + ["from_date", "to_date"]
    else:
        names = OTHERS.get(method, [])
    if draw(st.integers(0, 15)) == 0:
        names = [*names, "nothing", "id"]
    changed = draw(st.dictionaries(st.sampled_from(names), VALUES, max_size=3)) if names else {}
    allowed = OPTIONS.get(verb, ["idempotency_key"])
    options = draw(st.dictionaries(st.sampled_from(allowed), VALUES, max_size=1))
    return method, fields | changed, options


def generated(cases: int) -> hypothesis_settings:
    return hypothesis_settings(
        max_examples=4_000 if LONG else cases,
        deadline=None,
        database=None,
        derandomize=not LONG,
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture
def furnished(rpc: Rpc, stranger: Shop) -> Rpc:
    """A till of a shop that has one of everything; the stranger has a customer with the same codes."""
    there = Rpc(stranger.api_key)
    for till in (rpc, there):
        till("add_branch", {"name": "Main Street"}).done.row["code"]
        till("add_sku_code", {"name": "Tea", "code": "S-1"}).done.row["code"]
        till("add_voucher", {"name": "Five", "code": "V-1", "value": "5"}).done.row["code"]
        of_bob = {"first_name": "Bob", "last_name": "Smith", "email": "bob@shop.example", "group": "staff"}
        till("add_member", {**of_bob, "cell": "+919812345678"}).done.row["code"]
        till("add_points", {"member": "M000001", "points": 1_000, "code": "CODE-1"}).done.row["code"]
        till("add_transaction", {"member": "M000001", "total_value": "9", "code": "CODE-1"}).done.row["code"]
        till("add_promotion", {"name": "Ten", "percent_of_spend": "10", "code": "P-1"}).done.row["code"]
        till("add_voucher_issued", {"voucher": "V-1", "qty": 2, "code": "CODE-1"}).done.row["code"]
    return rpc


def test_any_fields_of_any_method(furnished: Rpc, stranger: Shop) -> None:
    before = dump(business_id=stranger.id)
    forms = ("xml", "xml_rooted", "json")

    @generated(400)
    @given(call=calls(), form=st.sampled_from(forms), way=st.sampled_from(("form", "query", "json")))
    def check(call: tuple[str, dict[str, str], dict[str, str]], form: str, way: str) -> None:
        method, fields, options = call
        options = options | {"api_format": form}
        with transaction.atomic():  # each call finds the shop as it was furnished
            if way == "json":
                response = furnished.json(furnished.tree(method, fields, **options))
            else:
                send = furnished.form if way == "form" else furnished.query
                response = send(furnished.pairs(method, fields, **options))
            transaction.set_rollback(True)
        found = answered(response)
        assert response.status_code == 200, (call, found.error)
        assert found.error is None or "001" <= found.code <= "011"

    check()
    assert dump(business_id=stranger.id) == before


def test_any_bytes_at_the_door(furnished: Rpc) -> None:
    kinds = (
        "application/x-www-form-urlencoded",
        "application/json",
        "multipart/form-data; boundary=x",
        "text/xml",
        "",
    )

    @generated(150)
    @given(
        body=st.binary(max_size=300),
        kind=st.sampled_from(kinds),
        method=st.sampled_from(("GET", "POST", "PUT")),
        accept=st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=40),
    )
    def check(body: bytes, kind: str, method: str, accept: str) -> None:
        found = answered(
            furnished.send(method, body, kind, HTTP_ACCEPT=accept, REMOTE_ADDR=f"::{len(body):x}")
        )
        assert found.code in {"002", "006", "010", "011"}

    check()


@pytest.mark.parametrize(
    "bomb",
    [
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "'
        + b"x" * 999
        + b'"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>',
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "secret.txt">]><a>&b;</a>',
    ],
)
def test_xml_is_never_read(bomb: bytes, rpc: Rpc) -> None:
    for kind in ("text/xml", "application/xml"):
        answered(rpc.send("POST", bomb, kind)).refused("006", "Content-Type")
    found = rpc("add_branch", {"name": bomb.decode()[:190]})
    assert found.row["name"] == bomb.decode()[:190]
