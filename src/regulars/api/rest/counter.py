"""`/api/counter` and the PINs of `/api/team`: what the counter offers, and which devices are one."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router
from pydantic import BaseModel, BeforeValidator, Field

from regulars.api.rest.auth import identity_of
from regulars.api.rest.common import IDEMPOTENT, answered, known_id, printed
from regulars.api.rest.envelope import data
from regulars.api.rest.schemas import Data, Exact, Id, Incoming, whole
from regulars.api.rest.writes import answers
from regulars.counter import devices, pins, settings
from regulars.counter.models import CounterSettings, Device
from regulars.rules.errors import InvalidInput
from regulars.tenants.models import Business
from regulars.tenants.queries import business_by_id

router = Router(tags=["Counter"])

CodeChangers = Literal["nobody", "owner", "staff"]
Scans = Annotated[int, Field(ge=1, le=settings.MAX_SCANS), BeforeValidator(whole)]
Minutes = Annotated[int, Field(ge=1, le=settings.MAX_MINUTES), BeforeValidator(whole)]
Stamps = Annotated[int, Field(ge=1, le=settings.MAX_STAMPS), BeforeValidator(whole)]
UndoMinutes = Annotated[int, Field(ge=0, le=settings.MAX_UNDO), BeforeValidator(whole)]


class CounterSettingsOut(BaseModel):
    """What the counter offers and allows."""

    quickscan_function: str = Field(description="Empty: stamps only")
    scans_per_day: int | None
    minutes_between: int | None
    stamps_at_once: int
    reasons: list[str]
    reason_required: bool
    code_changers: CodeChangers
    chooses_vouchers: bool
    enrols: bool
    undo_minutes: int


class CounterSettingsPatch(Incoming):
    """What to change. Null lifts a limit, and as `quickscan_function` brings back the usual; the others
    always have a value.
    """

    quickscan_function: Annotated[str | None, Field(examples=["Eggs:3, Bacon:5"])] = None
    scans_per_day: Scans | None = None
    minutes_between: Minutes | None = None
    stamps_at_once: Stamps | None = None
    reasons: Annotated[list[str] | None, Field(examples=[["Forgot the card"]])] = None
    reason_required: Exact | None = None
    code_changers: CodeChangers | None = None
    chooses_vouchers: Exact | None = None
    enrols: Exact | None = None
    undo_minutes: UndoMinutes | None = None


class PairingIn(Incoming):
    """Where the device stands; without a branch it says so by its position, or its operator chooses."""

    branch_id: Id | None = None


class PairingMade(BaseModel):
    """A code to be typed at the device. It is shown once."""

    code: str
    branch_id: int | None
    expires_at: str


class DeviceOut(BaseModel):
    """A device that is, or was, a counter."""

    id: int
    name: str
    branch_id: int | None
    paired_at: str
    last_seen_at: str | None
    revoked_at: str | None


class PinIn(Incoming):
    """The PIN: 4 to 8 digits; null for none."""

    pin: Annotated[str | None, Field(examples=["7391"])]


class PinSet(BaseModel):
    """Whether somebody has a PIN now."""

    id: int
    has_pin: bool


_CAN_BE_NULL = frozenset({"quickscan_function", "scans_per_day", "minutes_between"})


def _settings(row: CounterSettings) -> dict[str, Any]:
    return {name: getattr(row, name) for name in CounterSettingsOut.model_fields}


def _device(row: Device, business: Business) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "branch_id": row.branch_id,
        "paired_at": printed(row.paired_at, business),
        "last_seen_at": printed(row.last_seen_at, business),
        "revoked_at": printed(row.revoked_at, business),
    }


@router.get("/counter/settings", response=answered(Data[CounterSettingsOut]), summary="Get counter settings")
@answers()
def get_counter_settings(request: HttpRequest) -> dict[str, Any]:
    """What the counter offers and allows."""
    return data(_settings(settings.counter_settings(identity_of(request).business_id)))


@router.patch(
    "/counter/settings",
    response=answered(Data[CounterSettingsOut], also=(409, 422)),
    summary="Update counter settings",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def update_counter_settings(request: HttpRequest, body: CounterSettingsPatch) -> dict[str, Any]:
    """Change what the counter offers and allows. Operators see it at their next scan."""
    changes = body.model_dump(exclude_unset=True)
    for name, value in changes.items():
        if value is None and name not in _CAN_BE_NULL:
            raise InvalidInput.at(name, "must not be null")
    business_id = identity_of(request).business_id
    return data(_settings(settings.update_settings(business_id=business_id, **changes)))


@router.post(
    "/counter/pairings",
    response=answered(Data[PairingMade], status=201, also=(404, 409, 422)),
    summary="Pair a device",
    openapi_extra=IDEMPOTENT,
)
@answers(201, write=True)
def create_pairing(request: HttpRequest, body: PairingIn) -> dict[str, Any]:
    """A code that makes one phone or tablet a counter within ten minutes, typed at `/scan/`."""
    business = business_by_id(identity_of(request).business_id)
    row, code = devices.create_pairing(business_id=business.pk, branch_id=body.branch_id)
    return data(
        {"code": code, "branch_id": row.branch_id, "expires_at": printed(row.expires_at, business)},
    )


@router.get("/counter/devices", response=answered(Data[list[DeviceOut]]), summary="List counter devices")
@answers()
def list_devices(request: HttpRequest) -> dict[str, Any]:
    """All paired devices, those that were revoked too, oldest first."""
    business = business_by_id(identity_of(request).business_id)
    return data([_device(row, business) for row in devices.devices(business.pk)])


@router.delete(
    "/counter/devices/{int:device_id}",
    response=answered(Data[DeviceOut], also=(404, 409, 422)),
    summary="Revoke a counter device",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def revoke_device(request: HttpRequest, device_id: int) -> dict[str, Any]:
    """End a device at once: whoever is signed in at it is signed out."""
    business = business_by_id(identity_of(request).business_id)
    row = devices.revoke_device(business_id=business.pk, device_id=known_id(device_id, "device"))
    return data(_device(row, business))


@router.post(
    "/team/{int:staff_id}/pin",
    response=answered(Data[PinSet], also=(404, 409, 422)),
    summary="Set a PIN",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def set_pin(request: HttpRequest, staff_id: int, body: PinIn) -> dict[str, Any]:
    """Give somebody on the team a PIN for paired devices, or none. A PIN that was closed is open again."""
    staff = pins.set_pin(
        business_id=identity_of(request).business_id,
        staff_id=known_id(staff_id, "team member"),
        pin=body.pin or "",
    )
    return data({"id": staff.pk, "has_pin": bool(staff.pin)})
