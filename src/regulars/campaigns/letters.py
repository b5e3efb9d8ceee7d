"""A campaign in words: as it is sent, and as it is looked at before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from regulars.campaigns.models import Campaign
from regulars.campaigns.queries import campaign_by_id
from regulars.members.models import Member
from regulars.messages import texts
from regulars.messages.kinds import CAMPAIGN
from regulars.messages.letter import Look, Rendered, compose
from regulars.messages.models import Message
from regulars.messages.render import letter
from regulars.rules.placeholders import Slot, parse
from regulars.tenants.models import Business

# The words of campaigns that are being sent by this process, so that they are not read for each message.
_at_hand: dict[int, tuple[str, str]] = {}


@contextmanager
def at_hand(campaign: Campaign) -> Iterator[None]:
    """Within it, the words of a campaign that is being sent need not be read: they do not change any more."""
    _at_hand[campaign.pk] = (campaign.subject, campaign.message)
    try:
        yield
    finally:
        _at_hand.pop(campaign.pk, None)


def render(*, message: Message, business: Business, member: Member | None) -> Rendered:
    """The message of a campaign to a member, or a test of it, which brings its words in its context.

    Raises:
        NotFound: the campaign is gone.
    """
    if message.campaign_id is None or member is None:
        told = message.context
        return sample(
            business=business, subject=told["subject"], body=told["message"], channel=message.channel
        )
    words = _at_hand.get(message.campaign_id)
    if words is None:
        campaign = campaign_by_id(business_id=business.pk, pk=message.campaign_id)
        words = (campaign.subject, campaign.message)
    return letter(
        business=business,
        member=member,
        subject=words[0],
        body=words[1],
        message_id=message.pk,
        channel=message.channel,
    )


def warnings(campaign: Campaign) -> list[str]:
    """What somebody should think of before they send a campaign; it can be sent all the same."""
    stop = "unsubscribe_url"
    parts = parse(campaign.message, field="message", known=CAMPAIGN.known)
    told = any(isinstance(part, Slot) and part.name == stop for part in parts)
    if campaign.channel != Message.Channel.SMS or told:
        return []
    return [f"Nobody can say no to a text message without a link: put {{{stop}}} into it."]


def sample(*, business: Business, subject: str, body: str, channel: str) -> Rendered:
    """How a campaign looks to somebody who is made up. Its links lead to pages that say so."""
    values = (
        CAMPAIGN.samples
        | texts.sample_links(CAMPAIGN)
        | {
            "business_name": business.name,
            "program_name": business.program.program_name,
            "program_reward": business.program.reward_description,
            "stamps_required": str(business.program.stamps_required),
        }
    )
    return compose(
        look=Look.of(business),
        words=texts.words(CAMPAIGN, subject=subject, body=body, language=business.language),
        values=values,
        unsubscribe=values["unsubscribe_url"],
        channel=channel,
    )
