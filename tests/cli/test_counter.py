"""Devices and PINs from the command line."""

import json
import subprocess

import pytest

from tests.cli.conftest import COMMAND, Regulars

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("tables")]  # the database is asked elsewhere


def say_pin(regulars: Regulars, pin: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, "counter", "pin", "cafe-zoe", "Zoe@cafe.example"],
        cwd=regulars.folder, env=regulars.env, input=f"{pin}\n", capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip


def test_a_counter_is_set_up(regulars: Regulars) -> None:
    regulars("createbusiness", "Café Zoë", "--owner-email", "zoe@cafe.example")
    made = json.loads(regulars("counter", "pair", "cafe-zoe", REGULARS_PUBLIC_URL="https://x.example").stdout)
    assert list(made) == ["code", "url", "expires_at"]
    assert made["url"] == "https://x.example/scan/"
    assert regulars.refused("counter", "pair", "cafe-zoe", "--branch", "Nowhere", status=1).startswith(
        "--branch"
    )
    assert regulars("counter", "devices", "cafe-zoe").stdout == ""
    assert regulars.refused("counter", "revoke", "cafe-zoe", "7", status=1) == "There is no device 7."
    done = json.loads(say_pin(regulars, "7391").stdout)
    assert (done["email"], done["has_pin"]) == ("zoe@cafe.example", True)
    refused = say_pin(regulars, "1234")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "The PIN is one that everybody tries first" in refused.stderr
    assert regulars.refused("counter", "pin", "cafe-zoe", "x@y.example", status=1).startswith("Nobody")
