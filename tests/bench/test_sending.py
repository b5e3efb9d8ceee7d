"""What leaves by itself is measured on the product as it is, and what arrived is counted."""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest

from bench import campaigns, places, sink, webhooks
from bench.child import call
from bench.size import Size
from tests import blank

pytestmark = pytest.mark.once

SMALL = Size(member_count=40, rounds=1, seconds=1)
CAMPAIGN = {"status": "sent", "sent": 2, "failed": 0, "skipped": 0}
BOTH = {"m1@bench.example": 1, "m2@bench.example": 1}


@contextmanager
def with_tables(kind: str, folder: Path) -> Iterator[str]:
    """A database that need not be migrated any more."""
    address = f"{kind}:///{folder / 'product.sqlite3'}"
    blank.copy_into(places.environment(folder, address))
    yield address


def test_the_sink_counts_by_recipient_and_keeps_the_last() -> None:
    message = b"Subject: Hello\r\n\r\n.\r\n..a\r\nend\r\n"
    with sink.running() as box:
        with smtplib.SMTP("127.0.0.1", box.port) as link:
            for to in ("a@x.example", "b@x.example", "a@x.example"):
                link.sendmail("s@x.example", [to], message)
        assert box.taken() == {"a@x.example": 2, "b@x.example": 1}
        assert box.taken() == {}
        assert box.last() == message


def test_a_campaign_is_measured_and_everybody_gets_it_once() -> None:
    said: list[str] = []
    with patch.object(places, "database", with_tables), patch.object(campaigns, "_AT_REST", 0.3):
        done = campaigns.compare("sqlite", SMALL, said.append)
    assert said[2:] == ["limit: 10 ready-made mails", "campaign of 40", "limit: 10 ready-made mails"]
    assert done.name == "campaigns-sqlite"
    assert len(done.rounds) == 2
    assert all(one.limit_per_second > 0 < one.product_per_second for one in done.rounds)
    assert done.grown_mb is not None


@pytest.mark.parametrize(
    ("campaign", "taken", "problem"),
    [
        (CAMPAIGN | {"sent": 1, "failed": 1}, BOTH, "came to"),
        (CAMPAIGN, {"m1@bench.example": 1}, "1 of 2 recipients"),
        (CAMPAIGN, BOTH | {"m2@bench.example": 2}, "1 more than once"),
    ],
)
def test_a_campaign_that_went_wrong_is_no_result(
    campaign: dict[str, object], taken: dict[str, int], problem: str
) -> None:
    campaigns._check(CAMPAIGN, BOTH, recipients=2, number=2)
    with pytest.raises(RuntimeError, match=problem):
        campaigns._check(campaign, taken, recipients=2, number=2)


def test_webhooks_are_delivered_by_the_product_and_by_the_loop(
    tmp_path: Path,
) -> None:
    environment = places.environment(tmp_path, f"sqlite:///{tmp_path / 'bench.sqlite3'}")
    environment["REGULARS_WEBHOOK_NETWORKS"] = "127.0.0.0/8"
    blank.copy_into(environment)
    with webhooks.receiver() as url:
        assert call(webhooks.bare, url, 20) > 0
        assert call(webhooks.product, url, environment, 20).per_second > 0
    with pytest.raises(RuntimeError, match="0 deliveries succeeded of 28"):
        call(webhooks.product, url, environment, 20)
