"""What comes in and what goes out about campaigns."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from regulars.api.rest.report_schemas import Amount
from regulars.api.rest.schemas import Id, Incoming, Moment, whole
from regulars.campaigns.checks import MAX_RATE

SegmentName = Literal["all", "active_30d", "near_reward", "inactive_60d", "saved"]
ChannelName = Literal["email", "sms", "post"]
StatusName = Literal["draft", "scheduled", "sending", "sent", "cancelled"]
RecipientStatus = Literal["queued", "sending", "sent", "failed", "skipped", "bounced"]
Rate = Annotated[int, Field(ge=1, le=MAX_RATE), BeforeValidator(whole)]


class CampaignRow(BaseModel):
    """A campaign in the list."""

    id: int
    name: str
    subject: str
    segment_filter: SegmentName
    segment_id: int | None
    channel: ChannelName
    status: StatusName
    total_recipients: int
    scheduled_at: Moment | None
    sent_at: Moment | None


class CampaignOut(CampaignRow):
    """A campaign with its words and what became of it."""

    message: str
    rate_per_minute: int | None
    sent: int
    failed: int
    skipped: int
    waiting: int
    bounced: int
    unsubscribed: int
    finished_at: Moment | None
    created_at: Moment


class CameWindow(BaseModel):
    """How many came, by a visit or a purchase, and what their purchases came to, less refunds."""

    came: int
    sales_amount: Amount


class CameOut(BaseModel):
    """What those did who got a campaign, in equally long times after it and before it."""

    customers: int
    until: Moment | None
    over: bool
    after: CameWindow
    before: CameWindow


class CampaignIn(Incoming):
    """A new campaign. Only one by e-mail needs a subject."""

    name: Annotated[str, Field(examples=["June Promo"])]
    subject: str = ""
    message: Annotated[str, Field(examples=["Visit us this week for double stamps."])]
    segment_filter: SegmentName = "all"
    segment_id: Id | None = None
    channel: ChannelName = "email"
    rate_per_minute: Rate | None = None
    scheduled_at: Moment | None = None


class CampaignPatch(Incoming):
    """Fields to change; null takes the time or the rate away."""

    name: str | None = None
    subject: str | None = None
    message: str | None = None
    segment_filter: SegmentName | None = None
    segment_id: Id | None = None
    channel: ChannelName | None = None
    rate_per_minute: Rate | None = None
    scheduled_at: Moment | None = None


class CampaignMade(BaseModel):
    """A new campaign."""

    id: int
    status: StatusName


class CampaignSent(BaseModel):
    """How many messages were queued."""

    sent: bool
    recipients: int


class CampaignDeleted(BaseModel):
    """A campaign is gone."""

    deleted: bool


class CampaignTest(Incoming):
    """Where to send a test."""

    to: Annotated[str, Field(examples=["maeve@harbour.example"])]


class CampaignTested(BaseModel):
    """A test was queued."""

    queued: bool
    to: str


class PreviewOut(BaseModel):
    """How a campaign looks to somebody made up, and what might be better about it."""

    subject: str
    text: str
    html: str
    warnings: list[str]


class RecipientRow(BaseModel):
    """One recipient, and what became of their message."""

    customer_id: int
    name: str
    status: RecipientStatus
    reason: str
    attempts: int
    sent_at: Moment | None
    unsubscribed_at: Moment | None


class ReachedNow(BaseModel):
    """How many members a campaign would reach now, by channel."""

    email: int
    sms: int
    post: int


class SegmentOut(BaseModel):
    """A segment that every business has."""

    name: Literal["all", "active_30d", "near_reward", "inactive_60d"]
    label: str
    meaning: str
    members: ReachedNow
