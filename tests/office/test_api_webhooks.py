"""Settings → Webhooks, as far as requests go."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import re
import shutil
import subprocess
import sys
import time
from typing import Any

import pytest
from django.utils import timezone
from django_scopes import scope

from regulars.outbox import actions, fanout, queries
from regulars.outbox.models import Delivery, DeliveryAttempt, WebhookEndpoint
from regulars.web.office.api import samples
from tests.factories import Shop
from tests.office.seat import Seat, records

pytestmark = pytest.mark.django_db
URL = "https://93.184.216.34/hooks"


def endpoint(shop: Shop, **more: Any) -> WebhookEndpoint:
    return actions.create_endpoint(business_id=shop.id, url=URL, **more)[0]


def deliveries(shop: Shop) -> list[Delivery]:
    fanout.pass_on_all()
    with scope(business=shop.business):
        return list(Delivery.objects.select_related("event").order_by("pk"))


def test_an_address_is_added_and_its_secret_shown_once(shop: Shop, owner: Seat) -> None:
    assert "signed, and in order" in owner.text("webhooks")
    made = owner.post("webhook-new", {"url": URL, "description": "Till", "which": "all"})
    assert made.status_code == 303
    (row,) = queries.endpoints(business_id=shop.id)
    assert (row.url, row.event_types) == (URL, ["*"])
    secret = r"whsec_[0-9A-Za-z+/=]{44}"
    assert len(set(re.findall(secret, owner.text("webhook", endpoint_id=row.pk)))) == 1
    assert not re.findall(secret, owner.text("webhook", endpoint_id=row.pk))
    assert records(shop)[0].action == "webhook.add"
    assert not re.findall(secret, str(vars(records(shop)[0])))


@pytest.mark.parametrize(
    "fields",
    [
        {"url": ""}, {"url": "ftp://x"}, {"url": "https://127.0.0.1/hooks"}, {"which": "own"},
        {"which": "own", "event_types": ["nothing.happened"]}, {"which": ""}, {"description": "x" * 201},
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    shop: Shop, owner: Seat, fields: dict[str, Any]
) -> None:
    given = {"url": URL, "description": "Harbour till", "which": "all"} | fields
    response = owner.post("webhook-new", given)
    assert response.status_code == 400
    text = response.content.decode()
    assert given["description"] in text
    assert "invalid-feedback" in text
    assert queries.endpoints(business_id=shop.id) == []


def test_an_address_and_its_events_are_changed(shop: Shop, owner: Seat) -> None:
    row = endpoint(shop, event_types=["voucher.*", "stamp.added"])
    page = owner.text("webhook-edit", endpoint_id=row.pk)
    assert len(re.findall(r'value="(?:voucher\.\*|stamp\.added)"[^>]*checked', page)) == 2
    given = {"url": f"{URL}/two", "description": "", "which": "own", "event_types": ["stamp.*"]}
    assert owner.post("webhook-edit", given, endpoint_id=row.pk).status_code == 303
    changed = queries.endpoint(business_id=shop.id, endpoint_id=row.pk)
    assert (changed.url, changed.event_types) == (f"{URL}/two", ["stamp.*"])
    assert records(shop)[0].after["event_types"] == ["stamp.*"]


def test_it_is_switched_off_and_on(shop: Shop, owner: Seat) -> None:
    row = endpoint(shop)
    for active, action in ((False, "webhook.off"), (True, "webhook.on")):
        assert owner.post("webhook-switch", endpoint_id=row.pk).status_code == 303
        assert queries.endpoint(business_id=shop.id, endpoint_id=row.pk).is_active is active
        assert records(shop)[0].action == action
    owner.post("webhook-switch", endpoint_id=row.pk)
    assert "Nothing is sent here" in owner.text("webhook", endpoint_id=row.pk)


def test_a_test_is_sent_and_stands_in_the_log(shop: Shop, owner: Seat) -> None:
    row = endpoint(shop, event_types=["voucher.*"])
    assert "Nothing was sent here yet" in owner.text("webhook", endpoint_id=row.pk)
    assert owner.post("webhook-test", endpoint_id=row.pk).status_code == 303
    page = owner.text("webhook", endpoint_id=row.pk)
    assert "every 3s" in page
    # What is told beside the deliveries changes with them.
    assert ('hx-select-oob="#facts"' in page, page.count('id="facts"')) == (True, 1)
    (sent,) = deliveries(shop)
    assert sent.event.type == "webhook.test"
    assert "webhook.test" in owner.text("webhook", endpoint_id=row.pk)
    actions.edit_endpoint(business_id=shop.id, endpoint_id=row.pk, is_active=False)
    response = owner.post("webhook-test", endpoint_id=row.pk)
    assert response.status_code == 303
    assert "is disabled" in owner.text("webhook", endpoint_id=row.pk)
    assert len(deliveries(shop)) == 1


def test_a_new_secret_is_shown_once(shop: Shop, owner: Seat) -> None:
    row = endpoint(shop)
    assert owner.post("webhook-rotate", {"overlap_hours": "200"}, endpoint_id=row.pk).status_code == 400
    assert owner.post("webhook-rotate", {"overlap_hours": "2"}, endpoint_id=row.pk).status_code == 303
    page = owner.text("webhook", endpoint_id=row.pk)
    assert re.search(r"whsec_[0-9A-Za-z+/=]{44}", page)
    assert "The former one signs too" in page
    changed = queries.endpoint(business_id=shop.id, endpoint_id=row.pk)
    assert changed.secret != row.secret
    entry = records(shop)[0]
    assert (entry.action, entry.after["overlap_hours"]) == ("webhook.secret", 2)
    assert changed.secret not in str(vars(entry))
    assert row.secret not in str(vars(entry))


def test_what_happened_is_sent_again(shop: Shop, owner: Seat) -> None:
    shop.stamp(shop.enrol(), 2)
    deliveries(shop)
    row = endpoint(shop)
    since = timezone.now() - dt.timedelta(hours=2)
    wrong = owner.post("webhook-resend", {"since": "1200-01-01T00:00"}, endpoint_id=row.pk)
    assert wrong.status_code == 400
    done = owner.post("webhook-resend", {"since": f"{since:%Y-%m-%dT%H:%M}"}, endpoint_id=row.pk)
    assert done.status_code == 303
    assert [one.event.type for one in deliveries(shop)] == ["member.enrolled", "stamp.added"]
    assert records(shop)[0].after["events"] == 2


def test_a_delivery_tells_its_attempts_and_is_sent_again(shop: Shop, owner: Seat) -> None:
    row = endpoint(shop)
    shop.stamp(shop.enrol(), 2)
    one = deliveries(shop)[-1]
    assert "There was no attempt yet" in owner.text("webhook-delivery", delivery_id=one.pk)
    with scope(business=shop.business):
        DeliveryAttempt.objects.create(
            business=shop.business, delivery=one, at=timezone.now(), duration_ms=120, status=500,
            error="The answer was 500.", response="<h1>Sorry</h1>",
        )  # fmt: skip
        Delivery.objects.filter(pk=one.pk).update(status="failed", attempts=10, last_status=500)
    page = owner.text("webhook-delivery", delivery_id=one.pk)
    for text in ("Given up", "Answered 500", "120 ms", "&lt;h1&gt;Sorry", "&quot;stamps_added&quot;: 2"):
        assert text in page
    assert "Given up" in owner.text("webhook-deliveries", {"status": "failed"}, endpoint_id=row.pk)
    other = owner.text("webhook-deliveries", {"type": "member.enrolled"}, endpoint_id=row.pk)
    assert "Given up" not in other.partition("<tbody>")[2]
    assert owner.post("webhook-delivery-resend", delivery_id=one.pk).status_code == 303
    assert {d.pk: d.status for d in deliveries(shop)}[one.pk] == "pending"
    assert records(shop)[0].action == "webhook-delivery.resend"


def test_it_is_deleted_with_its_log(shop: Shop, owner: Seat) -> None:
    row = endpoint(shop)
    shop.enrol()
    assert deliveries(shop)
    assert owner.post("webhook-delete", endpoint_id=row.pk).status_code == 303
    assert deliveries(shop) == []
    assert records(shop)[0].before["url"] == URL
    assert owner.get("webhook", endpoint_id=row.pk).status_code == 404


@pytest.mark.once
def test_the_check_of_a_signature_that_is_shown_works() -> None:
    secret = f"whsec_{base64.b64encode(b'k' * 24).decode()}"
    python, php = samples.checks(secret)
    at, body = str(int(time.time())), b'{"id": "evt_1"}'
    digest = hmac.new(b"k" * 24, f"evt_1.{at}.".encode() + body, hashlib.sha256).digest()
    good = {
        "webhook-id": "evt_1",
        "webhook-timestamp": at,
        "webhook-signature": f"v1,AAAA v1,{base64.b64encode(digest).decode()}",
    }
    asks = f"print(is_ours({body!r}, {good!r}), is_ours(b'other', {good!r}))"
    program = f"{python.text}\n{asks}\n"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["True", "False"]
    if shutil.which("php"):
        headers = ", ".join(f"{name!r} => {value!r}" for name, value in good.items())
        asks = f"foreach (['{body.decode()}', 'other'] as $one) {{ var_dump(is_ours($one, [{headers}])); }}"
        said = subprocess.run(
            ["php", "-r", f"{php.text}\n{asks}"], capture_output=True, text=True, check=True
        )
        assert said.stdout.split() == ["bool(true)", "bool(false)"]
