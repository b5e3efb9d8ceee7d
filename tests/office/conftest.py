from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.factories import Shop
    from tests.office.seat import Seat


@pytest.fixture
def shop(db: None) -> Shop:
    from tests.factories import make_shop  # noqa: PLC0415 - not before the environment is there

    return make_shop()


@pytest.fixture
def owner(shop: Shop) -> Seat:
    """The owner at the desk."""
    from tests.office.seat import Seat  # noqa: PLC0415 - not before the environment is there

    return Seat(shop)
