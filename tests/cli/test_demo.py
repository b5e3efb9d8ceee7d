"""The demo shop as `make run` starts it: loaded once, kept, and the calls that it shows work when pasted."""

import json
import re
import stat
import subprocess
from typing import Any

import httpx
import pytest

from tests.cli.conftest import Regulars, Running

pytestmark = pytest.mark.once  # tests/demo loads it on both databases

START = {"REGULARS_ALLOW_HTTP": "loopback"}


def pasted(running: Running) -> tuple[list[Any], str]:
    """Send what the shown curl lines say, through a shell: the data of the REST answers, and RPC's."""
    assert running.said("global[api_method]")  # the last line
    answers = []
    for line in running.output:
        if line.startswith("  curl "):
            done = subprocess.run(
                ["bash", "-c", line], capture_output=True, text=True, check=True, timeout=60
            )
            answers.append(done.stdout)
    *rest, rpc = answers
    assert len(rest) == 3
    return [json.loads(answer)["data"] for answer in rest], rpc


def shown_keys(running: Running) -> list[str]:
    return [line.rpartition(": ")[2] for line in running.output if line.startswith("API key of ")]


def test_the_demo_is_loaded_once_and_shown_at_every_start(regulars: Regulars) -> None:
    with regulars.serving("--demo", **START) as running:
        (business, stamp, before), members = pasted(running)
        assert business["business_name"] in "\n".join(running.output)
        assert stamp["stamps_added"] == 1
        shown = re.search(r"the second gives (.+) a stamp", "\n".join(running.output))
        assert shown
        first_name, _, last_name = shown[1].partition(" ")
        assert "<status>1 results found</status>" in members
        assert f"<first_name>{first_name}</first_name>" in members
        assert f"<last_name>{last_name}</last_name>" in members
        keys = shown_keys(running)
        assert len(keys) == 2
        assert any("(owner)" in line for line in running.output)
    kept = regulars.data_dir / "demo.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    content = kept.read_text()

    with regulars.serving("--demo", **START) as running:
        (_, _, after), _ = pasted(running)
        assert after["total_stamps"] == before["total_stamps"] + 1
        assert shown_keys(running) == keys
        assert not any("demo shop: " in line for line in running.errors)
    assert kept.read_text() == content

    # Without its file the shop stays and gets keys that work.
    kept.unlink()
    printed = regulars("demo").stdout
    assert keys[0] not in printed
    new_key = json.loads(kept.read_text())["businesses"][0]["api_key"]
    assert new_key in printed
    kept.write_text("{")
    with regulars.serving("--banner", **START) as running:  # shows what there is, loads nothing
        assert httpx.get(running.url).status_code == 200
        assert shown_keys(running) == []
    assert json.loads(regulars("audit").stdout)["ok"] is True
