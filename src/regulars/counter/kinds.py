"""What an operator does for a member: one function for each kind of action.

Each is called within the transaction that keeps the action, and says what to tell the operator (`said`) and
which records are behind it (`done`), for undoing.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from regulars.counter import fields, withheld
from regulars.counter.buttons import MOST_FREE, Button, Offered, name_of, offered
from regulars.counter.models import CounterSettings, Scan
from regulars.counter.refusals import ButtonChanged, NotAllowed, OtherRewardFirst
from regulars.counter.scanning import Place, add_points, give_itself
from regulars.counter.settings import MAX_STAMPS
from regulars.counter.showing import may_choose
from regulars.ledger import actions as ledger
from regulars.ledger import printed
from regulars.ledger.models import Card
from regulars.members import consents, phones
from regulars.members.models import Member
from regulars.promotions.models import EventPromotion
from regulars.rules.errors import InvalidInput, NotFound
from regulars.rules.vouchers import BelowMinimum
from regulars.sales import actions as sales
from regulars.scratchcards import cards as scratch_cards
from regulars.tenants.plans import check_feature, plan_of
from regulars.tenants.queries import same_code
from regulars.vouchers import issuing, redeeming
from regulars.vouchers.models import Voucher, VoucherCode

Fields = dict[str, Any]

# So much more than anybody asks for in one sale that it is a slip of the finger.
MOST_AMOUNT: Final = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    said: dict[str, Any]
    done: dict[str, Any]
    # Whom it was for, when that was not known before.
    member_id: int | None = None


@dataclass(frozen=True, slots=True)
class Doing:
    """Something that is being done, for whom, and why."""

    place: Place
    member: Member | None
    reason: str
    scan: Scan | None = None

    @property
    def business_id(self) -> int:
        """The business at whose counter it is done."""
        return self.place.operator.business_id

    @property
    def settings(self) -> CounterSettings:
        """The counter's settings."""
        return self.place.operator.settings

    @property
    def person(self) -> Member:
        """The member, where there must be one."""
        if self.member is None:
            raise InvalidInput.at("member_id", "is needed")
        return self.member

    @property
    def by(self) -> dict[str, Any]:
        """Where, and by whom: arguments of most actions."""
        return {"branch_id": self.place.branch_id, "staff_id": self.place.staff.pk}

    def qr_code(self) -> str:
        """The code of the member's card."""
        return Card.objects.values_list("qr_code", flat=True).get(pk=self.person.pk)

    def balance(self) -> int:
        """The points on the member's card."""
        return Card.objects.values_list("points", flat=True).get(pk=self.person.pk)

    def offered(self) -> Offered:
        """What the amount field offers the member."""
        return offered(self.settings, self.place.live, member=self.member, branch_id=self.place.branch_id)


def stamps(doing: Doing, given: Fields) -> Outcome:
    """Give stamps: `count`, 1 unless said otherwise."""
    business = doing.place.operator.business
    if not business.program.is_active:
        raise NotAllowed("This programme has no stamps.")
    # What waited for the network was right at its time, whatever the settings say now.
    most = MAX_STAMPS if doing.place.offline else doing.settings.stamps_at_once
    count = fields.whole(given.get("count", 1), "count", most=most)
    made = ledger.add_stamps(
        business_id=doing.business_id,
        qr_code=doing.qr_code(),
        count=count,
        occurred_at=doing.place.at,
        **doing.by,
    )
    said = {
        "stamps": made.stamps_added,
        "current_stamps": made.current_stamps,
        "goal": made.goal,
        "rewards_earned": made.rewards_earned,
        "pending_rewards": made.pending_rewards,
        "reward": business.program.reward_description,
    }
    return Outcome(said, {"entry": made.entry_id})


def points(doing: Doing, given: Fields) -> Outcome:
    """Give any number of points: `points`, in the field of `promotion_id` or of the settings."""
    promotion_id = fields.identifier(given.get("promotion_id"), "promotion_id")
    number = fields.whole(given.get("points"), "points", most=MOST_FREE)
    if doing.place.offline:
        return _give(doing, Button(promotion_id, _past_label(promotion_id), number))
    field = doing.offered().check_free(promotion_id)
    return _give(doing, Button(field.promotion_id, field.label, number))


def _past_label(promotion_id: int | None) -> str:
    """What a promotion is called by which an operator gave without the network; it must still be there."""
    if promotion_id is None:
        return ""
    promotion = EventPromotion.objects.filter(pk=promotion_id).first()
    if promotion is None:
        raise ButtonChanged("This promotion is not there any more.")
    return name_of(promotion)


def button(doing: Doing, given: Fields) -> Outcome:
    """Press a button as it was shown: `promotion_id`, `label`, `points`."""
    wanted = Button(
        fields.identifier(given.get("promotion_id"), "promotion_id"),
        fields.text(given.get("label", ""), "label", most=500),
        fields.whole(given.get("points"), "points"),
    )
    shown = doing.offered()
    scan = doing.scan
    if scan is not None and wanted == withheld.button(scan, doing.person, shown, doing.place.live):
        return _give_withheld(doing, scan)
    if doing.place.offline and wanted not in shown.buttons and wanted.points <= MOST_FREE:
        _past_label(wanted.promotion_id)
        return _give(doing, wanted)
    return _give(doing, shown.check_button(wanted))


def _give_withheld(doing: Doing, scan: Scan) -> Outcome:
    given = give_itself(doing.place, scan, doing.person)
    if given is None:
        raise ButtonChanged("This button is not there any more. Scan the card again.")
    said = {"points": given.points, "label": given.label, "balance": doing.balance(), "auto": True}
    return Outcome(said, {"adjustments": given.adjustments})


def _give(doing: Doing, pressed: Button) -> Outcome:
    note = " · ".join(filter(None, (pressed.label, doing.reason)))
    made = add_points(doing.place, doing.person.pk, pressed, note=note)
    said = {"points": pressed.points, "label": pressed.label, "balance": doing.balance()}
    return Outcome(said, {"adjustments": [made]})


def sale(doing: Doing, given: Fields) -> Outcome:
    """Record a sale of `amount`, which promotions turn into points."""
    shown = doing.offered()
    if not shown.sale and not doing.place.offline:
        raise NotAllowed("No amounts are entered at this counter.")
    amount = amount_of(given.get("amount"))
    if not doing.place.offline and shown.minimum is not None and amount < shown.minimum:
        raise InvalidInput.at("amount", f"must be at least {shown.minimum}")
    made = sales.add_sale(
        business_id=doing.business_id,
        member_id=doing.person.pk,
        total_value=amount,
        occurred_at=doing.place.at,
        notes=doing.reason,
        **doing.by,
    )
    said = {"amount": f"{amount:.2f}", "points": made.points, "balance": doing.balance()}
    return Outcome(said, {"sale": made.pk})


def amount_of(value: object) -> Decimal:
    """The amount of a sale: more than 0, two decimal places at most.

    Raises:
        InvalidInput: it is none; `amount` is named.
    """
    amount = fields.amount(value, "amount")
    if not 0 < amount <= MOST_AMOUNT:
        raise InvalidInput.at("amount", f"must be more than 0 and at most {MOST_AMOUNT}")
    return amount


def reward(doing: Doing, given: Fields) -> Outcome:
    """Hand out the oldest reward that waits; when that is not `reward`, OtherRewardFirst."""
    wanted = fields.text(given.get("reward"), "reward", most=500)
    made = ledger.redeem_reward(
        business_id=doing.business_id, qr_code=doing.qr_code(), occurred_at=doing.place.at, **doing.by
    )
    if wanted and wanted != made.reward:  # what was redeemed is rolled back
        raise OtherRewardFirst("Another reward comes first.", reward=made.reward)
    said = {"reward": made.reward, "pending_rewards": made.pending_rewards}
    return Outcome(said, {"entry": made.entry_id})


def voucher_issue(doing: Doing, given: Fields) -> Outcome:
    """Choose a voucher for the member, who pays its points: `voucher_id`."""
    if not may_choose(doing.place.operator):
        raise NotAllowed("Members choose their vouchers themselves here.")
    voucher_id = fields.identifier(given.get("voucher_id"), "voucher_id", required=True) or 0
    chosen = Voucher.objects.filter(pk=voucher_id, available_for_self_selection=True).first()
    if chosen is None:
        raise NotFound(f"There is no voucher {voucher_id} to choose.", fields={"voucher_id": "is unknown"})
    made = issuing.issue_voucher(
        business_id=doing.business_id, voucher_id=chosen.pk, member_id=doing.person.pk, **doing.by
    )
    code = made.codes.earliest("pk").code
    said = {"voucher_code": code, "name": chosen.name, "points_used": made.points_used}
    return Outcome(said, {"issue": made.pk})


def voucher_redeem(doing: Doing, given: Fields) -> Outcome:
    """Redeem a voucher: `voucher_code`, and the `amount` of the sale where the voucher demands one."""
    code = fields.text(given.get("voucher_code"), "voucher_code", most=50, required=True)
    amount = None if given.get("amount") is None or given["amount"] == "" else amount_of(given["amount"])
    known = VoucherCode.objects.select_related("voucher").filter(same_code(code)).first()
    if known is not None and known.voucher.min_value is not None and amount is None:
        raise InvalidInput.at("amount", "is needed: this voucher demands a smallest sale")
    try:
        made = redeeming.redeem(
            business_id=doing.business_id,
            code=code,
            sale_value=amount,
            member_id=doing.member.pk if doing.member else None,
            **doing.by,
        )
    except BelowMinimum as refusal:
        refusal.details["currency"] = doing.place.operator.business.currency
        raise
    said = {
        "voucher_code": made.voucher_code,
        "name": made.voucher.name,
        "value": f"{made.value:.2f}",
        "value_type": made.value_type,
        "points": made.points_credited,
    }
    member_id = made.member.id if made.member else None
    done = {"voucher_code": made.voucher_code, "redeemed_at": made.redeemed_at.isoformat()}
    return Outcome(said, done, member_id)


def scratch_issue(doing: Doing, given: Fields) -> Outcome:
    """Give a scratch card of a campaign: `campaign_id`."""
    check_feature(plan_of(doing.place.operator.business), "scratch_cards")
    campaign_id = fields.identifier(given.get("campaign_id"), "campaign_id", required=True) or 0
    made = scratch_cards.issue_card(
        business_id=doing.business_id, campaign_id=campaign_id, member_id=doing.person.pk
    )
    return Outcome({"campaign": made.campaign.name, "token": made.token}, {"scratch_card": made.pk})


def scratch_redeem(doing: Doing, given: Fields) -> Outcome:
    """Hand out what a scratch card holds: `token`, its token, address or short code."""
    token = fields.text(given.get("token"), "token", most=200, required=True)
    made = scratch_cards.redeem(business_id=doing.business_id, token=token, **doing.by)
    said = {
        "campaign": made.campaign.name,
        "prize": made.prize.label,
        "is_winner": made.prize.is_winner,
    }
    return Outcome(said, {"scratch_card": made.pk}, made.member_id)


def enrol(doing: Doing, given: Fields) -> Outcome:
    """Make somebody a member: `name`, `phone` or `email`, `birthday`, `language`; `blank_code` is that of a
    printed card, `marketing` what they answered when they were asked for offers, in the words of
    `marketing_text`.
    """
    operator = doing.place.operator
    if not (operator.is_owner or doing.settings.enrols):
        raise NotAllowed("New members are not enrolled at this counter.")
    wanted = fields.flag(given.get("marketing"), "marketing")
    profile = {
        "name": fields.text(given.get("name"), "name", most=1000),
        "phone": _phone(doing, given.get("phone")),
        "email": fields.text(given.get("email"), "email", most=300),
        "birthday": fields.day(given.get("birthday"), "birthday"),
        "branch_id": doing.place.branch_id,
        "language": fields.text(given.get("language"), "language", most=5),
    }
    card = printed.enrol(
        business=operator.business,
        qr_code=fields.text(given.get("blank_code"), "blank_code", most=32),
        field="blank_code",
        occurred_at=doing.place.at,
        optout_email=not wanted,
        optout_text=not wanted,
        **profile,
    )
    _note_consents(doing, card.pk, marketing=wanted, words=given.get("marketing_text"))
    said = {"member_id": card.pk, "code": card.member.code, "qr_code": card.qr_code}
    return Outcome(said, {"member": card.pk}, card.pk)


def _phone(doing: Doing, value: object) -> str:
    """A phone number as it was typed; looked at closely as long as somebody is there who can mend it."""
    text = fields.text(value, "phone", most=100)
    if doing.place.offline:
        return text
    return phones.normalise_typed(text, country=doing.place.operator.business.country)


def _note_consents(doing: Doing, member_id: int, *, marketing: bool, words: object) -> None:
    text = fields.text(words, "marketing_text", most=1000)
    for purpose, yes in (("programme", True), ("email", marketing), ("text", marketing)):
        consents.record(
            business_id=doing.business_id,
            member_id=member_id,
            purpose=purpose,
            given=yes,
            text=text if purpose != "programme" else "",
            source="counter",
            at=doing.place.at,
        )


def may_change_code(doing_settings: CounterSettings, *, is_owner: bool) -> bool:
    """Whether an operator may give members cards with other codes."""
    changers = CounterSettings.CodeChangers
    if doing_settings.code_changers == changers.STAFF:
        return True
    return doing_settings.code_changers == changers.OWNER and is_owner


def card_code(doing: Doing, given: Fields) -> Outcome:
    """Give the member a card with another code: a printed card's `qr_code`, or a new one."""
    if not may_change_code(doing.settings, is_owner=doing.place.operator.is_owner):
        raise NotAllowed("You may not change the code of a card here.")
    card = printed.replace_card(
        business_id=doing.business_id,
        member_id=doing.person.pk,
        qr_code=fields.text(given.get("qr_code"), "qr_code", most=32),
        at=doing.place.at,
    )
    return Outcome({"qr_code": card.qr_code}, {"member": card.pk})
