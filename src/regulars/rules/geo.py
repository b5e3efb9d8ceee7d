"""Places on the globe, in degrees and kilometres. The only rules that compute with floats."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt
from typing import Final

from regulars.rules.errors import InvalidInput

# The mean radius R1 of the GRS 80 ellipsoid, as the International Union of Geodesy and Geophysics gives it.
EARTH_RADIUS_KM: Final = 6371.0088


def haversine_km(lat1: float, lng1: float, lat2: float, lng2: float) -> float:
    """Great-circle distance in kilometres of two places in degrees, by the haversine formula.

    The formula is the one that the REST dialect names for `GET /api/branches/nearest`. It takes the earth
    for a sphere and is off by about half a percent at most.
    """
    half_lat = radians(lat2 - lat1) / 2
    half_lng = radians(lng2 - lng1) / 2
    square = sin(half_lat) ** 2 + cos(radians(lat1)) * cos(radians(lat2)) * sin(half_lng) ** 2
    # Rounding takes the square a hair past 1 for some opposite places; the arc sine must never see that.
    return 2 * EARTH_RADIUS_KM * asin(sqrt(min(1.0, square)))


def check_latitude(value: float, *, field: str = "lat") -> float:
    """`value` as a float.

    Raises:
        InvalidInput: it does not lie from -90 to 90; the message names `field`.
    """
    return _within(value, 90, field)


def check_longitude(value: float, *, field: str = "lng") -> float:
    """`value` as a float.

    Raises:
        InvalidInput: it does not lie from -180 to 180; the message names `field`.
    """
    return _within(value, 180, field)


def _within(value: float, limit: int, field: str) -> float:
    # A comparison is false for nan, and right for whole numbers too big to become a float.
    if not -limit <= value <= limit:
        raise InvalidInput.at(field, f"must be a number from -{limit} to {limit}")
    return float(value)
