"""Refusals of several fields become one."""

from __future__ import annotations

import pytest

from regulars.rules.errors import Conflict, Gathered, InvalidInput


def test_nothing_wrong_is_no_refusal() -> None:
    gathered = Gathered()
    with gathered:
        pass
    gathered.refuse()


def test_one_is_refused_as_it_was() -> None:
    gathered, one = Gathered(), InvalidInput.at("email", "is no address")
    with gathered:
        raise one
    with pytest.raises(InvalidInput) as caught:
        gathered.refuse()
    assert caught.value is one


def test_several_are_refused_at_once() -> None:
    gathered = Gathered()
    for name in ("email", "phone"):
        with gathered:
            raise InvalidInput.at(name, "is too short")
    with pytest.raises(InvalidInput, match="email is too short; phone is too short") as caught:
        gathered.refuse()
    assert list(caught.value.fields) == ["email", "phone"]


@pytest.mark.parametrize("error", [Conflict("taken"), InvalidInput("what"), KeyError("x")])
def test_what_is_about_no_field_passes_through(error: Exception) -> None:
    with pytest.raises(type(error)), Gathered():
        raise error
