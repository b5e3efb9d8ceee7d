"""Reads about businesses, their branches, staff and keys."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django_scopes import scope

from regulars import db
from regulars.rules import geo
from regulars.rules.errors import NotFound
from regulars.tenants.models import ApiKey, Branch, Business, Staff


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
