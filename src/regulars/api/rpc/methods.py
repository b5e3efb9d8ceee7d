"""The methods of the RPC dialect, generated from the table of entities, and the few that stand alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F
from django_scopes import scope

from regulars.api.rpc import filters, operations, rows
from regulars.api.rpc.answers import Answer
from regulars.api.rpc.entities import ENTITIES, VOUCHER_ISSUED
from regulars.api.rpc.entity import Entity
from regulars.api.rpc.errors import (
    DUPLICATE,
    NOT_FOUND,
    RpcError,
    bad_value,
    missing,
    to_error,
    unknown_field,
)
from regulars.api.rpc.lookups import id_by_code, matches
from regulars.api.rpc.method import ALWAYS, DONE, Caller, Method, check_options
from regulars.api.rpc.tree import Call
from regulars.api.rpc.types import Flag, NewGroup
from regulars.members import groups, merged
from regulars.members import queries as members
from regulars.members.models import Member
from regulars.rules.errors import Conflict, NotFound, Refusal
from regulars.rules.text import clean_text
from regulars.tenants.queries import business_by_id, same_code
from regulars.vouchers import issuing
from regulars.vouchers.models import VoucherCode, VoucherIssue

OF_GET = frozenset({"limit", "offset", "date_field"})


def _flag(call: Call, name: str) -> bool:
    text = call.options.get(name, "").strip()
    return bool(text) and Flag().read(_NOBODY, name, text)


_NOBODY: Any = None  # a flag is the same for everybody


def _get(entity: Entity, caller: Caller, call: Call) -> Answer:
    check_options(call, OF_GET | ({"member_search"} if entity.searched else set()))
    limit, offset = filters.page(caller, call.options)
    given = {name: text.strip() for name, text in call.fields.items() if text.strip()}
    if given.keys() == {"code"} and "*" not in given["code"] and not call.options.keys() - ALWAYS:
        # The commonest question by far: who is this card?
        code = clean_text(given["code"], field="code", max_length=1000)
        return Answer(rows=rows.with_code(entity, caller, code, given))
    with scope(business=caller.business_id):
        fields = dict(call.fields)
        code = fields.pop("voucher_code", "").strip() if entity is VOUCHER_ISSUED else ""
        query = filters.query(entity, caller, fields, call.options)
        if code:
            query = query.filter(pk__in=_codes(code).values("issue_id"))
        return Answer(rows=rows.found(entity, caller, query, call.fields, limit=limit, offset=offset))


def _codes(code: str) -> Any:
    wanted = clean_text(code, field="voucher_code", max_length=50)
    return VoucherCode.objects.filter(matches(F("code"), wanted, "voucher_code"))


def _known(entity: Entity, code: str, *, or_merged_at: Caller | None = None) -> int:
    pk = id_by_code(entity.model, "code", code)
    if pk is None and or_merged_at is not None and entity.model is Member:
        # Its code is the member's who has everything of it. Whoever deletes has to say whom they mean.
        pk = merged.by_code(business_id=or_merged_at.business_id, code=code)
    if pk is None:
        raise RpcError(NOT_FOUND, f"code: there is no {entity.title} with code {code}")
    return pk


def _read(entity: Entity, caller: Caller, fields: Mapping[str, str]) -> dict[str, Any]:
    """The arguments of an action: by the names of the action, empty fields as what erases them."""
    by_name = entity.by_name()
    for name in fields:
        if name not in by_name or not by_name[name].writes:
            raise unknown_field(name)
    values: dict[str, Any] = {}
    for name, text in fields.items():
        field = by_name[name]
        values[field.passed_as] = field.type.read(caller, name, text) if text.strip() else field.type.empty
    return values


def _run(entity: Entity, caller: Caller, action: Callable[..., Any], values: dict[str, Any]) -> Any:
    """Call an action, making groups that are named for the first time; together or not at all."""
    if not any(isinstance(value, NewGroup) for value in values.values()):
        return action(business_id=caller.business_id, **values)
    with transaction.atomic():
        business = business_by_id(caller.business_id)
        for argument, value in values.items():
            if isinstance(value, NewGroup):
                values[argument] = groups.ensure_group(business=business, code=str(value)).pk
        return action(business_id=caller.business_id, **values)


def _add(entity: Entity, caller: Caller, call: Call) -> Answer:
    check_options(call, {"edit_duplicates"} | ({"code_editable"} if entity.code_editable else set()))
    edits, code_editable = (
        _flag(call, "edit_duplicates"),
        entity.code_editable and _flag(call, "code_editable"),
    )
    with scope(business=caller.business_id):
        code = call.fields.get("code", "").strip()
        known = id_by_code(entity.model, "code", code) if code else None
        if known is None and edits and code_editable:
            known = _by_other_means(caller, call.fields)
        if known is not None and not edits:
            raise RpcError(DUPLICATE, f"code {code} belongs to another {entity.title}")
        if known is not None:
            return _change(entity, caller, call, known, new_code=code_editable)
        for field in entity.fields:
            if field.required and not call.fields.get(field.name, "").strip():
                raise missing(field.name)
        values = _read(entity, caller, {name: text for name, text in call.fields.items() if text.strip()})
        try:
            made = _run(entity, caller, entity.add, values)
        except Conflict:
            # Somebody was quicker: what was to be added is there now.
            known = id_by_code(entity.model, "code", code) if edits and code else None
            if known is None:
                raise
            return _change(entity, caller, call, known, new_code=code_editable)
    return Answer(DONE, [rows.one(entity, caller, made.pk)])


def _edit(entity: Entity, caller: Caller, call: Call) -> Answer:
    check_options(call, {"code_editable"} if entity.code_editable else set())
    code = call.fields.get("code", "").strip()
    with scope(business=caller.business_id):
        if entity is VOUCHER_ISSUED and call.fields.get("voucher_code", "").strip():
            return _edit_code(caller, call)
        if not code:
            raise missing("code or voucher_code" if entity is VOUCHER_ISSUED else "code")
        if not (entity.code_editable and _flag(call, "code_editable")):
            return _change(entity, caller, call, _known(entity, code, or_merged_at=caller))
        pk = id_by_code(entity.model, "code", code)
        if pk is None:
            pk = _by_other_means(caller, call.fields)
        if pk is None:
            raise RpcError("007", f"code: no {entity.title} has code {code}, nor was one found otherwise")
        return _change(entity, caller, call, pk, new_code=True)


def _by_other_means(caller: Caller, fields: Mapping[str, str]) -> int | None:
    given = {name: fields.get(name, "").strip() for name in ("secondary_code", "email", "cell")}
    try:
        return members.find_for_new_code(business_id=caller.business_id, **given)
    except Conflict as several:
        raise RpcError(NOT_FOUND, to_error(several).message) from several


def _change(entity: Entity, caller: Caller, call: Call, pk: int, *, new_code: bool = False) -> Answer:
    located_by = {"voucher_code"} if entity is VOUCHER_ISSUED else set()
    located_by |= set() if new_code else {"code"}
    given = {name: text for name, text in call.fields.items() if name not in located_by}
    changes = _read(entity, caller, given)
    # An empty one would leave a record that could not have been added.
    for field in entity.fields:
        kept = field.required or not field.erasable
        if kept and field.name in given and not given[field.name].strip():
            raise bad_value(field.name, "must not be empty")
    _run(entity, caller, partial(entity.edit, pk=pk), changes)
    return Answer(DONE, [rows.one(entity, caller, pk)])


def _edit_code(caller: Caller, call: Call) -> Answer:
    """`edit_voucher_issued` by `voucher_code`: its value is changed alone, all else with its issue (seed)."""
    wanted = call.fields["voucher_code"].strip()
    said = clean_text(wanted, field="voucher_code", max_length=50)
    found = VoucherCode.objects.filter(same_code(said)).only("pk", "issue_id").first()
    if found is None:
        raise RpcError(NOT_FOUND, f"voucher_code: there is no voucher code {wanted}")
    code = call.fields.get("code", "").strip()
    if code and id_by_code(VoucherIssue, "code", code) != found.issue_id:
        raise bad_value("code", f"{code} is not the issue that voucher_code {wanted} belongs to")
    given = {name: text for name, text in call.fields.items() if name not in {"voucher_code", "code"}}
    changes = _read(VOUCHER_ISSUED, caller, given)
    with transaction.atomic():
        if "force_value" in changes:
            issuing.edit_code(
                business_id=caller.business_id, pk=found.pk, force_value=changes.pop("force_value")
            )
        if changes:
            _run(VOUCHER_ISSUED, caller, partial(issuing.edit_issue, pk=found.issue_id), changes)
    return Answer(DONE, [rows.one(VOUCHER_ISSUED, caller, found.issue_id)])


def _delete(entity: Entity, caller: Caller, call: Call) -> Answer:
    check_options(call)
    for name in call.fields:
        if name != "code":
            raise unknown_field(name)
    code = call.fields.get("code", "").strip()
    if not code:
        raise missing("code")
    with scope(business=caller.business_id):
        entity.delete(business_id=caller.business_id, pk=_known(entity, code))
    return Answer(DONE, None)


def _verify(caller: Caller, call: Call) -> Answer:
    check_options(call)
    for name in call.fields:
        raise unknown_field(name)
    return Answer(DONE, None)


def _naming(entity: Entity, run: Callable[..., Answer]) -> Callable[[Caller, Call], Answer]:
    """Let refusals name fields as the dialect calls them."""

    def named(caller: Caller, call: Call) -> Answer:
        try:
            return run(entity, caller, call)
        except Refusal as refusal:
            code = call.fields.get("code", "").strip()
            if isinstance(refusal, NotFound) and not refusal.fields and code:
                # It went after it was found: a till knows it by its code, not by the id in the message.
                raise RpcError(NOT_FOUND, f"code {code} is unknown") from refusal
            raise to_error(refusal, entity.renames()) from refusal

    return named


def _generate() -> dict[str, Method]:
    made = [Method("verify_api", write=False, run=_verify)]
    for entity in ENTITIES:
        made += [Method(name, write=False, run=_naming(entity, _get)) for name in entity.gets]
        for verb, run in (("add", _add), ("edit", _edit), ("delete", _delete)):
            made += [Method(f"{verb}_{name}", write=True, run=_naming(entity, run)) for name in entity.edits]
    made += operations.METHODS
    return {method.name: method for method in made}


METHODS: dict[str, Method] = _generate()
