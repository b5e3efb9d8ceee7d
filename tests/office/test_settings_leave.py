"""Leaving with everything: one file with all tables, of this business alone, without what opens anything."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest
from django_scopes import scopes_disabled
from pytest_django import Settings

from regulars.jobs.models import Job
from regulars.web.office import exporting
from regulars.web.office.settings import leaving
from tests.factories import Shop, make_shop
from tests.office.seat import Seat, records
from tests.office.things import left_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _folder(settings: Settings, tmp_path: object) -> None:
    settings.REGULARS_DATA_DIR = tmp_path


def work() -> Job:
    """Let the job run that waits."""
    job = Job.objects.get(status="ready", task=leaving.make_archive.module_path)
    job.result = leaving.make_archive.func(**job.kwargs)
    job.status = "succeeded"
    job.save()
    return job


def tables(content: bytes) -> dict[str, list[dict[str, str]]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {
            name.removesuffix(".csv"): list(
                csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"), newline=""))
            )
            for name in archive.namelist()
        }


def test_all_of_a_business_comes_in_one_file(owner: Seat, shop: Shop) -> None:
    stranger = make_shop("Charlie's")
    stranger.stamp(stranger.enrol("Stranger Danger"), 3)
    card = shop.enrol("=1+1 Évil", email="asha@mail.example")
    left_id = left_of(shop)
    shop.stamp(card, 9, staff_id=left_id)
    assert "Make the file" in owner.text("settings-leave")
    assert owner.post("settings-leave").status_code == 303
    assert owner.post("settings-leave").status_code == 303  # pressed twice it is made once
    assert "rows so far" in owner.text("settings-leave")
    assert owner.get("settings-leave-now").json()["state"] == "running"
    assert owner.get("settings-leave-file").status_code == 303
    work()
    assert owner.get("settings-leave-now").json()["url"] == owner.url("settings-leave-file")
    answer = owner.get("settings-leave-file")
    content = b"".join(answer.streaming_content)
    found = tables(content)
    assert len(found) == len(leaving.TABLES) + 1
    assert [row["name"] for row in found["business"]] == [shop.business.name]
    assert [row["name"] for row in found["member"]] == ["'=1+1 Évil"]
    assert [row["qr_code"] for row in found["card"]] == [card.qr_code]
    assert sum(int(row["stamps"]) for row in found["entry"] if int(row["stamps"]) > 0) == 9
    assert [(row["name"], row["user__email"]) for row in found["staff"]] == [
        ("Alice", shop.owner.user.email),
        ("Priya", ""),
    ]
    assert str(left_id) in {row["staff_id"] for row in found["entry"]}
    assert b"Stranger" not in b"".join(str(rows).encode() for rows in found.values())


def test_nothing_in_it_opens_anything() -> None:
    with scopes_disabled():
        columns = {
            f"{name}.{column}"
            for name, model in leaving.names().items()
            for column in leaving._columns(model)
        }
    words = ("password", "hash", "sealed", "secret", "pin", "session", "png")
    kept = {one for one in columns if any(word in one.partition(".")[2].split("_") for word in words)}
    assert kept == set()
    assert not {"apikey", "account", "ssosecret", "device"} & leaving.names().keys()


def test_it_is_written_down_and_a_failure_leaves_no_file(
    owner: Seat, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner.post("settings-leave")
    assert [record.action for record in records(shop)] == ["settings.leave"]

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("regulars.web.office.exports.write", full)
    with pytest.raises(OSError, match="no space"):
        work()
    assert list(exporting.folder().iterdir()) == []
    Job.objects.update(status="failed")
    assert "There is no file now" in owner.text("settings-leave")
