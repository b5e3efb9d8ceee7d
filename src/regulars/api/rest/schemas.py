"""What comes in and what goes out, field by field as in the seed; also the source of the OpenAPI page."""

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from regulars.rules import stamps

BIGGEST_ID = 2**63 - 1

T = TypeVar("T")


def whole(value: Any) -> Any:
    """JSON does not tell 2.0 from 2."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**63 else value


def _switch(value: Any) -> Any:
    """The lists show 1 and 0, so both are taken back."""
    return bool(value) if type(value) is int and value in {0, 1} else value


_SWITCH_SCHEMA = {"anyOf": [{"type": "boolean"}, {"type": "integer", "enum": [0, 1]}]}

# The limits stand before the validator: after it, the OpenAPI page would not show them.
Id = Annotated[int, Field(ge=1, le=BIGGEST_ID), BeforeValidator(whole)]
Goal = Annotated[int, Field(ge=stamps.MIN_GOAL, le=stamps.MAX_GOAL), BeforeValidator(whole)]
BirthdayBonus = Annotated[int, Field(ge=1, le=stamps.MAX_BIRTHDAY_BONUS), BeforeValidator(whole)]
Count = Annotated[int, Field(ge=stamps.MIN_COUNT, le=stamps.MAX_COUNT), BeforeValidator(whole)]
Taken = Annotated[int, Field(ge=stamps.MIN_COUNT, le=stamps.MAX_TAKEN), BeforeValidator(whole)]
Moment = Annotated[str, Field(examples=["2026-05-30 15:44:00"], description="In the business's time zone")]
Day = Annotated[str, Field(examples=["2026-06-01"])]
Flag = Literal[0, 1]
TransactionType = Literal["stamp_add", "reward_redeem", "stamp_take", "stamp_undo", "reward_undo"]
Switch = Annotated[bool, BeforeValidator(_switch), WithJsonSchema(_SWITCH_SCHEMA)]

# Of settings, which answer true and false themselves.
Exact = Annotated[bool, Field(strict=True)]


class Incoming(BaseModel):
    """A request's body: types are exact, and a field that is not known is refused by name."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Data(BaseModel, Generic[T]):
    """The envelope of a success."""

    data: T


class Meta(BaseModel):
    """Where in a list this page is."""

    total: int
    page: int
    per_page: int
    pages: int


class Listed(BaseModel, Generic[T]):
    """The envelope of a list."""

    data: list[T]
    meta: Meta


class ErrorBody(BaseModel):
    """What went wrong, for programs (`code`), people (`message`) and forms (`fields`)."""

    model_config = ConfigDict(extra="allow")

    code: str
    message: str
    fields: dict[str, str]


class ErrorAnswer(BaseModel):
    """The envelope of an error."""

    error: ErrorBody


class Deleted(BaseModel):
    """What was deleted."""

    deleted: bool
    id: int


class ProgramSummary(BaseModel):
    """The programme as the business profile shows it."""

    program_name: str
    stamps_required: int
    reward_description: str
    birthday_bonus_stamps: int


class BusinessOut(BaseModel):
    """A business's profile."""

    id: int
    business_name: str
    business_type: str
    phone: str
    address: str
    city: str
    state: str
    pincode: str
    gstin: str
    plan: str
    join_url: str
    program: ProgramSummary


class BusinessPatch(Incoming):
    """Profile fields to change; null or empty clears all but the name."""

    business_name: str | None = None
    business_type: str | None = None
    phone: str | None = None
    address: str | None = None
    city: str | None = None
    state: str | None = None
    pincode: str | None = None
    gstin: str | None = None


class ProgramOut(ProgramSummary):
    """The programme's settings."""

    id: int
    terms_conditions: str
    is_active: bool


class ProgramPatch(Incoming):
    """Settings to change. Nothing that is already on a card changes."""

    program_name: str | None = None
    stamps_required: Goal | None = None
    reward_description: str | None = None
    terms_conditions: str | None = None
    birthday_bonus_stamps: BirthdayBonus | None = None
    birthday_bonus: Annotated[Switch | None, Field(description="false: no bonus on birthdays")] = None
    is_active: Annotated[Switch | None, Field(description="Whether there are stamps at all")] = None


class CustomerRow(BaseModel):
    """A customer in a list."""

    id: int
    name: str
    email: str | None
    phone: str | None
    current_stamps: int
    pending_rewards: int
    total_visits: int
    rewards_redeemed: int
    points_balance: int
    joined_at: Moment
    last_visit: Moment | None
    stamps_required: int


class Activity(BaseModel):
    """One of a customer's latest transactions. `undone` says whether it was taken back."""

    id: int
    transaction_type: TransactionType
    stamps_added: int
    branch_id: int | None
    branch_name: str | None
    created_at: Moment
    undone: bool


class CustomerOut(CustomerRow):
    """A customer with their card and last 20 transactions."""

    qr_code: str
    card_url: str
    recent_activity: list[Activity]


PrintedCode = Annotated[
    str | None,
    Field(
        examples=["5be0d6c1a97f3e24"],
        description="The code of a card that you printed, see POST /api/blank-cards",
    ),
]


class Enrol(Incoming):
    """A new customer. A phone or an email is needed."""

    name: Annotated[str, Field(examples=["Asha Menon"])]
    phone: Annotated[str | None, Field(examples=["+919876500001"])] = None
    email: Annotated[str | None, Field(examples=["asha@example.com"])] = None
    birthday: Annotated[str | None, Field(examples=["1990-05-17"], description="YYYY-MM-DD")] = None
    qr_code: PrintedCode = None


class ReplaceCard(Incoming):
    """Which card a customer gets in place of theirs."""

    qr_code: PrintedCode = None


class Enrolled(BaseModel):
    """The new customer's card."""

    id: int
    qr_code: str
    card_url: str


class AddStamps(Incoming):
    """Stamps for the card with this QR code."""

    qr_code: Annotated[str, Field(examples=["5be0d6c1a97f3e24"])]
    count: Count = 1
    branch_id: Id | None = None
    visit: Annotated[bool, Field(description="Whether they came; false puts right what the card says.")] = (
        True
    )


class StampsAddedOut(BaseModel):
    """The card afterwards. `rewards_earned` says how many rewards these stamps completed."""

    customer_id: int
    stamps_added: int
    current_stamps: int
    goal: int
    reward_earned: bool
    rewards_earned: int
    pending_rewards: int
    branch_id: int | None


class TakeStamps(Incoming):
    """Stamps to take off a customer's card, and why."""

    count: Taken
    reason: Annotated[str, Field(examples=["Stamped the wrong card last week"])]
    branch_id: Id | None = None


class StampsTakenOut(BaseModel):
    """The card afterwards. `transaction_id` is what can be undone."""

    customer_id: int
    stamps_taken: int
    current_stamps: int
    goal: int
    pending_rewards: int
    branch_id: int | None
    transaction_id: int


class Redeem(Incoming):
    """The card whose oldest pending reward is redeemed."""

    qr_code: Annotated[str, Field(examples=["5be0d6c1a97f3e24"])]


class Redeemed(BaseModel):
    """The reward, under the text it was earned with."""

    redeemed: bool
    reward: str
    pending_rewards: int
    total_redeemed: int


class PendingRow(BaseModel):
    """A customer with rewards to redeem."""

    id: int
    name: str
    phone: str | None
    pending_rewards: int
    qr_code: str


class TransactionRow(BaseModel):
    """Stamps given or taken, a redemption, or one of them taken back.

    `redemption_confirmed` is 1 on a redemption, 0 when that was undone, and null otherwise. `stamps_added` is
    below zero where stamps came off the card. An undo has in it the opposite of what it takes back, and in
    `undoes` which transaction that was. `reason` says why stamps were taken, and is null otherwise.
    """

    id: int
    customer_id: int
    customer_name: str
    transaction_type: TransactionType
    branch_id: int | None
    branch_name: str | None
    stamps_added: int
    redemption_confirmed: Flag | None
    created_at: Moment
    undone: bool
    undoes: int | None
    reason: str | None


class UndoneOut(BaseModel):
    """What was taken back, and the card afterwards. `reward` waits again; it is null for stamps.

    Stamps that had been taken come back: so many in `stamps_returned`, which completed `rewards_earned`.
    """

    undone: bool
    id: int
    transaction_type: Literal["stamp_undo", "reward_undo"]
    undoes: int
    customer_id: int
    stamps_taken: int
    rewards_taken: int
    stamps_returned: int
    rewards_earned: int
    reward: str | None
    current_stamps: int
    goal: int
    pending_rewards: int
    total_redeemed: int


class BranchOut(BaseModel):
    """A branch."""

    id: int
    name: str
    address: str
    city: str
    state: str
    phone: str
    latitude: float | None
    longitude: float | None
    is_active: Flag
    created_at: Moment


Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


class BranchIn(Incoming):
    """A new branch."""

    name: Annotated[str, Field(examples=["Harbour Street"])]
    address: str | None = None
    city: str | None = None
    state: str | None = None
    phone: str | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None


class BranchPatch(Incoming):
    """Fields to change; null clears a coordinate."""

    name: str | None = None
    address: str | None = None
    city: str | None = None
    state: str | None = None
    phone: str | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    is_active: Switch | None = None


class NearestOut(BaseModel):
    """The active branch closest to a place."""

    branch_id: int
    name: str
    address: str
    city: str
    latitude: float
    longitude: float
    distance_km: float
    distance_m: int
