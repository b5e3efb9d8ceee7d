"""Runs a page's examples from top to bottom and compares what they answer with what the page says.

A block in `sh` runs in one shell with all those before it; one in `python` or `php` is a program of its own.
The block in `json` or `text` that follows is its answer. Blocks in other languages are only shown.
"""

from __future__ import annotations

import json
import re
import secrets
import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.docs import pages
from tests.docs.house import PUBLISHED_URL, PUBLISHED_ZONE, House, noon_zone
from tests.docs.pages import Block

RUNNABLE = ("sh", "python", "php")
ANSWERS = ("json", "text")

# What differs from run to run, and what stands for it when two answers are compared.
_VOLATILE = (
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<time in UTC>"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "<time>"),
    (r"\d{4}-\d\d-\d\d", "<day>"),
    (r"rk_[0-9A-Za-z]{40}", "<key>"),
    (r"whsec_[0-9A-Za-z+/=]{44}", "<secret of a webhook>"),
    (r"ssosec_[0-9A-Za-z]{40}", "<secret of single sign-on>"),
    (r"ssosec_[0-9A-Za-z]{6}", "<beginning of a secret>"),
    (r"evt_[0-9a-f]{32}", "<event>"),
    (r"rk_[0-9A-Za-z]{8}", "<beginning of a key>"),
    (r"\b[0-9a-f]{32}\b", "<token>"),
    (r"\b[0-9a-f]{16}\b", "<qr code>"),
    (r"\b[0-9a-f]{12}\b", "<temporary password>"),
    (r"\b[34679A-Y]{4}-[34679A-Y]{4}\b", "<pairing code>"),
    (r"(?<=/join/)[0-9a-f]{10}\b", "<join code>"),
    (r"(?<=/m/)harbour-coffee(-\d+)?", "<slug>"),
    (r"(?<=x-ratelimit-remaining: )\d+", "<some>"),
)


@dataclass(frozen=True)
class Example:
    """Something to run, and the answer that the page prints after it."""

    page: str
    block: Block
    answer: Block | None

    @property
    def place(self) -> str:
        return f"{self.page}:{self.block.line}"


@dataclass(frozen=True)
class Ran:
    """What became of an example."""

    example: Example
    status: int
    output: str


def of_page(path: Path) -> list[Example]:
    found = pages.blocks(path)
    following = [*found[1:], None]
    return [
        Example(path.name, block, after if after and after.language in ANSWERS else None)
        for block, after in zip(found, following, strict=True)
        if block.language in RUNNABLE
    ]


def missing_programs(examples: list[Example]) -> set[str]:
    needed = {{"sh": "curl", "php": "php", "python": sys.executable}[one.block.language] for one in examples}
    return {program for program in needed if shutil.which(program) is None}


def run(house: House, examples: list[Example], key: str = "") -> list[Ran]:
    """Run them all in one shell; `key` takes the place of YOUR_KEY."""
    mark, zone = secrets.token_hex(16), noon_zone()
    script = [""]
    for number, example in enumerate(examples):
        text = example.block.text.replace(PUBLISHED_URL, house.url).replace("YOUR_KEY", key)
        text = text.replace(PUBLISHED_ZONE, zone)
        if example.block.language != "sh":
            program = house.folder / f"example-{number}.{example.block.language}"
            program.write_text(text, encoding="utf-8")
            interpreter = "php" if example.block.language == "php" else sys.executable
            text = f"{shlex.quote(interpreter)} {shlex.quote(str(program))}\n"
        script.append(f"{text}\nprintf '\\n%s %s\\n' {mark} $?\n")
    done = house.run("bash", "-c", "set -o pipefail\n" + "".join(script))
    outputs = re.split(rf"\n{mark} (\d+)\n", done.stdout)
    assert len(outputs) == 2 * len(examples) + 1, done.stderr
    return [
        Ran(example, int(status), output.replace(house.url, PUBLISHED_URL).replace(zone, PUBLISHED_ZONE))
        for example, output, status in zip(examples, outputs[::2], outputs[1::2], strict=False)
    ]


def problem(ran: Ran) -> str | None:
    """What is wrong with an example, or None."""
    if ran.status:
        return f"{ran.example.place} ended with status {ran.status}: {ran.output}"
    answer = ran.example.answer
    if answer is None or answer.language == "json":
        documents = list(_documents(ran.output))
        wanted = json.loads(answer.text) if answer else None
        refused = wanted is not None and "error" in wanted
        if any(isinstance(one, dict) and "error" in one for one in documents) != refused:
            return f"{ran.example.place} answered {ran.output}"
        if wanted is not None and (not documents or _still(documents[-1]) != _still(wanted)):
            return f"{ran.example.place} answered {json.dumps(documents[-1:], ensure_ascii=False)}"
    elif _still_text(ran.output) != _still_text(answer.text):
        return f"{ran.example.place} printed {ran.output!r}"
    return None


def _documents(output: str) -> Iterator[Any]:
    """The JSON objects in an output, one after another."""
    decoder, at = json.JSONDecoder(), 0
    while (at := output.find("{", at)) >= 0:
        document, at = decoder.raw_decode(output, at)
        yield document


def _still(value: Any) -> Any:
    match value:
        case dict():
            return {
                name: "<number>" if _is_volatile(name, one) else _still(one) for name, one in value.items()
            }
        case list():
            return [_still(one) for one in value]
        case str():
            return _still_text(value)
        case _:
            return (type(value), value)  # 1 is neither 1.0 nor true


def _is_volatile(name: str, value: Any) -> bool:
    # How many day totals there are depends on when the last roll-up was.
    is_number = name in {"id", "undoes", "day_total", "milliseconds"} or name.endswith("_id")
    return is_number and type(value) is int


def _still_text(text: str) -> str:
    text = text.strip().replace("\r", "")
    for pattern, name in _VOLATILE:
        text = re.sub(pattern, name, text)
    return text
