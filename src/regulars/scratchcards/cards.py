"""What happens to scratch cards: issued, opened, revealed, redeemed, erased.

Whoever changes several things locks in this order, so that no two wait for each other: member, cards,
campaign, prizes.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django_scopes import scope

from regulars import db
from regulars.ledger.post import business_day
from regulars.outbox import emit
from regulars.rules import scratch, values
from regulars.rules.errors import Conflict, InvalidInput, NotFound, Suspended
from regulars.scratchcards import queries
from regulars.scratchcards.actions import lock_campaign
from regulars.scratchcards.models import Prize, ScratchCampaign, ScratchCard
from regulars.scratchcards.queries import CardView
from regulars.tenants.models import Branch

# Cards for whoever bears them, together.
MOST_AT_ONCE = 1_000
_LOOKED_FOR = 200


def issue_card(
    *,
    business_id: int,
    campaign_id: int,
    member_id: int | None = None,
    expires_days: int = scratch.USUAL_DAYS,
) -> ScratchCard:
    """Issue a card of a campaign, to a member or to whoever bears it, and draw its prize.

    It is good for `expires_days` days after today (1 to 3650), and no longer than the campaign. Limits are
    exact, however many ask at once; a prize that is used up leaves the draw.

    Raises:
        InvalidInput: `expires_days` is unusable.
        NotFound: the business has no such campaign or member.
        Suspended: the member is suspended.
        ScratchPaused, ScratchEnded: the campaign issues no cards.
        ScratchLimitReached: the campaign or the member has as many cards as there may be.
        NoPrizeLeft: every prize is used up.
    """
    days = _days(expires_days)
    with transaction.atomic(), scope(business=business_id):
        if member_id is not None:
            _hold_member(business_id, member_id)
        (card,) = _issue(business_id, campaign_id, member_id=member_id, number=1, days=days)
    return card


def issue_bearer_cards(
    *, business_id: int, campaign_id: int, number: int, expires_days: int = scratch.USUAL_DAYS
) -> list[ScratchCard]:
    """Issue so many cards (1 to 1,000) to whoever bears them, together or not at all; drawn one by one.

    However many they are it is a handful of statements, because on SQLite nobody else can write meanwhile.

    Raises:
        InvalidInput: `number` or `expires_days` is unusable.
        NotFound: the business has no such campaign.
        ScratchPaused, ScratchEnded, ScratchLimitReached, NoPrizeLeft: as for `issue_card`.
    """
    number = values.whole_number(number, field="qty", least=1, most=MOST_AT_ONCE)
    days = _days(expires_days)
    with transaction.atomic(), scope(business=business_id):
        return _issue(business_id, campaign_id, member_id=None, number=number, days=days)


def _days(expires_days: int) -> int:
    return values.whole_number(expires_days, field="expires_days", least=1, most=scratch.MAX_DAYS)


def _issue(
    business_id: int, campaign_id: int, *, member_id: int | None, number: int, days: int
) -> list[ScratchCard]:
    now = timezone.now()
    campaign = lock_campaign(campaign_id)
    today = business_day(campaign.business.timezone, now)
    check_open(campaign, today)
    prizes = list(campaign.prizes.order_by("position", "pk"))
    _check_limits(campaign, prizes, member_id, number)
    last_day = scratch.last_day(today, days=days, campaign_ends=campaign.expires_at)
    made = ScratchCard.objects.bulk_create(
        ScratchCard(
            business_id=business_id,
            campaign=campaign,
            prize=prize,
            member_id=member_id,
            token=scratch.new_token(),
            expires_at=last_day,
            issued_at=now,
        )
        for prize in _drawn(prizes, number)
    )
    emit.emit(
        business_id=business_id,
        events=[emit.NewEvent("scratch_card.issued", member_id, _facts(card, _told(card))) for card in made],
    )
    return made


def _drawn(prizes: list[Prize], number: int) -> list[Prize]:
    """The prizes of the next cards, drawn one after the other, and counted."""
    drawn = []
    for _ in range(number):
        prize = prizes[scratch.draw(queries.odds(prizes))]
        prize.issued += 1
        drawn.append(prize)
    for prize, times in Counter(drawn).items():
        Prize.objects.filter(pk=prize.pk).update(issued=F("issued") + times)
    return drawn


def _told(card: ScratchCard) -> dict[str, Any]:
    ends = card.expires_at.isoformat() if card.expires_at else None
    return {"card_url": queries.card_url(card.token), "expires_at": ends}


def _hold_member(business_id: int, member_id: int) -> None:
    """Check a member, and let nobody erase them until the transaction ends."""
    lock = " FOR KEY SHARE" if db.is_postgresql() else ""
    rows = db.run(
        f"SELECT suspended FROM members_member WHERE id = %s AND business_id = %s{lock}",
        (member_id, business_id),
    )
    if not rows:
        raise NotFound(f"There is no customer {member_id}.", fields={"customer_id": "is unknown"})
    if rows[0][0]:
        raise Suspended("This customer is suspended and can neither collect nor redeem.")


def check_open(campaign: ScratchCampaign, today: dt.date) -> None:
    """Refuse a campaign that issues no cards on a day, with ScratchPaused or ScratchEnded."""
    if not campaign.is_active:
        raise scratch.ScratchPaused(f"Campaign {campaign.pk} is paused. Activate it to issue cards.")
    if scratch.has_passed(campaign.expires_at, today):
        raise scratch.ScratchEnded(
            f"Campaign {campaign.pk} ended on {campaign.expires_at}. Move expires_at to issue cards.",
            expires_at=str(campaign.expires_at),
        )


def _check_limits(campaign: ScratchCampaign, prizes: list[Prize], member_id: int | None, number: int) -> None:
    most, each = campaign.max_cards, campaign.max_per_member
    issued = queries.totals(prizes).issued
    if most is not None and issued >= most:
        raise scratch.ScratchLimitReached(f"This campaign has {most} cards, and all are issued.")
    if most is not None and issued + number > most:
        raise scratch.ScratchLimitReached(
            f"This campaign has {most} cards, and {most - issued} of them are left.",
            fields={"qty": f"is more than the {most - issued} that are left"},
        )
    if each is None or member_id is None:
        return
    if ScratchCard.objects.filter(campaign=campaign, member_id=member_id).count() >= each:
        raise scratch.ScratchLimitReached(
            f"A customer may have {each} cards of this campaign, and this one has as many.",
            fields={"customer_id": "has as many cards as one customer may have"},
        )


def _facts(card: ScratchCard, more: dict[str, Any]) -> dict[str, Any]:
    """What an event tells about a card."""
    return {
        "customer_id": card.member_id,
        "card_id": card.pk,
        "campaign_id": card.campaign_id,
        "campaign": card.campaign.name,
        **more,
    }


def open_card(*, token: str) -> CardView:
    """A card as its customer sees it, who sees it now; its prize stays hidden until it is revealed.

    Raises:
        NotFound: there is no such card.
    """
    with scope(business=queries.business_of(token)):
        card = _read(token)
        if card.opened_at is None:
            ScratchCard.objects.filter(pk=card.pk, opened_at=None).update(opened_at=timezone.now())
        return queries.view(card)


def _read(token: str) -> ScratchCard:
    rows = ScratchCard.objects.select_related("campaign", "prize", "business", "member")
    card = rows.filter(token=token).first()
    if card is None:
        raise NotFound("There is no such scratch card.", fields={"token": "is unknown"})
    return card


def reveal(*, token: str) -> CardView:
    """Show what a card holds. The first time it is noted and told; every time it is the same.

    Raises:
        NotFound: there is no such card.
        CardExpired: its last day has passed, and nobody had revealed it.
    """
    business_id, now = queries.business_of(token), timezone.now()
    with scope(business=business_id):
        card = _read(token)
        if card.revealed_at is None:
            if queries.status_of(card, business_day(card.business.timezone, now)) == queries.EXPIRED:
                raise _expired(card)
            with transaction.atomic():
                first = ScratchCard.objects.filter(pk=card.pk, revealed_at=None)
                if first.update(revealed_at=now, opened_at=card.opened_at or now):
                    _tell_revealed(card)
            card = _read(token)
        return queries.view(card)


def _tell_revealed(card: ScratchCard) -> None:
    Prize.objects.filter(pk=card.prize_id).update(revealed=F("revealed") + 1)
    told = _facts(card, {"prize": card.prize.label, "is_winner": card.prize.is_winner})
    emit.emit(
        business_id=card.business_id, events=[emit.NewEvent("scratch_card.revealed", card.member_id, told)]
    )


def _expired(card: ScratchCard) -> scratch.CardExpired:
    return scratch.CardExpired(
        f"This card was good until {card.expires_at}.", expires_at=str(card.expires_at)
    )


def redeem(
    *, business_id: int, token: str, branch_id: int | None = None, staff_id: int | None = None
) -> ScratchCard:
    """Hand out what a revealed card holds; exactly one caller ever succeeds.

    `token` is the card's token or address as scanned, or the short code that the customer's page shows.

    Raises:
        InvalidInput: `token` is none of these.
        NotFound: the business has no such card, or no such active branch.
        Conflict: two cards have the same short code.
        NotRevealed, CardRedeemed, CardExpired: as their names say.
        Suspended: the member is suspended.
    """
    which = _named(token)
    with transaction.atomic(), scope(business=business_id):
        card = _locked(which)
        if branch_id is not None and not Branch.objects.filter(pk=branch_id, is_active=True).exists():
            raise NotFound(
                f"There is no active branch {branch_id}.", fields={"branch_id": "is not an active branch"}
            )
        _check_redeemable(card)
        card.redeemed_at, card.redeemed_branch_id, card.redeemed_by_id = timezone.now(), branch_id, staff_id
        card.save(update_fields=["redeemed_at", "redeemed_branch_id", "redeemed_by_id"])
        Prize.objects.filter(pk=card.prize_id).update(redeemed=F("redeemed") + 1)
        told = _facts(
            card,
            {"prize": card.prize.label, "is_winner": card.prize.is_winner, "branch_id": branch_id},
        )
        emit.emit(
            business_id=business_id, events=[emit.NewEvent("scratch_card.redeemed", card.member_id, told)]
        )
    return card


def _named(text: str) -> Q:
    read = scratch.read_code(text[:_LOOKED_FOR])
    if read is None:
        raise InvalidInput.at("token", "must be a card's token, or the 8 characters under its QR code")
    token, short = read
    return queries.token_begins(token) if short else Q(token=token)


def _locked(which: Q) -> ScratchCard:
    rows = ScratchCard.objects.select_related("campaign", "prize", "member", "business").filter(which)
    found = list(rows.select_for_update(of=("self",))[:2])
    if not found:
        raise NotFound("There is no such scratch card.", fields={"token": "is unknown"})
    if len(found) > 1:
        raise Conflict(
            "Several cards have this short code. Scan the QR code instead.",
            fields={"token": "names several cards"},
        )
    return found[0]


def _check_redeemable(card: ScratchCard) -> None:
    status = queries.status_of(card, business_day(card.business.timezone, timezone.now()))
    if status == queries.REDEEMED:
        raise scratch.CardRedeemed("This card was redeemed before.")
    if status == queries.EXPIRED:
        raise _expired(card)
    if status == queries.COVERED:
        raise scratch.NotRevealed("This card is not scratched yet. The customer scratches it first.")
    if card.member is not None and card.member.suspended:
        raise Suspended("This customer is suspended and can neither collect nor redeem.")


def erase_member(*, business_id: int, member_id: int) -> None:
    """Delete a member's cards; their prizes keep count of them. Within the caller's transaction."""
    with scope(business=business_id):
        rows = ScratchCard.objects.select_for_update().filter(member_id=member_id).order_by("pk")
        gone = list(rows.values_list("pk", "prize_id", "revealed_at", "redeemed_at"))
        if not gone:
            return
        issued = Counter(prize for _, prize, _, _ in gone)
        revealed = Counter(prize for _, prize, at, _ in gone if at is not None)
        redeemed = Counter(prize for _, prize, _, at in gone if at is not None)
        ScratchCard.objects.filter(pk__in=[pk for pk, *_ in gone]).delete()
        for prize in sorted(issued):
            Prize.objects.filter(pk=prize).update(
                erased_issued=F("erased_issued") + issued[prize],
                erased_revealed=F("erased_revealed") + revealed[prize],
                erased_redeemed=F("erased_redeemed") + redeemed[prize],
            )
