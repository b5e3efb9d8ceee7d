"""Finds code that writes tables which have one writer."""

import ast
import re
from collections.abc import Collection

from tests.tidy.source import imports, root_name, strings

MANAGER_WRITES = {
    "create", "update", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create",
    "acreate", "aupdate", "adelete", "abulk_create", "abulk_update", "aget_or_create", "aupdate_or_create",
    "_raw_delete", "raw",
}  # fmt: skip
ROW_WRITES = {"save", "asave", "delete", "adelete", "save_base"}


def written(
    module: ast.Module, *, tables: str, models: Collection[str], home: str, verbs: str, inserts_only: bool
) -> list[str]:
    """What in a module writes the tables or, when it imports them from ``home``, the models."""
    found = [
        statement[0].strip()
        for text in strings(module)
        for statement in re.finditer(rf"(?is)\b(?:{verbs})\s+(?:ONLY\s+)?[\"`]?(?:{tables})", text)
    ]
    here = {name for source, name in imports(module) if source == home and name in models}
    if not here:
        return found
    managers = (
        {"create", "bulk_create", "get_or_create", "update_or_create"} if inserts_only else MANAGER_WRITES
    )
    decorators = {
        id(one) for node in ast.walk(module) for one in getattr(node, "decorator_list", ())
    }  # `@router.delete(...)` names a verb of HTTP
    for node in ast.walk(module):
        if not isinstance(node, ast.Call) or id(node) in decorators:
            continue
        root = root_name(node.func)
        if isinstance(node.func, ast.Name) and root in here:
            found.append(f"{root}(...)")
        elif isinstance(node.func, ast.Attribute):
            verb = node.func.attr
            if (root in here and verb in managers) or (
                not inserts_only and verb in ROW_WRITES and not root[:1].isupper()
            ):
                found.append(f"{root}.{verb}(...)")
    return found


def ledger_writes(module: ast.Module) -> list[str]:
    """Writes of balances: cards, entries, rewards, lots."""
    return written(
        module,
        tables=r"ledger_",
        models={"Card", "Entry", "Reward", "Lot", "LotUse"},
        home="regulars.ledger.models",
        verbs="INSERT INTO|UPDATE|DELETE FROM|TRUNCATE|REPLACE INTO|MERGE INTO|COPY",
        inserts_only=False,
    )


def event_inserts(module: ast.Module) -> list[str]:
    """New events."""
    return written(
        module,
        tables=r"outbox_event\b",
        models={"Event"},
        home="regulars.outbox.models",
        verbs="INSERT INTO|REPLACE INTO|MERGE INTO|COPY",
        inserts_only=True,
    )
