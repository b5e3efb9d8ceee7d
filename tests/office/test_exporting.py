"""Long exports: a job makes the file, as the person who asked, and shows how far it is."""

import json
import time

import pytest
from django_scopes import scope

from regulars.jobs.models import Job
from regulars.jobs.running import run_due
from regulars.tenants.models import Staff
from regulars.web.office import exporting, lists
from tests.factories import Shop, make_shop
from tests.office.seat import Seat, records
from tests.office.test_audit import write

pytestmark = pytest.mark.django_db


@pytest.fixture
def begun(shop: Shop, owner: Seat, monkeypatch: pytest.MonkeyPatch) -> int:
    """An export of three rows, where two are the most that are made at once."""
    monkeypatch.setattr(lists, "EXPORTED_AT_ONCE", 2)
    for name in ("Ten off", "Zoë's", "قهوة"):
        write(shop, "voucher.add", kind="voucher", label=name)
    response = owner.get("audit", {"export": "csv", "kind": "voucher"})
    assert response.status_code == 303
    return int(response.headers["Location"].rstrip("/").rpartition("/")[2])


def told(seat: Seat, job_id: int) -> dict[str, object]:
    return dict(json.loads(seat.get("export-now", job_id=job_id).content))


def test_a_job_makes_the_file_which_only_its_owner_fetches(shop: Shop, owner: Seat, begun: int) -> None:
    assert told(owner, begun)["state"] == "running"
    assert "You can leave this page" in owner.text("export", job_id=begun)
    assert owner.get("export-file", job_id=begun).status_code == 404
    run_due()
    assert (told(owner, begun)["state"], told(owner, begun)["done"]) == ("ready", 3)
    file = owner.get("export-file", job_id=begun)
    assert "audit-log-" in file.headers["Content-Disposition"]
    lines = b"".join(file.streaming_content).decode("utf-8-sig").splitlines()
    assert [line.split(",")[3] for line in lines] == ["Which", "قهوة", "Zoë's", "Ten off"]
    for stranger in (Seat.of(shop, "manager"), Seat(make_shop("Charlie's"))):
        assert stranger.get("export-file", job_id=begun).status_code == 404


def test_each_file_is_in_the_audit_log_once(shop: Shop, owner: Seat, begun: int) -> None:
    run_due()
    (of_job,) = [row for row in records(shop) if row.action.endswith(".exported")]
    assert (of_job.action, of_job.after) == ("audit-log.exported", {"file": "csv", "job": begun})
    shop.enrol("Priya Rao")
    shop.enrol("Nora Shah")
    owner.get("members", {"export": "xlsx", "q": "rao"})
    assert (records(shop)[0].action, records(shop)[0].after) == (
        "members.exported",
        {"file": "xlsx", "rows": 1},
    )
    owner.get("report-team", {"export": "csv"})
    assert records(shop)[0].action == "team.exported"
    number = len(records(shop))
    owner.get("members", {"export": "exe"})
    assert len(records(shop)) == number


def test_nobody_gets_what_they_may_not_see_any_more(shop: Shop, owner: Seat, begun: int) -> None:
    with scope(business=shop.business):
        Staff.objects.filter(pk=owner.staff.pk).update(role="staff")
    run_due()
    job = Job.objects.get(pk=begun)
    assert job.status == Job.Status.FAILED, job.error
    assert not list(exporting.folder().glob("*.part"))


def test_files_go_after_two_days(owner: Seat, begun: int) -> None:
    run_due()
    path = exporting.file_of(Job.objects.get(pk=begun))
    assert path is not None
    exporting.forget_old()
    assert path.exists()
    exporting.forget_old(time.time() + exporting.KEPT + 60)
    assert not path.exists()
    assert told(owner, begun)["state"] == "failed"


def test_files_and_their_folder_are_private(begun: int) -> None:
    for path in (exporting.folder(), *exporting.folder().iterdir()):
        assert path.stat().st_mode & 0o077 == 0, path
