"""Reads about businesses, their branches, staff and keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import F, Model, Value
from django.db.models.functions import Upper
from django.db.models.lookups import Exact
from django_scopes import scope

from regulars import db
from regulars.rules import codes, geo
from regulars.rules.errors import Conflict, NotFound
from regulars.rules.text import clean_text
from regulars.tenants.models import ApiKey, Branch, Business, Staff

_BIGGEST_ID = 2**63 - 1
_CODE_LENGTH = 50

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class NearestBranch:
    """The active branch closest to a place, and how far it is."""

    branch: Branch
    distance_km: float


def business_by_id(business_id: int) -> Business:
    """A business with its programme.

    Raises:
        NotFound: there is no such business.
    """
    business = Business.objects.select_related("program").filter(pk=business_id).first()
    if business is None:
        raise NotFound(f"There is no business {business_id}.")
    return business


def business_by_slug(slug: str) -> Business:
    """A business by the short name that `createbusiness` printed.

    Raises:
        NotFound: there is no such business.
    """
    business = Business.objects.select_related("program").filter(slug=slug).first()
    if business is None:
        raise NotFound(f"There is no business {slug!r}.")
    return business


def join_url(business: Business) -> str:
    """Where a customer joins the programme."""
    return f"{settings.REGULARS_PUBLIC_URL}/join/{business.join_code}"


def api_keys(business: Business) -> list[ApiKey]:
    """All keys of a business, revoked ones too, oldest first."""
    with scope(business=business):
        return list(ApiKey.objects.order_by("id"))


def branches(business_id: int) -> list[Branch]:
    """All branches of a business, oldest first."""
    with scope(business=business_id):
        return list(Branch.objects.order_by("id"))


def team(business_id: int) -> list[Staff]:
    """Everybody who works for a business, oldest first."""
    with scope(business=business_id):
        return list(Staff.objects.select_related("user").order_by("id"))


def nearest_branch(*, business_id: int, latitude: float, longitude: float) -> NearestBranch:
    """The active branch with coordinates that is closest to a place (great-circle distance).

    Raises:
        InvalidInput: the coordinates are not on earth.
        NotFound: no active branch has coordinates.
    """
    geo.check_latitude(latitude)
    geo.check_longitude(longitude)
    with scope(business=business_id):
        candidates = Branch.objects.filter(is_active=True, latitude__isnull=False, longitude__isnull=False)
        found = [
            NearestBranch(
                branch, geo.haversine_km(latitude, longitude, branch.latitude or 0.0, branch.longitude or 0.0)
            )
            for branch in candidates
        ]
    if not found:
        raise NotFound("No active branch has coordinates. Set latitude and longitude on a branch first.")
    return min(found, key=lambda near: (near.distance_km, near.branch.pk))


def next_number(business_id: int, kind: str) -> int:
    """The next number for a kind of code; other transactions of the business wait until this one ends."""
    rows = db.run(
        "INSERT INTO tenants_counter (business_id, kind, last) VALUES (%s, %s, 1) "
        "ON CONFLICT (business_id, kind) DO UPDATE SET last = tenants_counter.last + 1 RETURNING last",
        (business_id, kind),
    )
    return int(rows[0][0])


def free_code(business_id: int, model: type[Model], kind: str, *, code: str, letter: str, number: int) -> str:
    """The code of a new record: `code` when it was given, else a letter and the drawn `number`.

    Within the business's scope, after `next_number` of the same kind, behind which nobody else takes a code.
    A numbered code that was already given by hand is passed over.

    Raises:
        InvalidInput: the given code is too long.
        Conflict: the business has a record of the kind with the given code.
    """
    rows: Any = model._default_manager  # noqa: SLF001 - Django's documented name for a model's first manager
    code = clean_text(code, field="code", max_length=_CODE_LENGTH)
    if code:
        if rows.filter(same_code(code)).exists():
            raise Conflict(
                f"The code {code} belongs to another {kind}.", fields={"code": f"belongs to another {kind}"}
            )
        return code
    while rows.filter(same_code(code := codes.numbered_code(letter, number))).exists():
        number = next_number(business_id, kind)
    return code


def hold_numbers(business_id: int, kind: str) -> None:
    """Keep other transactions from drawing a number of this kind until this one ends, without drawing one.

    Whoever adds a record of the kind draws a number first, so nobody adds one meanwhile.
    """
    if db.is_postgresql():
        db.run(
            "SELECT 1 FROM tenants_counter WHERE business_id = %s AND kind = %s FOR UPDATE",
            (business_id, kind),
        )


def same_code(code: str, field: str = "code") -> Exact:
    """A condition for `filter`: the record's code is this one, without regard to case.

    Both sides are put into capitals by the database, as in the constraints that keep codes unique.
    """
    return Exact(Upper(F(field)), Upper(Value(code)))


def own(model: type[M], pk: int | None, field: str, *, hold: bool = False) -> M | None:
    """The record of the business in scope that a reference names, None for none.

    With `hold` nobody deletes it before the caller's transaction ends; whoever is deleting it is waited for.

    Staff may have left since: what they had done is theirs all the same.

    Raises:
        NotFound: the business has no such record; `field` is named.
    """
    if pk is None:
        return None
    manager: Any = Staff.history if model is Staff else model._default_manager  # noqa: SLF001 - as above
    found: M | None = manager.filter(pk=pk).first() if 0 < pk <= _BIGGEST_ID else None
    if found is not None and hold and db.is_postgresql():
        table = model._meta.db_table  # noqa: SLF001 - Django's documented name
        # `FOR KEY SHARE`, as foreign keys take it: many hold one at once, and it may be changed meanwhile.
        found = found if db.run(f"SELECT 1 FROM {table} WHERE id = %s FOR KEY SHARE", (pk,)) else None
    if found is None:
        what = field.removesuffix("_id")
        raise NotFound(f"There is no {what} {pk}.", fields={field: "is unknown"})
    return found
