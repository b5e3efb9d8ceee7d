"""What the endpoints of messages take and answer."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from regulars.api.rest.schemas import Incoming, Moment, Switch


class PlaceholderOut(BaseModel):
    """Something that a text may tell."""

    name: str
    meaning: str
    sample: str


class NamedText(BaseModel):
    """A further text of a kind: of a name, in a language, or both. Empty: the usual one, for everybody."""

    name: str
    language: str
    subject: str
    body: str
    button: str


class KindOut(BaseModel):
    """A kind of message with its words. `own_text` is false while they are the product's own."""

    kind: str
    label: str
    to: Literal["member", "staff"]
    trigger: str
    enabled: bool
    optional: bool
    subject: str
    body: str
    button: str
    own_text: bool
    texts: list[NamedText]
    placeholders: list[PlaceholderOut]


class KindPatch(Incoming):
    """What to change. An empty subject, body or button goes back to the product's own words."""

    enabled: Switch | None = None
    subject: Annotated[str | None, Field(examples=["Welcome, {first_name|friend}"])] = None
    body: Annotated[str | None, Field(examples=["Hello {first_name|friend},\n\nnice that you are here."])] = (
        None
    )
    button: Annotated[str | None, Field(examples=["See your card"])] = None
    name: Annotated[str, Field(description="Of a further text; empty for the usual one")] = ""
    language: Annotated[
        str, Field(description="For those who have chosen it; empty: for everybody else", examples=["pt"])
    ] = ""


class PreviewIn(Incoming):
    """Words to look at; without them, those that the business has."""

    subject: str | None = None
    body: str | None = None
    button: str | None = None
    name: str = ""
    language: str = ""


class PreviewOut(BaseModel):
    """A message with sample values."""

    subject: str
    text: str
    html: str


class TestIn(Incoming):
    """Where to send a sample."""

    to: Annotated[str, Field(examples=["owner@example.com"])]
    name: str = ""
    language: str = ""


class TestOut(BaseModel):
    """The sample's message, which is sent within moments."""

    id: int
    status: str
    to: str


class MessageRow(BaseModel):
    """A message of the log. `to` is known once it was sent; `reason` says why it was not, or not at once."""

    id: int
    kind: str
    channel: Literal["email", "sms", "post"]
    status: Literal["queued", "sending", "sent", "failed", "skipped", "bounced"]
    reason: str
    customer_id: int | None
    customer_name: str | None
    campaign_id: int | None
    to: str
    created_at: Moment
    sent_at: Moment | None
    unsubscribed_at: Moment | None


class LookOut(BaseModel):
    """How messages and pages look, and where answers to e-mails go."""

    accent_color: Annotated[str, Field(examples=["#0f766e"])]
    text_color: Annotated[str, Field(description="Computed: readable on the accent", examples=["#ffffff"])]
    reply_to: str


class LookPatch(Incoming):
    """What to change; an empty `reply_to` clears it."""

    accent_color: Annotated[str | None, Field(examples=["#7c2d12"])] = None
    reply_to: Annotated[str | None, Field(examples=["hello@example.com"])] = None


class SuppressionRow(BaseModel):
    """An address that gets no more messages, and why."""

    id: int
    channel: Literal["email", "sms", "post"]
    address: str
    why: Literal["bounce", "complaint"]
    detail: str
    created_at: Moment
