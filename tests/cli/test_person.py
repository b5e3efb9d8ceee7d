"""Helping somebody who cannot come in any more, from the command line."""

import json

import pytest

from tests.cli.conftest import Regulars

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("tables")]  # the database is asked elsewhere


def test_a_second_step_is_taken_away(regulars: Regulars) -> None:
    regulars("createbusiness", "Café Zoë", "--owner-email", "zoe@cafe.example")
    done = json.loads(regulars("person", "second-step-off", "Zoe@cafe.example").stdout)
    assert (done["email"], done["removed"]) == ("zoe@cafe.example", [])
    refused = regulars.refused("person", "second-step-off", "nobody@cafe.example", status=1)
    assert refused == "Nobody signs in with nobody@cafe.example."
