"""The demo shop as `make run` starts it: loaded once, kept, and its three calls work when pasted."""

import json
import shlex
import stat
from typing import Any

import httpx
import pytest

from tests.cli.conftest import Regulars, Running

pytestmark = pytest.mark.once  # tests/demo loads it on both databases

START = {"REGULARS_ALLOW_HTTP": "loopback"}


def pasted(running: Running) -> list[dict[str, Any]]:
    """Send what the shown curl lines say, as a shell would read them; returns the answers."""
    assert running.said("/api/stats")
    answers = []
    for line in running.output:
        words = shlex.split(line) if line.startswith("  curl ") else []
        if not words:
            continue
        headers = dict(words[i + 1].split(": ", 1) for i, word in enumerate(words) if word == "-H")
        body = next((words[i + 1] for i, word in enumerate(words) if word == "-d"), None)
        answer = httpx.request("POST" if body else "GET", words[-1], headers=headers, content=body)
        assert answer.is_success, answer.text
        answers.append(answer.json()["data"])
    assert len(answers) == 3
    return answers


def shown_keys(running: Running) -> list[str]:
    return [line.rpartition(": ")[2] for line in running.output if line.startswith("API key of ")]


def test_the_demo_is_loaded_once_and_shown_at_every_start(regulars: Regulars) -> None:
    with regulars.serving("--demo", **START) as running:
        business, stamp, before = pasted(running)
        assert business["business_name"] in "\n".join(running.output)
        assert stamp["stamps_added"] == 1
        keys = shown_keys(running)
        assert len(keys) == 2
        assert any("(owner)" in line for line in running.output)
    kept = regulars.data_dir / "demo.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    content = kept.read_text()

    with regulars.serving("--demo", **START) as running:
        _, _, after = pasted(running)
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
