"""Everything that may happen to a card. Each action is one posting, or none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django_scopes import scope

from regulars import db
from regulars.ledger import followups
from regulars.ledger import post as poster
from regulars.ledger.models import Card, Entry
from regulars.ledger.post import CardState, Posting
from regulars.ledger.settle import Decision, check_branch, earned_event, settle
from regulars.ledger.taking import StampsTaken, take_stamps
from regulars.ledger.undoing import Undone, undo
from regulars.members import actions as members
from regulars.members import aliases
from regulars.members.models import Member
from regulars.outbox.emit import NewEvent, emit
from regulars.rules import birthdays, codes, stamps
from regulars.rules.errors import Conflict, InvalidInput, NotFound, NothingToRedeem
from regulars.tenants.models import Business, Program

__all__ = [
    "RewardRedeemed",
    "StampsAdded",
    "StampsTaken",
    "Undone",
    "add_birthday_bonus",
    "add_stamps",
    "enrol",
    "redeem_reward",
    "replace_card",
    "take_stamps",
    "undo",
]


@dataclass(frozen=True, slots=True)
class StampsAdded:
    """What a card became when stamps were added."""

    customer_id: int
    stamps_added: int
    current_stamps: int
    goal: int
    rewards_earned: int
    pending_rewards: int
    branch_id: int | None
    entry_id: int

    @property
    def reward_earned(self) -> bool:
        """Whether at least one reward was completed."""
        return self.rewards_earned > 0


@dataclass(frozen=True, slots=True)
class RewardRedeemed:
    """Which reward was redeemed, under the text it was earned with, and what is left."""

    customer_id: int
    reward: str
    pending_rewards: int
    total_redeemed: int
    entry_id: int


def enrol(
    *,
    business: Business,
    name: str = "",
    phone: str = "",
    email: str = "",
    birthday: dt.date | None = None,
    occurred_at: dt.datetime | None = None,
    contact_required: bool = True,
    qr_code: str = "",
    **profile: Any,
) -> Card:
    """Make somebody a member and give them a card, which is returned as it was opened.

    A phone or an e-mail is needed (REST seed) unless `contact_required` is False (RPC seed). `qr_code` is the
    code of a card that was printed before; the caller knows that the business issued it. `profile` takes what
    else `members.actions.create_member` takes: a code, the further fields, `unique_contact`.

    Raises:
        InvalidInput: a value is unusable; the message names it.
        NotFound: the business has no such group or branch.
        AlreadyEnrolled: a member of the business has this phone or e-mail.
        Conflict: a member of the business has this code, or somebody has the card with this QR code.
        PlanLimit: the plan allows no more members.
    """
    contacts = (phone, profile.get("cell"), email)
    if contact_required and not any(contact and contact.strip() for contact in contacts):
        problem = "is needed unless the other is given"
        raise InvalidInput("A phone or an email is needed.", fields={"phone": problem, "email": problem})
    now = occurred_at or timezone.now()
    with _free(qr_code), transaction.atomic(), scope(business=business):
        member = members.create_member(
            business=business,
            name=name,
            phone=phone,
            email=email,
            birthday=birthday,
            joined_at=now,
            **profile,
        )
        card = poster.open_card(
            business_id=business.pk,
            member_id=member.pk,
            qr_code=qr_code or codes.new_qr_code(),
            timezone=business.timezone,
            occurred_at=now,
        )
        emit(business_id=business.pk, events=[_enrolled_event(member, card)])
        followups.enrolled(business_id=business.pk, member_id=member.pk, at=now)
    return card


@contextmanager
def _free(qr_code: str) -> Iterator[None]:
    """Within it a card gets a code that was chosen before; refused when it is no code, or somebody has it.

    Around the transaction: what the database refuses, because somebody was faster, is looked at afterwards.
    """
    if qr_code and not codes.is_qr_code(qr_code):
        raise InvalidInput.at("qr_code", "must be 16 digits from 0 to 9 and a to f")
    taken = Conflict("There is a card with this QR code.", fields={"qr_code": "is on a card already"})
    if _is_taken(qr_code):
        raise taken
    try:
        yield
    except IntegrityError:
        if _is_taken(qr_code):
            raise taken from None
        raise


# A code is one card's in the whole installation: the customer's page knows nothing but it.
_TAKEN = """
SELECT 1 FROM ledger_card WHERE qr_code = %s
UNION ALL SELECT 1 FROM members_cardalias WHERE qr_code = %s"""


def _is_taken(qr_code: str) -> bool:
    return bool(qr_code and db.run(_TAKEN, (qr_code, qr_code)))


def replace_card(*, business_id: int, member_id: int, qr_code: str = "") -> Card:
    """Give a member a card with another code, because theirs was lost or somebody else knows its code.

    What lies on it stays. The old code is nobody's from now on, nor are others that opened the card.
    `qr_code` as for `enrol`.

    Raises:
        InvalidInput: `qr_code` is not 16 hex digits.
        NotFound: the business has no such member.
        Conflict: somebody has the card with this QR code.
    """
    code = qr_code or codes.new_qr_code()
    with _free(qr_code), transaction.atomic(), scope(business=business_id):
        if not poster.replace_code(business_id=business_id, member_id=member_id, qr_code=code):
            raise NotFound(f"There is no customer {member_id}.")
        aliases.forget_confirmed(business_id=business_id, member_id=member_id)
        data = {"customer_id": member_id, "qr_code": code}
        emit(business_id=business_id, events=[NewEvent("card.replaced", member_id, data)])
        return Card.objects.get(member_id=member_id)


def _enrolled_event(member: Member, card: Card) -> NewEvent:
    data = {
        "customer_id": member.pk,
        "code": member.code,
        "qr_code": card.qr_code,
        "name": member.name,
        "email": member.email,
        "phone": member.cell,
    }
    return NewEvent("member.enrolled", member.pk, data)


def add_stamps(
    *,
    business_id: int,
    qr_code: str,
    count: int = 1,
    visit: bool = True,
    branch_id: int | None = None,
    staff_id: int | None = None,
    occurred_at: dt.datetime | None = None,
) -> StampsAdded:
    """Give stamps; each full card becomes a reward and the rest carries over. One call is one visit.

    Without `visit` nobody came: it puts right what a card says, such as after a lost paper card.

    Raises:
        InvalidInput: `count` is outside 1 to 10.
        NotFound: the business has no such card, or no such active branch.
        Suspended: the member is suspended.
    """
    if not stamps.MIN_COUNT <= count <= stamps.MAX_COUNT:
        raise InvalidInput.at(
            "count", f"must be a whole number from {stamps.MIN_COUNT} to {stamps.MAX_COUNT}"
        )
    now = occurred_at or timezone.now()

    def decide(state: CardState) -> Decision:
        check_branch(state, branch_id)
        return _stamp_posting(
            state, Entry.Kind.STAMP_ADD, count, now, visits=int(visit), branch_id=branch_id, staff_id=staff_id
        )

    state, posting, entry_id = settle(decide, business_id=business_id, qr_code=qr_code, branch_id=branch_id)
    return _stamps_added(state, posting, entry_id)


def add_birthday_bonus(
    *, business_id: int, member_id: int, year: int, occurred_at: dt.datetime | None = None
) -> StampsAdded | None:
    """Give the programme's birthday stamps, once per calendar year; None when there is nothing to give.

    Not a visit. It is due from the birthday itself on, in the business's time zone (29 February: 28th).

    Raises:
        NotFound: the business has no such member.
    """
    now = occurred_at or timezone.now()
    occasion = f"birthday:{year}"
    with scope(business=business_id):
        member = Member.objects.filter(pk=member_id).first()
        bonus = Program.objects.values_list("birthday_bonus_stamps", flat=True).get()
        if member is None:
            raise NotFound(f"There is no customer {member_id}.")
        if not bonus or member.date_of_birth is None or member.suspended:
            return None
        if Entry.objects.filter(card_id=member_id, occasion=occasion).exists():
            return None
        birthday = birthdays.bonus_day(member.date_of_birth, year)

    def decide(state: CardState) -> Decision:
        if poster.business_day(state.timezone, now) < birthday:
            raise Conflict(f"The birthday of customer {member_id} in {year} is yet to come.")
        return _stamp_posting(state, Entry.Kind.BIRTHDAY_BONUS, bonus, now, occasion=occasion)

    try:
        with transaction.atomic():
            settled = settle(decide, business_id=business_id, member_id=member_id)
    except IntegrityError:  # the database lets an occasion happen once: somebody else was first
        return None
    return _stamps_added(*settled)


def _stamp_posting(state: CardState, kind: Entry.Kind, count: int, now: dt.datetime, **more: Any) -> Decision:
    result = stamps.add_stamps(stamps=state.stamps, goal=state.goal, count=count)
    posting = Posting(
        kind=kind.value,
        occurred_at=now,
        stamps=count,
        stamps_spent=result.stamps_spent,
        rewards=result.rewards_earned,
        reward_text=state.reward_text,
        **more,
    )
    added = {
        "customer_id": state.member_id,
        "stamps_added": count,
        "current_stamps": result.stamps,
        "goal": state.goal,
        "rewards_earned": result.rewards_earned,
        "pending_rewards": state.pending_rewards + result.rewards_earned,
        "branch_id": posting.branch_id,
    }
    events = [NewEvent("stamp.added", state.member_id, added)]
    if result.rewards_earned:
        events.append(earned_event(state, result.rewards_earned))
    return posting, events


def _stamps_added(state: CardState, posting: Posting, entry_id: int) -> StampsAdded:
    return StampsAdded(
        customer_id=state.member_id,
        stamps_added=posting.stamps,
        current_stamps=state.stamps + posting.stamps - posting.stamps_spent,
        goal=state.goal,
        rewards_earned=posting.rewards,
        pending_rewards=state.pending_rewards + posting.rewards,
        branch_id=posting.branch_id,
        entry_id=entry_id,
    )


def redeem_reward(
    *,
    business_id: int,
    qr_code: str,
    branch_id: int | None = None,
    staff_id: int | None = None,
    occurred_at: dt.datetime | None = None,
) -> RewardRedeemed:
    """Redeem the oldest pending reward of a card. Exactly one caller gets each reward.

    Raises:
        NotFound: the business has no such card, or no such active branch.
        Suspended: the member is suspended.
        NothingToRedeem: no reward is pending.
    """
    now = occurred_at or timezone.now()

    def decide(state: CardState) -> Decision:
        check_branch(state, branch_id)
        if state.next_reward_id is None:
            raise NothingToRedeem("This customer has no reward to redeem.")
        posting = Posting(
            kind=Entry.Kind.REWARD_REDEEM.value,
            occurred_at=now,
            rewards=-1,
            text=state.next_reward_text,
            redeems_reward_id=state.next_reward_id,
            branch_id=branch_id,
            staff_id=staff_id,
        )
        data = {
            "customer_id": state.member_id,
            "reward": state.next_reward_text,
            "pending_rewards": state.pending_rewards - 1,
            "total_redeemed": state.rewards_redeemed + 1,
            "branch_id": branch_id,
        }
        return posting, [NewEvent("reward.redeemed", state.member_id, data)]

    state, posting, entry_id = settle(
        decide, business_id=business_id, qr_code=qr_code, branch_id=branch_id, with_reward=True
    )
    return RewardRedeemed(
        customer_id=state.member_id,
        reward=posting.text,
        pending_rewards=state.pending_rewards - 1,
        total_redeemed=state.rewards_redeemed + 1,
        entry_id=entry_id,
    )
