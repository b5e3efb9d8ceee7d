"""Clients as tills are: they write all day, and repeat with the same key what was not answered."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.test import override_settings

from regulars import seal, storage
from tests.races.crowd import PATIENCE
from tests.races.serving import Answer, Caller, Installation

# What a client tries again: nobody answered, somebody else is still at it, or the service is not there now.
AGAIN = {409: "idempotency_still_running", 503: "unavailable"}


@dataclass(frozen=True)
class Write:
    """Something that a client wants done once."""

    path: str
    body: dict[str, Any]
    key: str


@dataclass
class Clients:
    """Some clients at work on some cards, and all that they were told."""

    port: int
    api_key: str
    cards: list[str]
    number: int
    acknowledged: list[tuple[Write, Answer]] = field(default_factory=list)
    retries: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def working(self) -> Iterator[None]:
        """They work; in the end each brings its last write to an answer."""
        threads = [threading.Thread(target=self._work, args=(number,)) for number in range(self.number)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.over.set()
            for thread in threads:
                thread.join(PATIENCE)
        assert not [thread for thread in threads if thread.is_alive()]
        assert self.failures == []

    def wait_for(self, more: int) -> float:
        """Seconds until so many more writes were acknowledged."""
        began, wanted = time.monotonic(), len(self.acknowledged) + more
        while len(self.acknowledged) < wanted:
            assert time.monotonic() - began < PATIENCE, (self.retries, self.failures)
            time.sleep(0.002)
        return time.monotonic() - began

    def _work(self, number: int) -> None:
        draw = random.Random(number)
        with closing(Caller(self.port, self.api_key)) as caller:
            try:
                while not self.over.is_set():
                    write = self._next(draw)
                    self.acknowledged.append((write, self._send(caller, write)))
            except Exception as error:  # noqa: BLE001 - told to the test, which fails
                self.failures.append(repr(error))

    def _next(self, draw: random.Random) -> Write:
        key = str(uuid.UUID(int=draw.getrandbits(128)))
        what, card = draw.random(), draw.choice(self.cards)
        if what < 0.7:
            return Write("/api/stamps/add", {"qr_code": card, "count": draw.randint(1, 10)}, key)
        if what < 0.85:
            return Write("/api/rewards/redeem", {"qr_code": card}, key)
        phone = f"+9198{draw.getrandbits(64) % 10**8:08d}"
        return Write("/api/customers", {"name": "Somebody New", "phone": phone}, key)

    def _send(self, caller: Caller, write: Write) -> Answer:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                answer = caller.send("POST", write.path, write.body, write.key)
            except (OSError, http.client.HTTPException) as error:
                self.retries[type(error).__name__] += 1
                time.sleep(0.02)
                continue
            if AGAIN.get(answer.status) != answer.code:
                return answer
            self.retries[answer.code] += 1
            time.sleep(0.02)
        raise TimeoutError(f"{write} was not answered")


def open_shop(installation: Installation, *, cards: int) -> tuple[str, list[str], float]:
    """A key and the codes of some cards, in a server that has just been started; the seconds that took."""
    made = installation.create_business("Alice", country="IN", timezone="Asia/Kolkata")
    installation.start()
    start = installation.wait_until_it_answers()
    with closing(Caller(installation.port, made["api_key"])) as caller:
        answers = [
            caller.send("POST", "/api/customers", {"name": "Regular", "phone": f"+9197000{number:05d}"})
            for number in range(cards)
        ]
    return made["api_key"], [answer.data["qr_code"] for answer in answers], start


Ask = Callable[[str], list[tuple[Any, ...]]]


def nothing_lost_nothing_doubled(clients: Clients, ask: Ask, installation: Installation) -> None:
    """What the installation's database holds is what was acknowledged: no more, and no less."""
    stamps, visits, redeemed, enrolled = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for write, answer in clients.acknowledged:
        match write.path, answer.status:
            case "/api/stamps/add", 200:
                stamps[write.body["qr_code"]] += write.body["count"]
                visits[write.body["qr_code"]] += 1
            case "/api/rewards/redeem", 200:
                redeemed[write.body["qr_code"]] += 1
            case "/api/customers", 201:
                enrolled[answer.data["qr_code"]] += 1
            case _:
                assert answer.code in {"no_pending_reward", "already_enrolled"}, (write, answer)
    assert stamps
    assert redeemed
    assert enrolled
    rows = ask("SELECT qr_code, total_stamps, total_visits, rewards_redeemed FROM ledger_card")
    assert {code for code, *_ in rows} == {*clients.cards, *enrolled}
    assert set(enrolled.values()) == {1}
    for code, total_stamps, total_visits, rewards_redeemed in rows:
        found = (total_stamps, total_visits, rewards_redeemed)
        assert found == (stamps[code], visits[code], redeemed[code]), code
    # Each effect told about itself once, and what a retry will be answered is what was answered.
    kinds: dict[str, int] = dict(ask("SELECT type, COUNT(*) FROM outbox_event GROUP BY type"))
    assert kinds["stamp.added"] == visits.total()
    assert kinds["reward.redeemed"] == redeemed.total()
    assert kinds["member.enrolled"] == len(rows)
    kept = ask("SELECT key, answer FROM tenants_idempotencyrecord")
    with override_settings(SECRET_KEY=storage.kept_secret_key(installation.folder / "data")):
        stored = {key: json.loads(seal.unseal(sealed)) for key, sealed in kept}
    assert stored == {
        write.key: json.loads(answer.body) for write, answer in clients.acknowledged if answer.status < 300
    }
