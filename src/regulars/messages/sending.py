"""Sending what is queued: claimed, looked at once more, rendered, sent, told to the database in batches."""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from regulars.messages import bounces, channels, checks, claims, pace, render
from regulars.messages.checks import Ready
from regulars.messages.claims import Counted, Counts, Mark
from regulars.messages.journal import Journal, Step
from regulars.messages.outcomes import (
    ChannelDown,
    ChannelMissing,
    Failed,
    Later,
    Outcome,
    Sent,
    Skipped,
)
from regulars.rules.errors import Refusal

EVERY = 1.0  # seconds between two looks of the loop for what belongs to no campaign
CLAIM_AT_MOST = 100  # messages; no more than a journal has places
MARK_AT_MOST = 50
MARK_EVERY = 0.5  # seconds
CHECK_EVERY = 1.0  # seconds: what was looked at longer ago is looked at again
CALL_AT_MOST = 5.0  # seconds; then whoever called has a look at the world again
WAIT_AT_MOST = 2.0  # seconds that a call waits until the limit lets the next one go
# After how long a message is tried again that was refused for now. Then it has failed.
PAUSES: Sequence[dt.timedelta] = tuple(dt.timedelta(minutes=m) for m in (1, 5, 15, 60, 120, 240, 240))
# Nobody counts how often a server could not be reached at all. After so long a message is of no use any more.
STALE: Final = dt.timedelta(days=3)
DOWN_PAUSES: Final = (5, 15, 60, 300)  # seconds

log = structlog.get_logger(__name__)
_own = threading.local()


@dataclass(frozen=True, slots=True)
class Batch:
    """What a call of `send_some` came to.

    `sent`, `failed` and `skipped` have come to their end, `later` were tried and wait again. `next_at` says
    when there is something to do next: now or earlier when more is due; None when nothing is left, neither
    waiting nor in the hands of another sender.
    """

    sent: int = 0
    failed: int = 0
    skipped: int = 0
    later: int = 0
    next_at: dt.datetime | None = None


@dataclass(slots=True)
class _Down:
    until: float
    failures: int
    reason: str


@dataclass(slots=True)
class Sender:
    """One thread that sends: its journal and its connections, kept from batch to batch.

    Use it as a context manager. When it ends by an exception, its journal stays for whoever settles what it
    had claimed.
    """

    _journal: Journal | None = None
    _open: dict[str, channels.Channel] = field(default_factory=dict)
    _down: dict[str, _Down] = field(default_factory=dict)

    @property
    def journal(self) -> Journal:
        """Its journal, made when first needed."""
        if self._journal is None:
            self._journal = Journal()
        return self._journal

    def send(self, ready: Ready) -> Outcome:
        """Render and send one message that the journal has room for. Outside of any transaction.

        Raises:
            ChannelDown: its channel takes nothing now; the message was not sent.
        """
        message = ready.message
        if (down := self._down.get(message.channel)) and time.monotonic() < down.until:
            raise ChannelDown(down.reason)
        note = self.journal.note(message.pk)
        note(Step.AT_WORK)
        try:
            channel = self._open.get(message.channel) or channels.connect(message.channel)
            self._open[message.channel] = channel
            rendered = render.render_message(message=message, business=ready.business, member=ready.member)
            parcel = channels.Parcel(message.pk, ready.to, ready.business, rendered)
            outcome = channel.send(parcel, note)
        except ChannelMissing as missing:
            return Skipped(str(missing))
        except ChannelDown as trouble:
            self._rest(message.channel, str(trouble))
            raise
        except Refusal as refusal:
            return Failed(refusal.message)
        self._down.pop(message.channel, None)
        return outcome

    def _rest(self, channel: str, reason: str) -> None:
        failures = self._down[channel].failures + 1 if channel in self._down else 1
        pause = DOWN_PAUSES[min(failures, len(DOWN_PAUSES)) - 1]
        self._down[channel] = _Down(time.monotonic() + pause, failures, reason)
        log.warning("nothing can be sent", channel=channel, reason=reason, retry_in=pause)

    def down_for(self, channel: str) -> float:
        """For how many seconds nothing is tried by a channel."""
        down = self._down.get(channel)
        return max(down.until - time.monotonic(), 0.0) if down else 0.0

    def hang_up(self) -> None:
        """Close the connections; they are opened again when they are needed."""
        for channel in self._open.values():
            channel.close()
        self._open.clear()

    def close(self) -> None:
        """End it, when nothing that it claimed is left."""
        self.hang_up()
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def abandon(self) -> None:
        """End it, with its journal left to whoever settles what it had claimed."""
        self.hang_up()
        if self._journal is not None:
            self._journal.abandon()
            self._journal = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.abandon()


def send_some(
    *,
    campaign_id: int | None = None,
    most: int = 200,
    rate: int | None = None,
    counted: Counted | None = None,
    stop: Callable[[], bool] = lambda: False,
    sender: Sender | None = None,
) -> Batch:
    """Send up to `most` messages that are due: of a campaign, or those that belong to none.

    `counted` is called with the numbers of those that came to an end, in the transaction that says so, also
    for those that a dead sender left behind. `rate` limits this campaign to so many a minute, beside the
    installation's own limit. It returns early when `stop` says so, when a limit is reached, when the server
    is away, and after some seconds; see `Batch.next_at`. Without a `sender` it is this thread's own, which
    keeps its connections while there is more to do. Whatever dies in between, each message leaves once
    (docs/decisions/0014). Not within a transaction.
    """
    limits = _limits(campaign_id, rate)
    if sender is not None:
        return _Run(sender, campaign_id, counted, stop).send(most, limits)
    sender = getattr(_own, "sender", None)
    if sender is None:
        sender = _own.sender = Sender()
    try:
        batch = _Run(sender, campaign_id, counted, stop).send(most, limits)
    except BaseException:
        _own.sender = None
        sender.abandon()
        raise
    if batch.next_at is None or batch.next_at > timezone.now():
        sender.hang_up()
    return batch


def _limits(campaign_id: int | None, rate: int | None) -> list[pace.Limit]:
    limits: list[pace.Limit] = []
    if settings.REGULARS_EMAIL_PER_MINUTE:
        limits.append(("installation", settings.REGULARS_EMAIL_PER_MINUTE))
    if rate:
        limits.append((f"campaign {campaign_id}", rate))
    return limits


def _wait(seconds: float, stop: Callable[[], bool]) -> bool:
    """Wait, unless it is too long or `stop` says so; whether it was waited to the end."""
    if seconds > WAIT_AT_MOST:
        return False
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if stop():
            return False
        time.sleep(min(left, 0.1))
    return True


class _Run:
    """One call of `send_some`: what was claimed, what came of it, and what the database knows of that."""

    def __init__(
        self, sender: Sender, campaign_id: int | None, counted: Counted | None, stop: Callable[[], bool]
    ) -> None:
        self._sender = sender
        self._campaign_id = campaign_id
        self._counted = counted
        self._stop = stop
        self._counts = Counts()
        self._later = 0
        self._marks: list[Mark] = []
        self._bad: list[tuple[Ready, str]] = []
        self._marked_at = 0.0
        self._down_for = 0.0

    @property
    def done(self) -> int:
        """Messages that were dealt with."""
        return self._counts.sent + self._counts.failed + self._counts.skipped + self._later

    def send(self, most: int, limits: list[pace.Limit]) -> Batch:
        """Deal with up to `most` messages."""
        self._add(claims.take_over(campaign_id=self._campaign_id, now=timezone.now(), counted=self._counted))
        wait_until: dt.datetime | None = None
        until = time.monotonic() + CALL_AT_MOST
        while self.done < most and time.monotonic() < until and not self._stop():
            now = timezone.now()
            if not claims.something_due(campaign_id=self._campaign_id, now=now):
                break
            granted, wait = pace.shared().take(limits, min(CLAIM_AT_MOST, most - self.done))
            if granted:
                tried = self._claim_and_send(granted, now)
                pace.shared().give_back(limits, granted - tried)
            elif not _wait(wait, self._stop):
                wait_until = now + dt.timedelta(seconds=wait)
                break
            if self._down_for:
                wait_until = timezone.now() + dt.timedelta(seconds=self._down_for)
                break
        return self._batch(wait_until)

    def _add(self, counts: Counts) -> None:
        self._counts += counts

    def _batch(self, wait_until: dt.datetime | None) -> Batch:
        next_at = claims.next_due(campaign_id=self._campaign_id, now=timezone.now())
        if next_at is not None and wait_until is not None:
            next_at = max(next_at, wait_until)
        counts = self._counts
        return Batch(counts.sent, counts.failed, counts.skipped, self._later, next_at)

    def _claim_and_send(self, most: int, now: dt.datetime) -> int:
        """Claim up to `most` and deal with them; how many the server was asked to take."""
        held_until = time.monotonic() + (claims.LEASE - claims.SPARE).total_seconds()
        claimed = claims.claim(
            lease=self._sender.journal.name, most=most, campaign_id=self._campaign_id, now=now
        )
        self._sender.journal.claim([message for message, _ in claimed])
        self._marked_at = time.monotonic()
        tried, checked, checked_at = 0, checks.Checked(), float("-inf")
        for place, (message, _) in enumerate(claimed):
            if self._stop() or time.monotonic() > held_until:
                self._marks += [Mark(one, "queued", attempts=-1) for one, _ in claimed[place:]]
                break
            if time.monotonic() - checked_at > CHECK_EVERY:
                checked, checked_at = self._look(claimed[place:]), time.monotonic()
            look = checked.get(message)
            if isinstance(look, Skipped):
                self._marks.append(Mark(message, "skipped", look.reason))
            elif look is not None:  # else it is gone, with the member whom it was for
                tried += self._send(look)
            if len(self._marks) >= MARK_AT_MOST or time.monotonic() - self._marked_at > MARK_EVERY:
                self._tell()
        self._tell()
        return tried

    def _look(self, claimed: list[tuple[int, int]]) -> checks.Checked:
        """Ask once more what may go out and where to, and note where it is not where it was."""
        checked = checks.check(claimed)
        moved = [
            (message, look.to)
            for message, look in checked.items()
            if isinstance(look, Ready) and look.to != look.message.to
        ]
        claims.note_addresses(moved, lease=self._sender.journal.name)
        return checked

    def _send(self, ready: Ready) -> bool:
        """Send one; whether the server was asked to take it."""
        message = ready.message
        try:
            outcome = self._sender.send(ready)
        except ChannelDown as down:
            self._down_for = max(self._sender.down_for(message.channel), 1.0)
            self._marks.append(_put_back(ready, str(down), self._down_for))
            return False
        except Exception as error:  # one broken message must not keep the others
            log.exception("a message could not be made", message=message.pk)
            outcome = Failed(f"It could not be made: {error.__class__.__name__}.")
        now = timezone.now()
        if isinstance(outcome, Later):
            self._later += 1
        if isinstance(outcome, Failed) and outcome.bad_address:
            self._bad.append((ready, outcome.reason))
        self._marks.append(_mark(ready, outcome, now))
        return not isinstance(outcome, Skipped)

    def _tell(self) -> None:
        marks, self._marks = self._marks, []
        bad, self._bad = self._bad, []
        if marks:
            with transaction.atomic():
                self._add(claims.mark(marks, lease=self._sender.journal.name, counted=self._counted))
                for ready, detail in bad:
                    bounces.suppress(ready.message, address=ready.to, why="bounce", detail=detail)
        self._marked_at = time.monotonic()


def _mark(ready: Ready, outcome: Outcome, now: dt.datetime) -> Mark:
    pk = ready.message.pk
    match outcome:
        case Sent(provider_id, reason):
            return Mark(pk, "sent", reason, to=ready.to, provider_id=provider_id, sent_at=now)
        case Failed(reason):
            return Mark(pk, "failed", reason, to=ready.to)
        case Skipped(reason):
            return Mark(pk, "skipped", reason)
        case Later(reason):
            tries = ready.message.attempts
            if tries > len(PAUSES):
                return Mark(pk, "failed", f"Given up after {tries} attempts: {reason}", to=ready.to)
            pause = PAUSES[tries - 1] * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, no secret
            return Mark(pk, "queued", reason, next_at=now + pause)


def _put_back(ready: Ready, reason: str, seconds: float) -> Mark:
    now = timezone.now()
    if ready.message.created_at < now - STALE:
        return Mark(ready.message.pk, "failed", f"Given up after {STALE.days} days: {reason}")
    next_at = now + dt.timedelta(seconds=seconds)
    return Mark(ready.message.pk, "queued", reason, next_at=next_at, attempts=-1)


def step(stop: Callable[[], bool]) -> bool:
    """Send what belongs to no campaign; whether there is more at once. The worker's loop calls it."""
    batch = send_some(stop=stop)
    return batch.next_at is not None and batch.next_at <= timezone.now() and not stop()
