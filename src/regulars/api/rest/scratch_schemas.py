"""What comes in and what goes out of `/api/scratch-cards`, field by field as in the seed, and beyond."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from regulars.api.rest.schemas import Day, Flag, Id, Incoming, Moment, Switch, whole
from regulars.rules import scratch

Most = Annotated[int, Field(ge=1, le=scratch.MAX_CARDS), BeforeValidator(whole)]
Days = Annotated[int, Field(ge=1, le=scratch.MAX_DAYS), BeforeValidator(whole)]
Weight = Annotated[float, Field(ge=0, le=99_999_999, allow_inf_nan=False)]
Status = Literal["covered", "revealed", "redeemed", "expired"]


class ScratchRow(BaseModel):
    """A campaign in the list."""

    id: int
    name: str
    description: str
    is_active: Flag
    total_issued: int
    total_won: int
    expires_at: Day | None
    card_count: int


class PrizeOut(BaseModel):
    """A prize: its weight, its chance at the next draw, and how far its cards have come."""

    id: int
    label: str
    probability: float
    chance_pct: float
    is_winner: bool
    max_cards: int | None
    issued: int
    revealed: int
    redeemed: int


class ScratchOut(ScratchRow):
    """A campaign with its prizes."""

    max_cards: int | None
    max_per_member: int | None
    created_at: Moment
    prizes: list[PrizeOut]


class PrizeIn(Incoming):
    """A prize. Its probability is a weight: any numbers with a positive sum will do."""

    label: str
    probability: Weight
    is_winner: Switch = True
    max_cards: Most | None = None


class PrizePatch(PrizeIn):
    """A prize of the new list; with `id` one that is there already."""

    id: Id | None = None


class ScratchIn(Incoming):
    """A new campaign."""

    name: str
    description: str | None = None
    expires_at: Day | None = None
    prizes: list[PrizeIn]
    max_cards: Most | None = None
    max_per_member: Most | None = None


class ScratchPatch(Incoming):
    """What to change; null lifts a limit, or lets the campaign never end."""

    name: str | None = None
    description: str | None = None
    expires_at: Day | None = None
    is_active: Switch | None = None
    prizes: list[PrizePatch] | None = None
    max_cards: Most | None = None
    max_per_member: Most | None = None


class ScratchMade(BaseModel):
    """A campaign that was just started."""

    id: int
    name: str
    is_active: bool


class Toggled(BaseModel):
    """Whether a campaign issues cards now."""

    id: int
    is_active: bool


class IssueIn(Incoming):
    """Whom a card is for, and for how long it is good."""

    customer_id: Id | None = None
    expires_days: Days | None = None


class IssuedOut(BaseModel):
    """A new card. Whoever has its address can scratch it."""

    id: int
    token: str
    card_url: str
    expires_at: Day | None
    customer_id: int | None


class RedeemCard(Incoming):
    """The card at the counter."""

    token: str
    branch_id: Id | None = None


class CardRedeemedOut(BaseModel):
    """What is handed out."""

    redeemed: bool
    prize_label: str
    is_winner: bool


class CardRow(BaseModel):
    """A card. Its prize is not told before the customer has seen it."""

    id: int
    token: str
    card_url: str
    status: Status
    customer_id: int | None
    customer_name: str | None
    prize_label: str | None
    is_winner: bool | None
    expires_at: Day | None
    issued_at: Moment
    opened_at: Moment | None
    revealed_at: Moment | None
    redeemed_at: Moment | None
    branch_id: int | None
