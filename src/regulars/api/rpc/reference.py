"""The dialect's own description: methods, fields, types and examples, made from the table of entities.

`/rpc/docs` shows it, and the reference in `docs/rpc.md` is its Markdown form.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from regulars.api.rpc.entities import ENTITIES, MEMBER, VOUCHER_ISSUED
from regulars.api.rpc.entity import Entity, Field
from regulars.api.rpc.operations import OPERATIONS

# One value for every field that an example sends; those of `_OF_KIND` come first.
_EXAMPLES = {
    "first_name": "Nora", "last_name": "Whitfield", "company_name": "Whitfield & Sons",
    "email": "nora@whitfield.example", "cell": "+447700900123", "date_of_birth": "1988-12-24",
    "code": "M000001", "member": "M000001", "total_value": "24.80", "transaction_date": "2026-03-31 17:45:00",
    "transaction_ref": "TILL1-00042", "sku_code": "BREW", "name": "Filter coffee", "category": "C000001",
    "points": "50", "internal_notes": "For the wait", "points_required": "500", "value": "5.00", "qty": "1",
    "voucher": "V000001", "branch": "B000001", "percent_of_spend": "10", "points_to_award": "25",
    "auto_allocate_on_event": "birthday", "voucher_code": "7KQ4MXW9TRB", "sale_value": "24.80",
    "minutes": "15", "reservation": "kept-from-the-answer", "reason": "Wrong customer", "event": "quickscan",
    "occasion": "scan-20260331-0042", "refers_to": "Till group 4", "from_date": "2026-03-01",
}  # fmt: skip
_OF_KIND: dict[str, dict[str, str]] = {
    "transaction": {"code": "T000001"},
    "SKU code": {"code": "BREW"},
    "SKU category": {"code": "C000001", "name": "Hot drinks"},
    "points record": {"code": "A000001"},
    "voucher": {"code": "V000001", "name": "Five off"},
    "issued voucher": {"code": "I000001"},
    "pre-loaded voucher code": {"code": "SPRING-0001"},
    "user": {"code": "U000002", "name": "Tom Hollis", "email": "tom@harbour.example"},
    "branch": {"code": "B000001", "name": "Harbour"},
    "promotion": {"code": "P000001", "name": "Ten points per hundred"},
    "non-transactional promotion": {"code": "N000001", "name": "Happy birthday"},
}
# What an example sends beside the required fields.
_SENT = {
    ("get", "member"): ("code",),
    ("get", "transaction"): ("member", "from_date"),
    ("get", "points record"): ("member",),
    ("get", "issued voucher"): ("member",),
    ("add", "member"): ("email", "cell"),
    ("add", "transaction"): ("transaction_ref",),
    ("add", "points record"): ("internal_notes",),
    ("add", "voucher"): ("points_required", "value"),
    ("add", "issued voucher"): ("member",),
    ("add", "branch"): ("name",),
    ("add", "promotion"): ("name",),
    ("add", "non-transactional promotion"): ("name", "auto_allocate_on_event"),
    ("edit", "member"): ("email",),
    ("edit", "transaction"): ("total_value",),
    ("edit", "SKU category"): ("name",),
    ("edit", "SKU code"): ("name",),
    ("edit", "points record"): ("points",),
    ("edit", "voucher"): ("value",),
    ("edit", "issued voucher"): ("qty",),
    ("edit", "pre-loaded voucher code"): ("voucher",),
    ("edit", "user"): ("name",),
    ("edit", "branch"): ("name",),
    ("edit", "promotion"): ("percent_of_spend",),
    ("edit", "non-transactional promotion"): ("points_to_award",),
}
_SPAN = (
    ("from_date", "first day or moment of date_added (or of global[date_field])"),
    ("to_date", "last day or moment, inclusive"),
)
_EDIT_DUPLICATES = ("global[edit_duplicates]", "1: when the code exists, this call edits that record instead")
_CODE_EDITABLE = (
    "global[code_editable]",
    "1: when nobody has the code, the member is found by secondary_code, else email, else cell, and gets it",
)
_PAGING = (
    ("global[limit]", "at most so many rows"),
    ("global[offset]", "after so many rows"),
    ("global[date_field]", "what from_date and to_date look at"),
)
_SEARCH = (
    "global[member_search]",
    "text anywhere in name, company, email, phones or zip code; * as wildcard",
)


@dataclass(frozen=True, slots=True)
class FieldText:
    """A field as the reference describes it."""

    name: str
    type: str
    required: bool
    note: str


@dataclass(frozen=True, slots=True)
class MethodText:
    """A method as the reference describes it. `also` are other names of the same method."""

    name: str
    also: tuple[str, ...]
    says: str
    fields: tuple[FieldText, ...]
    options: tuple[tuple[str, str], ...]
    answers: tuple[str, ...]
    example: dict[str, str]


@dataclass(frozen=True, slots=True)
class Chapter:
    """The methods about one kind of record."""

    title: str
    anchor: str
    methods: tuple[MethodText, ...]


def chapters() -> list[Chapter]:
    """The whole reference, in the order of the table."""
    verify = MethodText(
        "verify_api", (), "Checks address, key and clock. It changes nothing.", (), (), (), {}
    )
    made = [Chapter("First steps", "first-steps", (verify,))]
    for entity in ENTITIES:
        title = entity.title[:1].upper() + entity.title[1:]
        made.append(Chapter(_plural(title), _plural(title).lower().replace(" ", "-"), tuple(_of(entity))))
    made.append(Chapter("Voucher codes and events", "voucher-codes-and-events", tuple(_operations())))
    return made


def _plural(title: str) -> str:
    if title.endswith("y"):
        return f"{title[:-1]}ies"
    return f"{title}es" if title.endswith("ch") else f"{title}s"


def _of(entity: Entity) -> Iterator[MethodText]:
    a = "an" if entity.title[0] in "aeioS" else "a"
    shown = (*(one.name for one in entity.fields if one.name != "force_value"),)
    computed = tuple(one.name for one in entity.computed)
    answers = (*shown, *computed)
    texts = tuple(_text(entity, one) for one in entity.fields if one.filters)
    if entity is VOUCHER_ISSUED:
        texts += (FieldText("voucher_code", "a voucher code", required=False, note="shows that one alone"),)
    span = tuple(FieldText(name, "date or date and time", required=False, note=note) for name, note in _SPAN)
    yield MethodText(
        entity.gets[0],
        entity.gets[1:],
        f"Finds {_plural(entity.title)}. Every field is a filter; without any, all of them come.",
        tuple(FieldText(one.name, one.type, required=False, note="") for one in texts) + span,
        _PAGING + ((_SEARCH,) if entity.searched else ()),
        answers,
        _example("get", entity),
    )
    extra = (_CODE_EDITABLE,) if entity.code_editable else ()
    first, *others = entity.edits
    data = tuple(_text(entity, one) for one in entity.fields if one.writes)
    yield MethodText(
        f"add_{first}", _named("add", others), f"Adds {a} {entity.title} and answers with it.",
        data, (_EDIT_DUPLICATES, *extra), answers, _example("add", entity),
    )  # fmt: skip
    located = tuple(
        FieldText(
            one.name,
            one.type,
            required=one.name == "code" and entity is not VOUCHER_ISSUED,
            note="" if one.note.endswith("when left out") else one.note,
        )
        for one in data
    )
    if entity is VOUCHER_ISSUED:
        note = (
            "instead of code: finds the issue by one of its codes; force_value then changes that code alone"
        )
        located += (FieldText("voucher_code", "a voucher code", required=False, note=note),)
    yield MethodText(
        f"edit_{first}", _named("edit", others),
        f"Changes {a} {entity.title}. A field that is not sent stays; one that is sent empty is erased.",
        located, extra, answers, _example("edit", entity),
    )  # fmt: skip
    says = (
        "Erases a member for good, with card and history."
        if entity is MEMBER
        else f"Deletes {a} {entity.title}."
    )
    yield MethodText(
        f"delete_{first}", _named("delete", others), says,
        tuple(one for one in located if one.name == "code"), (), (), _example("delete", entity),
    )  # fmt: skip


def _named(verb: str, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{verb}_{name}" for name in names)


def _text(entity: Entity, field: Field) -> FieldText:
    return FieldText(
        field.name, field.type.label(entity.model, field.lives_in), required=field.required, note=field.note
    )


def _example(verb: str, entity: Entity) -> dict[str, str]:
    values = _EXAMPLES | _OF_KIND.get(entity.title, {})
    names = ["code"] if verb in {"edit", "delete"} else []
    if verb == "add":
        names = [one.name for one in entity.fields if one.required]
    names += [name for name in _SENT.get((verb, entity.title), ()) if name not in names]
    return {name: values[name] for name in names}


def _operations() -> Iterator[MethodText]:
    for operation in OPERATIONS:
        nowhere: Any = None
        fields = tuple(
            FieldText(one.name, one.type.label(nowhere, ""), required=one.required, note=one.note)
            for one in operation.fields
        )
        sent = [one.name for one in operation.fields if one.required or one.name == "occasion"]
        says = operation.says if operation.of_seed else f"{operation.says} (Not in the original's list.)"
        yield MethodText(operation.name, (), says, fields, (), (), {name: _EXAMPLES[name] for name in sent})


def as_curl(method: MethodText, url: str, key: str) -> str:
    """The example as a command for a shell."""
    sent = [("global[api_key]", key), ("global[api_method]", method.name)]
    sent += [(f"global[fields][{name}]", value) for name, value in method.example.items()]
    lines = [f"curl {url}/rpc"]
    lines += [f"  --data-urlencode '{name}={value}'" for name, value in sent]
    lines.append("  --data-urlencode \"global[api_time]=$(date -u '+%Y-%m-%d %H:%M:%S')\"")
    return " \\\n".join(lines)


def as_php(method: MethodText, url: str, key: str) -> str:
    """The example in PHP, in the seed's own way."""
    sent = [("'global[api_key]'", f"'{key}'"), ("'global[api_time]'", 'gmdate("Y-m-d H:i:s")')]
    sent.append(("'global[api_method]'", f"'{method.name}'"))
    sent += [(f"'global[fields][{name}]'", f"'{value}'") for name, value in method.example.items()]
    fields = "\n".join(f"        {name} => {value}," for name, value in sent)
    return (
        "$curl = curl_init();\n"
        "curl_setopt_array($curl, array(\n"
        "    CURLOPT_RETURNTRANSFER => 1,\n"
        f"    CURLOPT_URL => '{url}/rpc',\n"
        "    CURLOPT_POST => 1,\n"
        f"    CURLOPT_POSTFIELDS => array(\n{fields}\n    ),\n"
        "));\n"
        "echo curl_exec($curl);"
    )


def as_python(method: MethodText, url: str, key: str) -> str:
    """The example in Python, with what comes with it."""
    sent = [f'    "global[api_key]": "{key}",']
    sent.append('    "global[api_time]": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}",')
    sent.append(f'    "global[api_method]": "{method.name}",')
    sent += [f'    "global[fields][{name}]": "{value}",' for name, value in method.example.items()]
    fields = "\n".join(sent)
    return (
        "from datetime import UTC, datetime\n"
        "from urllib.parse import urlencode\n"
        "from urllib.request import urlopen\n\n"
        f"call = {{\n{fields}\n}}\n"
        f'print(urlopen("{url}/rpc", urlencode(call).encode()).read().decode())'
    )


def as_markdown() -> str:
    """The reference as a part of a Markdown page."""
    parts: list[str] = []
    for chapter in chapters():
        parts.append(f"### {chapter.title}\n")
        for method in chapter.methods:
            parts.append(f"#### {method.name}\n")
            if method.also:
                parts.append("Also " + ", ".join(f"`{name}`" for name in method.also) + ".\n")
            parts.append(f"{method.says}\n")
            if method.fields:
                parts.append(_field_table(method.fields))
            if method.options:
                parts.append("\n".join(f"- `{name}`: {text}" for name, text in method.options) + "\n")
    return "\n".join(parts)


def _field_table(fields: Sequence[FieldText]) -> str:
    lines = ["| Field | Holds | |", "|---|---|---|"]
    for one in fields:
        note = "; ".join(part for part in ("**required**" if one.required else "", one.note) if part)
        lines.append(f"| `{one.name}` | {one.type} | {note} |")
    return "\n".join(lines) + "\n"
