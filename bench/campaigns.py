"""A campaign to a local mail server, beside a bare smtplib loop with messages that are ready-made."""

from __future__ import annotations

import http.client
import json
import smtplib
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from bench import places, servers, shop, sink
from bench.child import call
from bench.results import Pass, Sent
from bench.size import Say, Size

_WORDS = {
    "name": "June",
    "subject": "{first_name|Hello}, your next coffee is near",
    "message": (
        "Dear {first_name|guest},\n\nyou have {stamps} of {stamps_required} stamps: {stamps_missing} more "
        "and your {program_reward} is on us. Come by before the end of June, and bring a friend.\n\n"
        "See you soon\n{business_name}"
    ),
    "segment_filter": "all",
    "channel": "email",
}
_LIMIT_PART = 4  # the loop sends a fourth of what the campaign has, before it and after it
_LOOK_EVERY = 0.2  # seconds
_ANSWER_WITHIN = 300.0  # seconds, of which queueing may take some
_WITHIN = 3600.0  # seconds for a whole campaign
_AT_REST = 2.0  # seconds without more memory
_SENDER, _TRIAL = "regulars@bench.example", "trial@bench.example"


def compare(database: str, size: Size, say: Say) -> Sent:
    """Send one campaign to all members with `regulars serve`, and as many ready-made mails by a loop.

    Raises:
        RuntimeError: a side failed, or somebody did not get the campaign exactly once.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(places.temporary_folder())
        box = stack.enter_context(sink.running())
        environment = places.environment(folder, stack.enter_context(places.database(database, folder)))
        environment["REGULARS_EMAIL_URL"] = f"smtp://127.0.0.1:{box.port}"
        say("loading members")
        filled = call(_fill, environment, size.member_count)
        say("starting the server")
        serving = stack.enter_context(servers.regulars(environment, folder))
        asked = _Api(serving.port, filled.api_key)
        memory = _Memory(serving.process.pid)
        memory.rest()
        campaign = asked("POST", "/api/campaigns", _WORDS)["id"]
        asked("POST", f"/api/campaigns/{campaign}/test", {"to": _TRIAL})
        _until(lambda: box.taken() == {_TRIAL: 1}, "the trial mail did not come")
        ready_made, part = box.last(), max(size.member_count // _LIMIT_PART, 1)
        speeds = [_limit(box, ready_made, part, say)]
        say(f"campaign of {size.member_count:,}")
        began, cpu = time.perf_counter(), servers.cpu_seconds(serving.process.pid)
        recipients = asked("POST", f"/api/campaigns/{campaign}/send", {})["recipients"]
        queued = time.perf_counter()
        _until(lambda: asked("GET", f"/api/campaigns/{campaign}")["finished_at"], "it was not sent in time")
        took = time.perf_counter() - queued
        cpu = servers.cpu_seconds(serving.process.pid) - cpu
        grown = memory.grown_mb()
        _check(asked("GET", f"/api/campaigns/{campaign}"), box.taken(), recipients, size.member_count)
        speeds.append(_limit(box, ready_made, part, say))
    product = size.member_count / took
    rounds = tuple(Pass(limit, product, cpu / size.member_count * 1e6) for limit in speeds)
    notes = _notes(size.member_count, part, len(ready_made), queued - began)
    return Sent(f"campaigns-{database}", rounds, notes, grown)


def _notes(number: int, part: int, length: int, queueing: float) -> tuple[str, ...]:
    return (
        (
            f"One campaign of {number:,} e-mails, sent once: the first row compares it with the loop before "
            "it, the second one with the loop after it. No floor is set for it."
        ),
        (
            f"The limit sends {part:,} times one of the product's own mails of {length:,} bytes by smtplib "
            "over one connection, as many as the product has. The product claims, looks each member up once "
            "more, fills in the words, writes the mail, keeps its journal and writes down what came of it."
        ),
        (
            "Both send to one mail server in a process of its own, a lean one of asyncio, which takes "
            "everything. It got the campaign exactly once for each recipient."
        ),
        (
            f"`POST /api/campaigns/{{id}}/send` took {queueing:.1f} s to queue them; the speed is that of "
            "what followed."
        ),
        (
            "Memory is what the process with the worker took at most while it sent, beyond what it had at "
            "rest before the first mail."
        ),
    )


def _fill(environment: Mapping[str, str], member_count: int) -> shop.Shop:
    filled = shop.fill(environment, member_count)
    from regulars.messages.actions import set_text  # noqa: PLC0415 - needs Django's settings

    # Nobody but the campaign writes to anybody.
    set_text(business_id=filled.business_id, kind="welcome", enabled=False)
    return filled


def _limit(box: sink.Sink, ready_made: bytes, number: int, say: Say) -> float:
    say(f"limit: {number:,} ready-made mails")
    speed = call(_send, box.port, ready_made, number)
    if box.taken() != {f"limit{place}@bench.example": 1 for place in range(number)}:
        raise RuntimeError("the mail server did not get what the loop sent")
    return speed


def _send(port: int, ready_made: bytes, number: int) -> float:
    """Mails a second of a bare loop."""
    with smtplib.SMTP("127.0.0.1", port) as link:
        link.ehlo()
        began = time.perf_counter()
        for place in range(number):
            link.sendmail(_SENDER, [f"limit{place}@bench.example"], ready_made)
        return number / (time.perf_counter() - began)


def _check(campaign: dict[str, Any], taken: dict[str, int], recipients: int, number: int) -> None:
    told = {name: campaign[name] for name in ("status", "sent", "failed", "skipped")}
    if told != {"status": "sent", "sent": number, "failed": 0, "skipped": 0} or recipients != number:
        raise RuntimeError(f"the campaign for {number} members came to {told}")
    if taken != {f"m{place}@bench.example": 1 for place in range(1, number + 1)}:
        twice = sum(times > 1 for times in taken.values())
        raise RuntimeError(f"{len(taken)} of {number} recipients got the campaign, {twice} more than once")


@dataclass(frozen=True, slots=True)
class _Api:
    """The REST API of the shop."""

    port: int
    key: str

    def __call__(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """What is in the envelope of the answer.

        Raises:
            RuntimeError: the answer is not a success.
        """
        headers = {"X-Api-Key": self.key, "Content-Type": "application/json"}
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_ANSWER_WITHIN)
        with closing(link):
            link.request(method, path, None if body is None else json.dumps(body), headers)
            answer = link.getresponse()
            content = answer.read()
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise RuntimeError(f"{method} {path}: answer {answer.status}: {content[:500]!r}")
        return json.loads(content)["data"]


def _until(happened: Callable[[], object], problem: str) -> None:
    deadline = time.monotonic() + _WITHIN
    while not happened():
        if time.monotonic() > deadline:
            raise RuntimeError(problem)
        time.sleep(_LOOK_EVERY)


class _Memory:
    """The memory of a process: how much more it takes than at rest."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")
        self._rest = 0.0

    def _mb(self, what: str) -> float:
        lines = (self._folder / "status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(what)).split()[1]) / 1024

    def rest(self) -> None:
        """Wait until it takes no more, and remember how much that is."""
        since = time.monotonic()
        while time.monotonic() - since < _AT_REST:
            time.sleep(_LOOK_EVERY)
            if (now := self._mb("VmRSS")) > self._rest:
                self._rest, since = now, time.monotonic()
        (self._folder / "clear_refs").write_text("5")  # the highest so far is forgotten

    def grown_mb(self) -> float:
        """How much more it took at most, since then."""
        return self._mb("VmHWM") - self._rest
