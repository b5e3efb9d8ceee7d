"""Distances on the globe, beside a second way of computing them."""

from math import atan2, cos, hypot, nan, pi, radians, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.rules.errors import InvalidInput
from regulars.rules.geo import EARTH_RADIUS_KM, check_latitude, check_longitude, haversine_km

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)
HALF_WAY_ROUND = pi * EARTH_RADIUS_KM
MILLIMETRE = 1e-6


def by_the_angle_at_the_centre(lat1: float, lng1: float, lat2: float, lng2: float) -> float:
    """The distance by Vincenty's formula for a sphere, good at every distance."""
    one, two, across = radians(lat1), radians(lat2), radians(lng2 - lng1)
    opposite = hypot(cos(two) * sin(across), cos(one) * sin(two) - sin(one) * cos(two) * cos(across))
    return EARTH_RADIUS_KM * atan2(opposite, sin(one) * sin(two) + cos(one) * cos(two) * cos(across))


@pytest.mark.parametrize(
    ("places", "kilometres"),
    [
        pytest.param((90, 0, -90, 0), HALF_WAY_ROUND, id="pole to pole"),
        pytest.param((0, 0, 0, 90), HALF_WAY_ROUND / 2, id="a quarter of the equator"),
        pytest.param((0, 179.5, 0, -179.5), HALF_WAY_ROUND / 180, id="across the date line"),
        pytest.param((12.9352, 77.6245, 12.9784, 77.6408), 5.118, id="two branches in Bengaluru"),
        pytest.param((51.5074, -0.1278, 48.8566, 2.3522), 343.557, id="London to Paris"),
        pytest.param((12.9352, 77.6245, 12.9352, 77.6245), 0, id="on the spot"),
        # Here the rounded square of half the chord is a hair more than 1.
        pytest.param((51.3, -5.7, -51.3, 174.3), HALF_WAY_ROUND, id="opposite each other"),
    ],
)
def test_known_distances(places: tuple[float, float, float, float], kilometres: float) -> None:
    assert haversine_km(*places) == pytest.approx(kilometres, abs=0.001)


@given(lat1=latitudes, lng1=longitudes, lat2=latitudes, lng2=longitudes)
def test_agrees_with_another_formula(lat1: float, lng1: float, lat2: float, lng2: float) -> None:
    found = haversine_km(lat1, lng1, lat2, lng2)
    expected = by_the_angle_at_the_centre(lat1, lng1, lat2, lng2)
    # The haversine loses digits only for places almost opposite each other.
    assert found == pytest.approx(expected, abs=MILLIMETRE if expected < HALF_WAY_ROUND * 0.99 else 0.5)


@given(lat1=latitudes, lng1=longitudes, lat2=latitudes, lng2=longitudes)
def test_the_way_back_is_as_long_and_none_is_longer_than_half_way_round(
    lat1: float, lng1: float, lat2: float, lng2: float
) -> None:
    there = haversine_km(lat1, lng1, lat2, lng2)
    assert there == pytest.approx(haversine_km(lat2, lng2, lat1, lng1), rel=1e-12)
    assert 0 <= there <= HALF_WAY_ROUND * (1 + 1e-12)


@given(lat=latitudes, lng=st.floats(-180, 0))
def test_opposite_places_are_half_way_round(lat: float, lng: float) -> None:
    assert haversine_km(lat, lng, -lat, lng + 180) == pytest.approx(HALF_WAY_ROUND, rel=1e-6)


@given(lat=latitudes, lng=longitudes)
def test_places_on_the_globe_are_accepted_unchanged(lat: float, lng: float) -> None:
    assert (check_latitude(lat), check_longitude(lng)) == (lat, lng)


@pytest.mark.parametrize("limit", [90, -90])
def test_the_bounds_belong_to_the_globe(limit: int) -> None:
    checked = [check_latitude(limit), check_longitude(2 * limit)]
    assert checked == [limit, 2 * limit]
    assert [type(value) for value in checked] == [float, float]


def beyond(limit: int) -> st.SearchStrategy[float]:
    return st.one_of(
        st.floats(min_value=limit, exclude_min=True),
        st.floats(max_value=-limit, exclude_max=True),
        st.sampled_from([nan, 10**400, -(10**400), limit + 1, -limit - 1]),
    )


@given(value=beyond(90))
def test_a_latitude_off_the_globe_is_refused_by_name(value: float) -> None:
    with pytest.raises(InvalidInput, match=r"^lat must be a number from -90 to 90$") as refusal:
        check_latitude(value)
    assert refusal.value.fields == {"lat": "must be a number from -90 to 90"}


@given(value=beyond(180))
def test_a_longitude_off_the_globe_is_refused_by_name(value: float) -> None:
    with pytest.raises(InvalidInput, match=r"^lng must be a number from -180 to 180$") as refusal:
        check_longitude(value)
    assert refusal.value.fields == {"lng": "must be a number from -180 to 180"}


def test_the_field_may_have_another_name() -> None:
    with pytest.raises(InvalidInput, match=r"^latitude "):
        check_latitude(90.01, field="latitude")
    with pytest.raises(InvalidInput, match=r"^longitude "):
        check_longitude(-180.01, field="longitude")
