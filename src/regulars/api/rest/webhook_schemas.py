"""What comes in and goes out under `/api/webhooks`."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from regulars.api.rest.schemas import Incoming, Moment, Switch, whole
from regulars.outbox.actions import MAX_OVERLAP_HOURS, OVERLAP_HOURS

Hours = Annotated[int, Field(ge=0, le=MAX_OVERLAP_HOURS), BeforeValidator(whole)]
Status = Literal["pending", "delivered", "failed"]
Types = Annotated[list[str], Field(examples=[["stamp.added", "voucher.*"]])]


class EndpointIn(Incoming):
    """A new endpoint."""

    url: str = Field(examples=["https://till.example/hooks"])
    event_types: Types = Field(default=["*"])
    description: str = ""


class EndpointPatch(Incoming):
    """Changes of an endpoint."""

    url: str | None = None
    event_types: list[str] | None = None
    description: str | None = None
    is_active: Switch | None = None


class RotateIn(Incoming):
    """For how long the former secret signs too."""

    overlap_hours: Hours = OVERLAP_HOURS


class ResendIn(Incoming):
    """From when on everything is sent again."""

    since: str = Field(
        examples=["2026-06-01 15:44:00"],
        description="In the business's time zone, or with an offset: 2026-06-01T10:14:00Z",
    )


class EndpointOut(BaseModel):
    """An endpoint. Its secret is not told again."""

    id: int
    url: str
    event_types: list[str]
    description: str
    is_active: bool
    disabled_at: Moment | None
    disabled_reason: str
    failures: int
    pending: int
    last_success_at: Moment | None
    last_failure_at: Moment | None
    previous_secret_until: Moment | None
    created_at: Moment


class EndpointMade(EndpointOut):
    """A new endpoint, or one with a new secret, which is shown this once."""

    secret: str


class TestSent(BaseModel):
    """The test on its way."""

    sent: bool
    event_id: str


class ResentOut(BaseModel):
    """How many events are on their way again."""

    resent: int


class DeliveryRow(BaseModel):
    """One event on its way to one endpoint."""

    id: int
    endpoint_id: int
    event_id: str
    event_type: str
    customer_id: int | None
    status: Status
    attempts: int
    next_attempt_at: Moment | None
    last_attempt_at: Moment | None
    last_status: int | None
    last_error: str
    delivered_at: Moment | None
    created_at: Moment


class AttemptOut(BaseModel):
    """One request and what came back."""

    at: Moment
    duration_ms: int
    status: int | None
    error: str
    response: str


class DeliveryOut(DeliveryRow):
    """A delivery with what is sent and all its requests."""

    body: dict[str, Any]
    log: list[AttemptOut]


class FieldOut(BaseModel):
    """A fact of a payload."""

    name: str
    type: str
    meaning: str
    example: Any


class EventTypeOut(BaseModel):
    """A type of event and what it carries."""

    type: str
    group: str
    version: int
    meaning: str
    fields: list[FieldOut]
