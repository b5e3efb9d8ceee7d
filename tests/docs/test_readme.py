"""What README shows is what happens, at the first start of `make run` and at those that follow."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Regulars
from tests.demo import loaded
from tests.docs import examples, pages
from tests.docs.house import PUBLISHED_URL, House, serving

README = pages.ROOT / "README.md"

pytestmark = pytest.mark.once


def still(line: str) -> str:
    """A line of the transcript without what differs from run to run."""
    line = re.sub(r"rk_\w+", "rk_…", line)
    line = re.sub(r'"qr_code": "[0-9a-f]{16}"', '"qr_code": "…"', line)
    line = re.sub(r"/scratch/[0-9a-f]{32}", "/scratch/…", line)
    line = re.sub(r"/join/[0-9a-f]{10}", "/join/…", line)
    line = re.sub(r"/card/[0-9a-f]{16}  \(.+\)", "/card/…", line)
    line = re.sub(r"\[code\]=M\d{6}", "[code]=M…", line)
    return re.sub(r"gives .+ a stamp", "gives … a stamp", line)


def test_make_run_gives_what_the_readme_shows(tmp_path: Path) -> None:
    url, output = loaded.first_start()
    check_transcript(url, output)
    loaded.copy_into(tmp_path)
    with serving(tmp_path, "--demo") as house:
        house.wait_for(loaded.LAST_LINE)
        assert shown_keys(house.output) == shown_keys(output)
        check_printed_pages(house)
        check_printed_calls(house)
        check_examples(house)
        keys, stamps = shown_keys(house.output), stamps_of(house)
    check_it_is_kept(Regulars(tmp_path, house.env), keys, stamps)


def check_printed_pages(house: House) -> None:
    said = re.findall(rf"^  .* ({re.escape(house.url)}/\S+)", "\n".join(house.output), flags=re.MULTILINE)
    addresses = [address for address in said if "/api/" not in address and not address.endswith("/rpc")]
    assert len(addresses) == 6
    for address in addresses:
        assert httpx.get(address, follow_redirects=True).status_code == 200, address


def shown_keys(output: list[str]) -> list[str]:
    return [line.rpartition(": ")[2] for line in output if line.startswith("API key of ")]


def stamps_of(house: House) -> int:
    """All stamps of the first shop, as the third printed call gets them."""
    (call,) = [line for line in house.output if line.startswith("  curl ") and "/api/stats" in line]
    stats: int = json.loads(house.run("bash", "-c", call).stdout)["data"]["total_stamps"]
    return stats


def check_it_is_kept(regulars: Regulars, keys: list[str], stamps: int) -> None:
    """The demo is loaded once and shown at every start."""
    assert len(keys) == 2
    kept = regulars.data_dir / "demo.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    content = kept.read_text()
    with regulars.serving("--demo") as running:
        assert running.said(loaded.LAST_LINE)
        assert shown_keys(running.output) == keys
        assert any("(owner, PIN " in line for line in running.output)
        assert not any("demo shop: " in line for line in running.errors)
        answer = httpx.get(f"{running.url}/api/stats", headers={"X-Api-Key": keys[0]})
        assert answer.json()["data"]["total_stamps"] == stamps
    assert kept.read_text() == content
    # What an earlier version kept says less; the demo is shown all the same, with new keys.
    told = json.loads(content)
    kept.write_text(json.dumps(told | {"logins": [{**one, "pin": None} for one in told["logins"]]}))
    with regulars.serving("--demo") as running:
        assert running.said(loaded.LAST_LINE)
        assert not set(shown_keys(running.output)) & set(keys)
        assert any("(owner, PIN " in line for line in running.output)
        assert not any("Traceback" in line for line in running.errors)

    # Without its file the shop stays and gets keys that work.
    kept.unlink()
    printed = regulars("demo").stdout
    assert keys[0] not in printed
    new_key = json.loads(kept.read_text())["businesses"][0]["api_key"]
    assert new_key in printed
    kept.write_text("{")
    with regulars.serving("--banner") as running:  # shows what there is, loads nothing
        assert httpx.get(running.url).status_code == 200
        assert shown_keys(running.output) == []
    assert json.loads(regulars("audit").stdout)["ok"] is True


def check_transcript(url: str, output: list[str]) -> None:
    (transcript,) = [block for block in pages.blocks(README) if block.language == "console"]
    _, *made, shown = re.split(r"^(Installing .*|Fetching .*)\n", transcript.text, flags=re.MULTILINE)
    makefile = (pages.ROOT / "Makefile").read_text(encoding="utf-8")
    said_by_make = [line for line in made if line]
    assert len(said_by_make) == 2
    assert all(f'echo "{line}"' in makefile for line in said_by_make)
    said = [line.replace(url, PUBLISHED_URL) for line in output]
    assert [still(line) for line in shown.splitlines()] == [still(line) for line in said]


def check_printed_calls(house: House) -> None:
    calls = [line for line in house.output if line.startswith("  curl ")]
    assert len(calls) == 4
    answers = []
    for call in calls:
        done = house.run("bash", "-c", call)
        assert done.returncode == 0, done.stderr
        answers.append(done.stdout)
    *rest, rpc = answers
    business, stamp, stats = (json.loads(answer)["data"] for answer in rest)
    assert business["business_name"] == "Parijata Coffee House"
    assert stamp["stamps_added"] == 1
    assert stats["stamps_today"] >= 1
    # The same card in the other dialect.
    assert f"<current_stamps>{stamp['current_stamps']}</current_stamps>" in rpc
    assert re.search(r'"qr_code": "(\w+)"', calls[1])[1] in rpc  # type: ignore[index]
    (card,) = [line.split()[-1] for line in house.output if "/scratch/" in line]
    assert "Reveal my card" in house.run("curl", "-sS", card).stdout


def check_examples(house: House) -> None:
    key = re.search(r"API key of .+: (rk_\w+)", "\n".join(house.output))
    assert key
    found = examples.of_page(README)
    assert len(found) == 4
    wrong = [examples.problem(ran) for ran in examples.run(house, found, key[1])]
    assert not any(wrong), wrong


def test_what_make_says_before_is_in_the_makefile() -> None:
    (transcript,) = [block for block in pages.blocks(README) if block.language == "console"]
    command, *before = transcript.text.partition("Regulars ")[0].splitlines()
    assert command == "$ make run"
    makefile = pages.read(Path(pages.ROOT / "Makefile"))
    for line in before:
        assert re.sub(r"with \w+$", "with ", line).replace(".venv", "$(VENV)") in makefile
