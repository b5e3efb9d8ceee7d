"""Fills a database with one business and its members. Each function wants a process of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from bench import members, recording, statements

if TYPE_CHECKING:
    from django.db.models import Model

    from bench.workloads import Workload


@dataclass(frozen=True, slots=True)
class Shop:
    """What callers of the API need to know about the benchmark's business."""

    api_key: str
    business_id: int
    branch_id: int
    member_count: int


def start_django(environment: Mapping[str, str]) -> None:
    """Set Django up for one Regulars, in a process that has not done so yet."""
    for name in [name for name in os.environ if name.startswith("REGULARS_")]:
        del os.environ[name]  # the outcome does not depend on whose machine this is
    os.environ.update(environment)
    os.environ["DJANGO_SETTINGS_MODULE"] = "regulars.settings"
    import django  # noqa: PLC0415 - reads the environment above

    django.setup()


def record(environment: Mapping[str, str], vendor: str, shop: Shop) -> statements.Recorded:
    """The statements that the product executes for this shop."""
    start_django(environment)
    return statements.record(vendor=vendor, business_id=shop.business_id, branch_id=shop.branch_id)


def record_steps(environment: Mapping[str, str], workload: Workload, shop: Shop) -> list[recording.Step]:
    """The statements that one request of a workload executes, seen on a database that nobody else uses.

    The two members that are compared first get different histories, so that no number of one is the other's.
    """
    start_django(environment)
    from django.test import Client  # noqa: PLC0415 - reads the environment

    client = Client(SERVER_NAME="127.0.0.1", headers={"Host": "127.0.0.1"})

    def ask(number: int) -> None:
        headers = dict(workload.headers(shop))
        response = client.post(
            workload.path,
            workload.body(shop, workload.asked(shop, number)),
            content_type=headers.pop("Content-Type"),
            headers=headers,
        )
        body = response.getvalue()
        if response.status_code != 200 or workload.answer not in body:
            raise RuntimeError(f"answer {response.status_code}: {body[:500]!r}")

    def number(member: int, turn: int) -> int:
        return member + shop.member_count * turn if workload.sequential else member

    turns = {17: 4, 38: 7}  # member: requests before the one that is recorded
    for member, times in turns.items():
        for turn in range(times):
            ask(number(member, turn))
    chosen = [number(member, times) for member, times in turns.items()]
    return recording.explain(
        [workload.asked(shop, one) for one in chosen],
        [recording.watch(partial(ask, one)) for one in chosen],
    )


def sqlite_pragmas(environment: Mapping[str, str]) -> str:
    """How the product opens an SQLite database."""
    start_django(environment)
    from django.conf import settings  # noqa: PLC0415 - reads the environment

    pragmas: str = settings.DATABASES["default"]["OPTIONS"]["init_command"]
    return pragmas


def fill(environment: Mapping[str, str], member_count: int, stock: str = "", supply: int = 0) -> Shop:
    """Make the tables and a business with so many members, an eighth of them one stamp short of a reward.

    `stock` names what a workload needs besides, and `supply` how much of it (`bench.stock`).

    The business and its first member are made by the product's own actions; the others are copies of the
    first, with a code, address and card of their own, and entries that explain their stamps.
    """
    if not 1 <= member_count <= members.MOST_MEMBERS:
        raise ValueError(f"members: 1 to {members.MOST_MEMBERS}")
    start_django(environment)
    from django.db import connection, transaction  # noqa: PLC0415 - reads the environment

    from bench.stock import add_stock  # noqa: PLC0415 - the same
    from regulars.analytics.rollup import roll_up_all  # noqa: PLC0415 - the same
    from regulars.commands.database import apply_changes  # noqa: PLC0415 - the same
    from regulars.ledger.actions import enrol  # noqa: PLC0415 - the same
    from regulars.tenants import actions as tenants  # noqa: PLC0415 - the same

    apply_changes()
    made = tenants.create_business(
        name="Bench Café",
        owner_email="owner@bench.example",
        stamps_required=statements.GOAL,
        reward_description=statements.REWARD_TEXT,
        timezone=statements.TIMEZONE,
    )
    business = made.business
    branch = tenants.create_branch(business=business, name="Main street")
    card = enrol(business=business, name="Asha Rao", phone="+14155550100", email="m1@bench.example")
    with transaction.atomic(), connection.cursor() as cursor:
        for sql in _copies(card.pk, member_count):
            cursor.execute(sql)
    add_stock(stock, business_id=business.pk, member_id=card.pk, member_count=member_count, supply=supply)
    roll_up_all()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    connection.close()
    return Shop(made.api_key, business.pk, branch.pk, member_count)


def _copies(first: int, member_count: int) -> list[str]:
    """SQL that both databases understand."""
    from regulars.ledger.models import Card, Entry  # noqa: PLC0415 - models need Django's settings
    from regulars.members.models import Member  # noqa: PLC0415 - the same

    number = f"(CAST(m.code AS bigint) - {members.CODE_BASE})"
    stamps = f"{number} % {statements.GOAL}"
    address = "'m' || n.i || '@bench.example'"
    phone = "'+1' || (4155550099 + n.i)"
    return [
        f"UPDATE members_member SET code = '{members.CODE_BASE + 1}'",
        f"UPDATE ledger_card SET qr_code = '{members.qr_code(1).decode()}'",
        f"WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {member_count}) "
        + copy_rows(
            Member,
            f"n, members_member o WHERE o.id = {first} AND n.i <= {member_count} ORDER BY n.i",
            code=f"CAST({members.CODE_BASE} + n.i AS text)",
            email=address,
            cell=phone,
            search_text=f"'asha rao ' || {address} || ' ' || {phone}",
        ),
        copy_rows(
            Card,
            f"members_member m, ledger_card o WHERE o.member_id = {first} AND m.id <> {first} ORDER BY m.id",
            keep_key=True,
            member_id="m.id",
            qr_code=f"CAST({members.qr_expression(number)} AS text)",
            stamps=stamps,
            total_stamps=stamps,
            total_visits=f"CASE WHEN {stamps} > 0 THEN 1 ELSE 0 END",
            version=f"CASE WHEN {stamps} > 0 THEN 1 ELSE 0 END",
            last_visit_at=f"CASE WHEN {stamps} > 0 THEN m.joined_at END",
        ),
        copy_rows(
            Entry,
            f"members_member m, ledger_entry o WHERE o.card_id = {first} AND m.id <> {first} ORDER BY m.id",
            card_id="m.id",
        ),
        copy_rows(
            Entry,
            f"members_member m, ledger_entry o WHERE o.card_id = {first} AND m.id <> {first} "
            f"AND {stamps} > 0 ORDER BY m.id",
            card_id="m.id",
            kind="'stamp_add'",
            visits="1",
            stamps=stamps,
            stamps_after=stamps,
        ),
    ]


def copy_rows(model: type[Model], source: str, *, keep_key: bool = False, **changed: str) -> str:
    """INSERT rows like row `o` of the source, with some columns changed and a key of their own."""
    fields = model._meta.concrete_fields  # noqa: SLF001 - the way in which Django lists them
    columns = [field.column or "" for field in fields if keep_key or not field.primary_key]
    if unknown := changed.keys() - set(columns):
        raise ValueError(f"{model.__name__} has no columns {sorted(unknown)}")
    values = ", ".join(changed.get(column, f"o.{column}") for column in columns)
    return f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) SELECT {values} FROM {source}"  # noqa: SLF001
