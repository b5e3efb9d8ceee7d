"""What a workload needs besides members: promotions, voucher codes, rewards that wait."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from bench import statements
from bench.members import VOUCHER_BASE

LIVE_PROMOTIONS = 20
MATCHING = 5


def add_stock(stock: str, *, business_id: int, member_id: int, member_count: int, supply: int) -> None:
    """Add what the workload called `stock` needs. `member_id` is the first member, whose history is copied.

    Members have ids that follow one another.
    """
    if stock == "sales":
        _add_promotions(business_id)
    elif stock == "vouchers":
        _add_voucher_codes(business_id, member_id, member_count, supply)
    elif stock == "rewards":
        _add_rewards(member_count, supply)


def _add_promotions(business_id: int) -> None:
    """Twenty live promotions: five for everybody, the others for a group, a branch, an SKU or a category."""
    from regulars.catalog import actions as catalog  # noqa: PLC0415 - needs Django's settings
    from regulars.members.groups import ensure_group  # noqa: PLC0415 - the same
    from regulars.promotions.actions import add_promotion  # noqa: PLC0415 - the same
    from regulars.tenants import actions as tenants  # noqa: PLC0415 - the same
    from regulars.tenants.models import Business  # noqa: PLC0415 - the same

    business = Business.objects.get(pk=business_id)
    conditions: list[dict[str, Any]] = [{}] * MATCHING
    for number in range(4):
        category = catalog.add_category(business_id=business_id, name=f"Category {number}")
        sku = catalog.add_sku(business_id=business_id, name=f"Item {number}", code=f"SKU{number}")
        conditions += [{"category_id": category.pk}, {"sku_id": sku.pk}]
        conditions += [{"group_id": ensure_group(business=business, code=f"Group {number}").pk}]
        conditions += [{"branch_id": tenants.create_branch(business=business, name=f"Shop {number}").pk}]
    for number, condition in enumerate(conditions[:LIVE_PROMOTIONS]):
        add_promotion(
            business_id=business_id,
            name=f"Promotion {number}",
            percent_of_spend=Decimal(number + 1),
            date_from=dt.date(2020, 1, 1),
            date_to=dt.date(2099, 12, 31),
            **condition,
        )


def _add_voucher_codes(business_id: int, member_id: int, member_count: int, supply: int) -> None:
    """A voucher, and so many codes of it; all members have as many of them, in issues of their own."""
    from django.db import connection, transaction  # noqa: PLC0415 - needs Django's settings
    from django_scopes import scope  # noqa: PLC0415 - the same

    from bench.shop import copy_rows  # noqa: PLC0415 - it imports this module
    from regulars.vouchers import actions, issuing  # noqa: PLC0415 - needs Django's settings
    from regulars.vouchers.models import VoucherCode, VoucherIssue, VoucherLog  # noqa: PLC0415 - the same

    each = -(-supply // member_count)
    voucher = actions.add_voucher(business_id=business_id, name="5.00 off", value=Decimal(5))
    issue = issuing.issue_voucher(
        business_id=business_id, voucher_id=voucher.pk, member_id=member_id, qty=1, code="I1"
    )
    with scope(business=business_id):
        first = VoucherCode.objects.get(issue=issue)
        logs = list(VoucherLog.objects.filter(voucher_code=first).values_list("pk", flat=True))
    turns = _turns(0, each - 1)
    number = f"(m.id - {member_id} + {member_count} * t.i)"
    inserts = [
        f"UPDATE vouchers_voucherissue SET qty = {each}",
        f"UPDATE vouchers_vouchercode SET code = '{VOUCHER_BASE}'",
        copy_rows(
            VoucherIssue,
            f"members_member m, vouchers_voucherissue o WHERE o.id = {issue.pk} AND m.id <> {member_id}",
            member_id="m.id",
            code="'I' || m.id",
        ),
        copy_rows(
            VoucherCode,
            f"members_member m, {turns} t, vouchers_vouchercode o, vouchers_voucherissue s "
            f"WHERE o.id = {first.pk} AND s.member_id = m.id AND {number} > 0 ORDER BY {number}",
            member_id="m.id",
            issue_id="s.id",
            code=f"CAST({VOUCHER_BASE} + {number} AS text)",
        ),
        *(
            copy_rows(
                VoucherLog,
                f"vouchers_vouchercode c, vouchers_voucherlog o WHERE o.id = {log} AND c.id <> {first.pk}",
                voucher_code_id="c.id",
            )
            for log in logs
        ),
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        for sql in inserts:
            cursor.execute(sql)


def _turns(first: int, last: int) -> str:
    """SQL for the numbers from one to another, in a column `i`."""
    more = f"SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last}"
    return f"(WITH RECURSIVE n(i) AS ({more}) SELECT i FROM n)"


def _add_rewards(member_count: int, supply: int) -> None:
    """So many rewards that wait, as many for each member, and the stamps that earned them."""
    from django.db import connection, transaction  # noqa: PLC0415 - needs Django's settings

    each = -(-supply // member_count)
    stamps = each * statements.GOAL
    turns = _turns(1, each)
    entries = (
        "INSERT INTO ledger_entry (business_id, card_id, kind, stamps, stamps_spent, rewards, visits, "
        "points, stamps_after, points_after, text, occurred_at, day) "
        f"SELECT o.business_id, c.member_id, 'stamp_add', {stamps}, {stamps}, {each}, 1, 0, c.stamps, "
        "c.points, '', o.occurred_at, o.day "
        "FROM ledger_card c JOIN ledger_entry o ON o.card_id = c.member_id AND o.kind = 'enrol'"
    )
    rewards = (
        "INSERT INTO ledger_reward (business_id, card_id, text, earned_entry_id) "
        f"SELECT e.business_id, e.card_id, '{statements.REWARD_TEXT}', e.id "
        f"FROM ledger_entry e, {turns} t WHERE e.rewards = {each}"
    )
    cards = (
        f"UPDATE ledger_card SET total_stamps = total_stamps + {stamps}, "
        f"stamps_spent = stamps_spent + {stamps}, total_visits = total_visits + 1, "
        f"pending_rewards = {each}, rewards_earned = {each}, version = version + 1, "
        "last_visit_at = COALESCE(last_visit_at, (SELECT e.occurred_at FROM ledger_entry e "
        "WHERE e.card_id = ledger_card.member_id AND e.kind = 'enrol'))"
    )
    with transaction.atomic(), connection.cursor() as cursor:
        for sql in (entries, rewards, cards):
            cursor.execute(sql)
