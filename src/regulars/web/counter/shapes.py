"""What the counter's answers look like."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.counter import undoing
from regulars.counter.buttons import MOST_FREE, Offered
from regulars.counter.models import Action
from regulars.counter.operators import Operator
from regulars.counter.scanning import Scanned
from regulars.counter.showing import Shown, masked_contact
from regulars.ledger.post import business_day
from regulars.members.models import Member
from regulars.portal import money
from regulars.rules import scratch
from regulars.scratchcards import queries as scratch_cards
from regulars.scratchcards.models import ScratchCard
from regulars.tenants.models import Branch, Business
from regulars.vouchers.models import VoucherCode
from regulars.web.counter import refusals, texts

Shape = dict[str, Any]


def iso(value: dt.datetime | None) -> str | None:
    """A point in time, in UTC."""
    return None if value is None else value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def today_of(business: Business) -> dt.date:
    """The business's own day."""
    return business_day(business.timezone, timezone.now())


def branch(row: Branch | None) -> Shape | None:
    """A branch."""
    return None if row is None else {"id": row.pk, "name": row.name}


def money_text(value: Decimal | None) -> str | None:
    """An amount as the page sends it back, None for none."""
    return None if value is None else f"{value:.2f}"


def offered(found: Offered) -> Shape:
    """What the amount field offers."""
    return {
        "buttons": [
            {
                "promotion_id": one.promotion_id,
                "label": one.label,
                "points": one.points,
                "text": texts.button(one.label, one.points),
            }
            for one in found.buttons
        ],
        "free": [
            {"promotion_id": one.promotion_id, "label": one.label, "most": MOST_FREE} for one in found.free
        ],
        "sale": {"minimum": money_text(found.minimum)} if found.sale else None,
    }


def person(row: Member) -> Shape:
    """Somebody to choose from several."""
    return {"id": row.pk, "name": row.name, "code": row.code, "contact": masked_contact(row)}


def member(shown: Shown, operator: Operator) -> Shape:
    """A member at the counter."""
    business, row = operator.business, shown.member
    return {
        **person(row),
        "suspended": row.suspended,
        "is_new": shown.is_new,
        "birthday_today": shown.birthday_today,
        "stamps": _stamps(shown, business),
        "points": _points(shown, operator),
        "pending_rewards": shown.card.pending_rewards,
        "rewards": [{"text": text, "count": number} for text, number in shown.rewards],
        "vouchers": [voucher(one, operator) for one in shown.vouchers],
        "offers": [
            {
                "id": one.pk,
                "name": one.name,
                "value_text": money.worth(one.value, one.value_type, business.currency),
                "points": one.points_required,
            }
            for one in shown.offers
        ],
        "scratch_campaigns": [{"id": one.pk, "name": one.name} for one in shown.campaigns],
        "scratch_cards": [scratch_card(one, operator) for one in shown.scratch_cards],
        "stamps_most": operator.settings.stamps_at_once if business.program.is_active else 0,
        **offered(shown.offered),
        "limits": {
            "may_earn": shown.room.may_earn,
            "again_at": iso(shown.room.again_at),
            "left_today": shown.room.left_today,
            "text": "" if shown.room.may_earn else texts.limit(shown.room.again_at, business, shown.today),
        },
        "visits": {
            "total": shown.card.total_visits,
            "today": shown.visits_today,
            "last_at": iso(shown.card.last_visit_at),
            "last_text": texts.moment(shown.card.last_visit_at, business, shown.today),
        },
        "last": [action(one, operator) for one in shown.last],
    }


def _stamps(shown: Shown, business: Business) -> Shape | None:
    program = business.program
    if not program.is_active:
        return None
    missing = max(program.stamps_required - shown.card.stamps, 0)
    return {
        "count": shown.card.stamps,
        "goal": program.stamps_required,
        "to_go": missing,
        "reward": program.reward_description,
        "text": texts.to_go(missing, program.reward_description),
    }


def _points(shown: Shown, operator: Operator) -> Shape | None:
    used = operator.business.points_active or operator.settings.quickscan_function or shown.card.points
    return {"balance": shown.card.points, "spendable": shown.spendable} if used else None


def voucher(row: VoucherCode, operator: Operator) -> Shape:
    """A voucher in somebody's hand."""
    business, of = operator.business, row.voucher
    today = today_of(business)
    problem = _voucher_problem(row, operator, today)
    return {
        "code": row.code,
        "name": of.name,
        "details": of.voucher_details,
        "value_text": money.worth(row.value, row.value_type, business.currency),
        "expires_on": row.expires_on.isoformat() if row.expires_on else None,
        "expires_text": texts.until(row.expires_on, today),
        "needs_amount": of.min_value is not None,
        "min_text": _("from %(amount)s on") % {"amount": texts.amount(of.min_value, business)}
        if of.min_value is not None
        else "",
        "usable": not problem,
        "problem": problem,
    }


def _voucher_problem(row: VoucherCode, operator: Operator, today: dt.date) -> str:
    of = row.voucher
    if row.status == VoucherCode.Status.REDEEMED:
        return _("This voucher was used before.")
    if row.expires_on is not None and row.expires_on < today:
        return _("This voucher has expired.")
    if of.date_from is not None and of.date_from > today:
        return _("This voucher is not valid yet.")
    held = row.status == VoucherCode.Status.RESERVED and row.reserved_until
    if held and held > timezone.now():
        return _("Another till holds this voucher. Try again in some minutes.")
    if of.branch_id is not None and operator.branch_id not in {None, of.branch_id}:
        return _("This voucher is for another branch.")
    return ""


def scratch_card(row: ScratchCard, operator: Operator) -> Shape:
    """A scratch card. What it holds is not told before it is scratched."""
    status = scratch_cards.status_of(row, today_of(operator.business))
    shown = row.revealed_at is not None
    problem = {
        scratch_cards.COVERED: _("This card is not scratched yet. The member scratches it first."),
        scratch_cards.REDEEMED: _("This prize was handed out before."),
        scratch_cards.EXPIRED: _("This scratch card has expired."),
    }.get(status, "")
    if not problem and not row.prize.is_winner:
        problem = _("This card has won nothing.")
    return {
        "token": row.token,
        "code": scratch.short_code(row.token),
        "campaign": row.campaign.name,
        "status": status,
        "prize": row.prize.label if shown else None,
        "is_winner": row.prize.is_winner if shown else None,
        "usable": not problem,
        "problem": problem,
    }


def action(row: Action, operator: Operator) -> Shape:
    """Something that was done."""
    found = undoing.chance(operator, row)
    return {
        "id": row.pk,
        "client_id": str(row.client_id),
        "kind": row.kind,
        "text": texts.action(row, operator.business),
        "member": {"id": row.member.pk, "name": row.member.name} if row.member else None,
        "operator": row.staff.name if row.staff else "",
        "branch": row.branch.name if row.branch else "",
        "reason": row.reason,
        "at": iso(row.occurred_at),
        "at_text": texts.moment(row.occurred_at, operator.business, today_of(operator.business)),
        "offline": bool(row.said.get("offline")),
        "undone": row.undone_at is not None,
        "can_undo": found.may,
        "undo_until": iso(found.until),
        "why_not": refusals.why_not(found.why),
    }


def result(row: Action, operator: Operator) -> Shape:
    """What came of an action, with what the page shows of it."""
    said: Shape = {name: value for name, value in row.said.items() if name != "offline"}
    if "value" in said:
        said["value_text"] = money.worth(
            Decimal(said["value"]), said["value_type"], operator.business.currency
        )
    if "token" in said and row.kind == Action.Kind.SCRATCH_ISSUE:
        said |= _address(scratch_cards.card_url(said["token"]))
    if "qr_code" in said:
        said |= _address(f"{settings.REGULARS_PUBLIC_URL}/card/{said['qr_code']}")
    return said


def _address(url: str) -> Shape:
    # A data address, because the page allows no script and no style that it did not bring along.
    import segno  # noqa: PLC0415 - 6 MB that nobody needs before the first code is drawn

    code = segno.make_qr(url, error="m")
    return {"card_url": url, "qr": code.svg_data_uri(border=2, scale=8)}


def scanned(found: Scanned, operator: Operator) -> Shape:
    """What a scan showed."""
    if found.shown is not None and found.scan is not None:
        return {
            "found": "member",
            "scan_id": str(found.scan.client_id),
            "member": member(found.shown, operator),
            "given": action(found.given, operator) if found.given else None,
            "focus": _focus(found, operator),
        }
    of = found.found
    if of.alias is not None:
        return {
            "found": "unconfirmed_card",
            "qr_code": of.alias.qr_code,
            "typed_name": of.alias.name,
            "member": person(found.members[0]),
        }
    if of.voucher is not None:
        return {"found": "voucher", "voucher": voucher(of.voucher, operator)}
    if of.scratch_card is not None:
        return {"found": "scratch_card", "scratch_card": scratch_card(of.scratch_card, operator)}
    if of.blank is not None:
        return {"found": "blank_card", "qr_code": of.blank.qr_code, "number": of.blank.number}
    return {"found": "choose", "members": [person(one) for one in found.members], "more": of.more}


def _focus(found: Scanned, operator: Operator) -> Shape | None:
    if found.found.voucher is not None:
        return {"kind": "voucher", "voucher": voucher(found.found.voucher, operator)}
    if found.found.scratch_card is not None:
        return {"kind": "scratch_card", "scratch_card": scratch_card(found.found.scratch_card, operator)}
    return None
