"""`regulars daily`."""

import pytest

from tests.cli.conftest import Regulars

pytestmark = pytest.mark.once  # what it does is tested on both databases in tests/promotions

NEW = ("createbusiness", "Bean", "--owner-email", "a@bean.example")


def test_it_makes_no_database(regulars: Regulars) -> None:
    assert regulars.refused("daily", status=1).startswith("There is no database yet")
    assert not regulars.data_dir.exists()


@pytest.mark.usefixtures("tables")
def test_it_says_what_was_given(regulars: Regulars) -> None:
    assert regulars(*NEW).returncode == 0
    nothing = "Gave 0 points, 0 stamps and 0 vouchers; 0 points and 0 reservations ran out.\n"
    for _ in range(2):
        done = regulars("daily")
        assert (done.returncode, done.stdout, done.stderr) == (0, nothing, "")
