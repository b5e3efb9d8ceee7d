"""Answers: the documented shape to the letter, well-formed whatever people are called, in constant memory."""

from __future__ import annotations

import datetime as dt
import json
import tracemalloc
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.api.rpc import answers
from regulars.api.rpc.answers import Answer, Row

pytestmark = pytest.mark.once

BOB: Row = [("first_name", "Bob"), ("last_name", "Smith")]
MARY: Row = [("first_name", "Mary"), ("last_name", "Jones")]
HOSTILE = [
    "<script>alert(1)</script>",
    "</first_name></row></data><status>x</status>",
    "]]>",
    "<![CDATA[x]]>",
    "<!-- x --",
    "<?xml version='1.0'?>",
    "<!DOCTYPE x [<!ENTITY a 'b'>]>&a;",
    "& &amp; &lt; &#0; &#x1F;",
    "\"'",
    "line\nline\ttab\r\nend\r",
    "\u2028\u2029\x85\xa0",
    "名前 \U0001f600 e\u0301 \u202e",
]


def text_of(answer: Answer, form: str, folder: Path) -> str:
    rendered = answers.render(answer, form, lambda: folder)
    body = b"".join(rendered)
    rendered.close()
    assert len(body) == rendered.length
    return body.decode()


def read_xml(text: str) -> list[dict[str, Any]]:
    """The rows of rooted XML; an empty element is the empty text."""
    data = ET.fromstring(text).find("data")  # noqa: S314 - our own
    assert data is not None
    return [_row(row) for row in data]


def _row(row: ET.Element) -> dict[str, Any]:
    return {field.tag: [_row(one) for one in field] if len(field) else field.text or "" for field in row}


def test_the_shape_is_the_documented_one(tmp_path: Path) -> None:
    assert text_of(Answer("API call succeeded"), "xml", tmp_path) == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<status>API call succeeded</status>\n'
    )
    assert text_of(Answer(rows=[BOB, MARY]), "xml", tmp_path) == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        "<status>2 results found</status>\n"
        "<data>\n"
        "\t<row>\n"
        "\t   <first_name>Bob</first_name>\n"
        "\t   <last_name>Smith</last_name>\n"
        "\t</row>\n"
        "\t<row>\n"
        "\t   <first_name>Mary</first_name>\n"
        "\t   <last_name>Jones</last_name>\n"
        "\t</row>\n"
        "</data>\n"
    )
    assert answers.error("xml", "001", "Not sent via SSL/https connection") == (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<error>001: Not sent via SSL/https connection</error>\n'
    )


def test_rooted_xml_is_the_same_inside_one_element(tmp_path: Path) -> None:
    for answer in (Answer("Done"), Answer(rows=[]), Answer("x", [BOB, MARY])):
        declaration, _, inner = text_of(answer, "xml", tmp_path).partition("\n")
        rooted = f"{declaration}\n<response>\n{inner}</response>\n"
        assert text_of(answer, "xml_rooted", tmp_path) == rooted
    assert answers.error("xml_rooted", "007", "x").endswith(
        b"<response>\n<error>007: x</error>\n</response>\n"
    )


def test_json_has_the_same_parts(tmp_path: Path) -> None:
    assert json.loads(text_of(Answer(rows=[BOB, MARY]), "json", tmp_path)) == {
        "status": "2 results found",
        "data": [
            {"first_name": "Bob", "last_name": "Smith"},
            {"first_name": "Mary", "last_name": "Jones"},
        ],
    }
    assert json.loads(text_of(Answer("Done"), "json", tmp_path)) == {"status": "Done"}
    assert json.loads(text_of(Answer(rows=[]), "json", tmp_path)) == {"status": "0 results found", "data": []}
    assert json.loads(answers.error("json", "007", "x")) == {"error": "007: x"}


@pytest.mark.parametrize(
    ("value", "in_xml", "in_json"),
    [
        ("", "", ""),
        (None, "", None),
        (0, "0", 0),
        (-5, "-5", -5),
        (True, "1", 1),
        (False, "0", 0),
        (Decimal("12.50"), "12.50", "12.50"),
        (Decimal("0E-4"), "0.0000", "0.0000"),
        (Decimal("1E+3"), "1000", "1000"),
        (dt.date(2026, 2, 28), "2026-02-28", "2026-02-28"),
        ([[("code", "A"), ("value", None)], [("code", "B")]], [{"code": "A", "value": ""}, {"code": "B"}],
         [{"code": "A", "value": None}, {"code": "B"}]),
        ([], "", []),
    ],
)  # fmt: skip
def test_every_kind_of_value(value: Any, in_xml: Any, in_json: Any, tmp_path: Path) -> None:
    answer = Answer("x", [[("field", value), ("last", "z")]])
    assert read_xml(text_of(answer, "xml_rooted", tmp_path)) == [{"field": in_xml, "last": "z"}]
    assert json.loads(text_of(answer, "json", tmp_path))["data"] == [{"field": in_json, "last": "z"}]


@pytest.mark.parametrize("value", [1.5, dt.datetime(2026, 1, 1, tzinfo=dt.UTC), b"x", object(), {"a": 1}])
def test_what_has_no_exact_text_is_a_mistake_of_ours(value: Any, tmp_path: Path) -> None:
    for form in answers.FORMATS:
        with pytest.raises(TypeError):
            answers.render(Answer("x", [[("field", value)]]), form, lambda: tmp_path)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_only_names(name: str, tmp_path: Path) -> None:
    answer = Answer(rows=[[("first_name", name), ("codes", [[("code", name)]])]])
    row = {"first_name": name, "codes": [{"code": name}]}
    assert read_xml(text_of(answer, "xml_rooted", tmp_path)) == [row]
    assert json.loads(text_of(answer, "json", tmp_path))["data"] == [row]
    for form, start in (("xml_rooted", "<response>"), ("xml", "<error>")):
        assert start in answers.error(form, "007", name).decode()
    assert ET.fromstring(answers.error("xml_rooted", "007", name)).findtext("error") == f"007: {name}"  # noqa: S314


def test_what_xml_forbids_is_dropped(tmp_path: Path) -> None:
    answer = Answer(rows=[[("name", "a\x00b\x01c\x0bd\x1fe\ufffef\uffffg\ud800h")]])
    assert read_xml(text_of(answer, "xml_rooted", tmp_path)) == [{"name": "abcdefgh"}]


def test_json_drops_only_what_no_encoding_carries(tmp_path: Path) -> None:
    answer = Answer(rows=[[("name", "a\x01b\uffff"), ("code", None)]])
    assert json.loads(text_of(answer, "json", tmp_path))["data"] == [{"name": "a\x01b\uffff", "code": None}]
    answer = Answer(rows=[[("name", "a\ud800b"), ("codes", [[("code", "c\udfff"), ("value", 7)]])]])
    assert json.loads(text_of(answer, "json", tmp_path))["data"] == [
        {"name": "ab", "codes": [{"code": "c", "value": 7}]}
    ]


VALUES = st.one_of(
    st.none(), st.text(), st.integers(-(2**63), 2**63 - 1), st.booleans(), st.dates(),
    st.decimals(allow_nan=False, allow_infinity=False, places=4),
)  # fmt: skip
NAMES = st.sampled_from(["first_name", "_metadata01", "code", "value"])
ROWS = st.lists(
    st.dictionaries(
        NAMES,
        VALUES | st.lists(st.dictionaries(NAMES, VALUES).map(lambda row: list(row.items())), max_size=2),
    ).map(lambda row: list(row.items())),
    max_size=4,
)


@given(rows=ROWS | st.none(), status=st.text() | st.none())
def test_any_answer_is_well_formed_and_survives_being_kept(
    rows: list[Row] | None, status: str | None
) -> None:
    folder = Path("/nonexistent")  # nothing of this size needs one
    answer = Answer(status, rows)
    kept = answers.restored(answers.stored(answer))
    for form in answers.FORMATS:
        text = text_of(answer, form, folder)
        if form == "json":
            assert len(json.loads(text).get("data", [])) == len(rows or [])
        elif form == "xml_rooted":
            assert len(ET.fromstring(text).findall("data/row")) == len(rows or [])  # noqa: S314
        assert text_of(kept, form, folder) == text


def many(number: int) -> Iterator[Row]:
    for one in range(number):
        yield [("code", f"M{one:06d}"), ("first_name", "Bob & Sons" * 10), ("points", one)]


@pytest.mark.parametrize("form", answers.FORMATS)
def test_a_long_answer_is_the_same_by_way_of_a_file(form: str, tmp_path: Path) -> None:
    rendered = answers.render(Answer(rows=many(5_000)), form, lambda: tmp_path)
    assert rendered.rows is not None
    assert rendered.length > answers.SMALL
    assert list(tmp_path.iterdir()) == []  # the file has no name: a killed server leaves none
    body = b"".join(rendered)
    rendered.close()
    assert rendered.rows.closed
    assert len(body) == rendered.length
    short = [text_of(Answer("x", [row]), form, tmp_path) for row in many(1)]
    text = body.decode()
    assert text.count("Bob &") == 5_000 * 10
    if form == "json":
        data = json.loads(text)["data"]
        assert json.loads(short[0])["data"] == data[:1]
        assert [row["points"] for row in data] == list(range(5_000))
    else:
        rooted = text if form == "xml_rooted" else f"<r>{text.partition(chr(10))[2]}</r>"
        codes = [code.text for code in ET.fromstring(rooted).iterfind("data/row/code")]  # noqa: S314
        assert codes == [f"M{one:06d}" for one in range(5_000)]
    assert "5000 results found" in text


def test_any_number_of_rows_takes_the_same_memory(tmp_path: Path) -> None:
    tracemalloc.start()
    try:
        rendered = answers.render(Answer(rows=many(20_000)), "xml", lambda: tmp_path)
        size = sum(len(piece) for piece in rendered)
        rendered.close()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size == rendered.length
    assert size > 4_000_000
    assert peak < 1_500_000


def test_a_fault_half_way_leaves_nothing_and_ends_the_rows(tmp_path: Path) -> None:
    ended = []

    def failing() -> Iterator[Row]:
        try:
            yield from many(5_000)
            raise RuntimeError("the database is gone")
        finally:
            ended.append(True)

    with pytest.raises(RuntimeError):
        answers.render(Answer(rows=failing()), "xml", lambda: tmp_path)
    assert ended == [True]

    def full() -> Path:
        raise OSError(28, "No space left on device")

    rows = failing()
    with pytest.raises(OSError, match="No space"):
        answers.render(Answer(rows=rows), "json", full)
    assert ended == [True, True]
    assert list(tmp_path.iterdir()) == []
