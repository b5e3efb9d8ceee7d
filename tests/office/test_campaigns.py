"""Campaigns in the back office: written, tried, sent, stopped, used again; what was typed is kept."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from django_scopes import scope

from regulars.campaigns import actions, job
from regulars.campaigns.models import Campaign
from regulars.members import segments
from regulars.messages.models import Message
from regulars.rules.errors import Conflict
from regulars.sales.actions import add_sale
from regulars.tenants.models import Business
from regulars.web.office.campaigns import record
from tests.factories import Shop
from tests.office.seat import Seat, records

pytestmark = pytest.mark.django_db

WORDS = {
    "name": "Autumn",
    "segment": "all",
    "channel": "email",
    "subject": "Leaves, {first_name|friend}",
    "message": "Hello {first_name|there}",
    "when": "hand",
}


def only(shop: Shop) -> Campaign:
    with scope(business=shop.business):
        return Campaign.objects.get()


def write(owner: Seat, **changes: Any) -> Campaign:
    response = owner.post("campaign-new", WORDS | changes)
    assert response.status_code == 303, response.content.decode()
    return only(owner.shop)


def agreed(made: Campaign, typed: str = "yes") -> dict[str, str]:
    return {"asked": made.modified_at.isoformat(), "confirmed": typed}


def test_one_is_written_changed_and_deleted(shop: Shop, owner: Seat) -> None:
    assert "a reason to come back" in owner.text("campaigns")
    made = write(owner)
    assert (made.name, made.segment_filter, made.status) == ("Autumn", "all", "draft")
    assert "Autumn" in owner.text("campaign-edit", draft_id=made.pk)
    tomorrow = timezone.localtime() + dt.timedelta(days=1)
    changed = WORDS | {"name": "Winter", "when": "at", "scheduled_at": f"{tomorrow:%Y-%m-%dT12:00}"}
    assert owner.post("campaign-edit", changed, draft_id=made.pk).status_code == 303
    assert (only(shop).name, only(shop).status) == ("Winter", "scheduled")
    assert "Winter" in owner.text("campaigns", {"status": "scheduled"})
    assert owner.post("campaign-delete", draft_id=made.pk).status_code == 303
    with scope(business=shop.business):
        assert not Campaign.objects.exists()
    assert [row.action for row in records(shop)] == ["campaign.delete", "campaign.edit", "campaign.add"]
    assert records(shop)[1].before["name"] == "Autumn"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "This is needed."),
        ({"subject": ""}, "id_subject_error"),
        ({"message": "Hello {nobody}"}, "{nobody}"),
        ({"when": "at"}, "Choose the day and the time."),
        ({"when": "at", "scheduled_at": "2001-01-01T10:00"}, "id_scheduled_at_error"),
        ({"segment": "saved:77"}, "id_segment_error"),
        ({"channel": "pigeon"}, "id_channel"),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_is_kept(
    shop: Shop, owner: Seat, changes: dict[str, str], said: str
) -> None:
    response = owner.post("campaign-new", WORDS | {"message": "Typed with care"} | changes)
    page = response.content.decode()
    assert response.status_code == 400
    assert said in page
    assert "message" in changes or "Typed with care" in page
    with scope(business=shop.business):
        assert not Campaign.objects.exists()
    assert records(shop) == []


def test_a_saved_segment_can_be_chosen_and_its_reach_is_told(shop: Shop, owner: Seat) -> None:
    shop.enrol("Nora Shah", email="nora@mail.example")
    shop.enrol("Tara Bose", email="tara@mail.example")
    saved = segments.add_segment(business_id=shop.id, name="Only Noras", given={"name": "Nora*"})
    value = f"saved:{saved.pk}"
    assert "Only Noras" in owner.text("campaign-new")
    for segment, reached in (("all", 2), (value, 1)):
        told = owner.text("campaign-count-now", {"segment": segment, "channel": "email"})
        assert f'<b class="reach-number">{reached}</b>' in told
    for wrong in ("saved:99", f"saved:{'9' * 5000}", f"saved:{2**63}", "saved:²", ""):
        assert "Choose whom" in owner.text("campaign-count-now", {"segment": wrong})
    made = write(owner, segment=value)
    assert made.segment_id == saved.pk
    assert "Only Noras" in owner.text("campaigns")
    assert 'value="saved:' in owner.text("campaign-edit", draft_id=made.pk)
    segments.delete_segment(business_id=shop.id, pk=saved.pk)
    page = owner.text("campaign", campaign_id=made.pk)
    assert "It reaches nobody now" in page
    assert owner.post("campaign-send", campaign_id=made.pk).status_code == 409


def test_a_campaign_without_its_segment_never_becomes_one_to_everybody(shop: Shop, owner: Seat) -> None:
    kept = segments.add_segment(business_id=shop.id, name="Ritas", given={"name": "Rita*"})
    saved = segments.add_segment(business_id=shop.id, name="Noras", given={"name": "Nora*"})
    made = write(owner, segment=f"saved:{saved.pk}")
    assert "The segment was deleted" not in owner.text("campaign-edit", draft_id=made.pk)
    segments.delete_segment(business_id=shop.id, pk=saved.pk)
    again = owner.post("campaign-copy", campaign_id=made.pk).headers["Location"]
    first = '<option value="">The segment was deleted: choose</option>'
    for page in (
        owner.text("campaign-edit", draft_id=made.pk),
        owner.client.get(again, secure=True).content.decode(),
        owner.post("campaign-new", {**WORDS, "segment": f"saved:{saved.pk}"}).content.decode(),
    ):
        chosen = page.partition('name="segment"')[2].partition("</select>")[0]
        assert "selected" not in chosen
        assert chosen.index(first) < chosen.index("Everybody")
    for value, status in (("", 400), (f"saved:{kept.pk}", 303)):
        assert (
            owner.post("campaign-edit", {**WORDS, "segment": value}, draft_id=made.pk).status_code == status
        )


def test_it_is_tried_sent_and_read_back(shop: Shop, owner: Seat) -> None:
    card = shop.enrol("Nora Shah", email="nora@mail.example")
    made = write(owner)
    page = owner.text("campaign", campaign_id=made.pk)
    assert "Send to 1 member" in page
    assert shop.owner.user.email in page
    assert owner.post("campaign-test", {"to": "nothing"}, campaign_id=made.pk).status_code == 303
    assert "e-mail" in owner.text("campaign", campaign_id=made.pk)
    assert owner.post("campaign-test", {"to": "me@mail.example"}, campaign_id=made.pk).status_code == 303
    assert owner.post("campaign-send", agreed(made), campaign_id=made.pk).status_code == 303
    assert owner.post("campaign-send", agreed(made), campaign_id=made.pk).status_code == 409
    page = owner.text("campaign", campaign_id=made.pk)
    assert "0 of 1 have left." in page
    assert owner.get("campaign-now", campaign_id=made.pk).json()["state"] == "running"
    with scope(business=shop.business):
        assert Message.objects.filter(campaign_id=made.pk).update(status="sent", sent_at=timezone.now()) == 1
        Campaign.objects.update(sent_count=1)
        job.finish(Campaign.objects.get())
    assert "1 of 1 got it." in owner.text("campaign", campaign_id=made.pk)
    assert owner.get("campaign-now", campaign_id=made.pk).json()["state"] == "ready"
    listed = owner.text("campaign-recipients", campaign_id=made.pk)
    assert "Nora Shah" in listed
    assert (
        card.member.code
        in owner.get("campaign-recipients", {"export": "csv"}, campaign_id=made.pk).content.decode()
    )
    assert [row.action for row in records(shop)][:3] == [
        f"campaign-{made.pk}-recipients.exported",
        "campaign.send",
        "campaign.test",
    ]
    assert "me@mail.example" not in str([(row.before, row.after, row.label) for row in records(shop)])
    assert records(shop)[1].after["recipients"] == 1


def test_it_leaves_only_after_a_yes_to_what_it_says_now(
    shop: Shop, owner: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.enrol("Nora Shah", email="nora@mail.example")
    old = write(owner)
    assert owner.post("campaign-edit", WORDS | {"message": "Other"}, draft_id=old.pk).status_code == 303
    made = only(shop)
    for given, said in (
        ({}, "Send it to 1 member now?"),
        ({"asked": made.modified_at.isoformat(), "confirmed": ""}, "Send it to 1 member now?"),
        (agreed(old), "The campaign was changed meanwhile."),
    ):
        response = owner.post("campaign-send", given, campaign_id=made.pk)
        assert response.status_code == 400
        assert said in response.content.decode()
    with pytest.raises(Conflict, match="was changed"):
        actions.send_campaign(business_id=shop.id, pk=made.pk, as_of=old.modified_at)
    monkeypatch.setattr(record, "MANY", 1)
    for typed in ("yes", "Winter"):
        response = owner.post("campaign-send", agreed(made, typed), campaign_id=made.pk)
        assert response.status_code == 400
        assert "This is not its name." in response.content.decode()
    assert only(shop).status == "draft"
    assert owner.post("campaign-send", agreed(made, " Autumn "), campaign_id=made.pk).status_code == 303
    assert only(shop).status == "sending"


def test_without_scripts_nothing_seems_to_be_counted_for_ever(owner: Seat) -> None:
    reach = owner.text("campaign-new").partition('class="card card-body reach"')[2].partition("</div>")[0]
    assert "skeleton" not in reach
    assert "its page says how many" in reach


def test_it_is_stopped_and_used_again(shop: Shop, owner: Seat) -> None:
    shop.enrol("Nora Shah", email="nora@mail.example")
    made = write(owner)
    actions.send_campaign(business_id=shop.id, pk=made.pk)
    assert owner.get("campaign-edit", draft_id=made.pk).status_code == 303
    assert owner.post("campaign-cancel", campaign_id=made.pk).status_code == 303
    assert only(shop).status == "cancelled"
    again = owner.post("campaign-copy", campaign_id=made.pk)
    assert again.status_code == 303
    assert "Autumn 2" in owner.client.get(again.headers["Location"], secure=True).content.decode()


def test_the_letter_comes_in_a_frame_of_its_own(shop: Shop, owner: Seat) -> None:
    made = write(owner)
    page = owner.get("campaign", campaign_id=made.pk)
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    for frame in (
        owner.get("campaign-letter", campaign_id=made.pk),
        owner.post("campaign-preview", WORDS | {"message": "<b>Hello</b>"}),
    ):
        policy = frame.headers["Content-Security-Policy"]
        assert frame.status_code == 200
        assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert "sandbox" in policy
        assert "script-src" not in policy
        assert "default-src 'none'" in policy
        assert "Leaves, Nora" in frame.content.decode()
    assert "&lt;b&gt;Hello" in frame.content.decode()
    wrong = owner.post("campaign-preview", WORDS | {"message": "{nobody}"}).content.decode()
    assert "nobody" in wrong
    text = owner.post(
        "campaign-preview", WORDS | {"channel": "sms", "message": "Bring <this>"}
    ).content.decode()
    assert "Bring &lt;this&gt;" in text
    assert "12 characters" in text


def test_one_by_post_gives_its_addresses(shop: Shop, owner: Seat) -> None:
    from tests.office.things import MAKERS  # noqa: PLC0415 - it knows all rooms

    posted = MAKERS["posted_id"](shop)
    page = owner.text("campaign", campaign_id=posted)
    assert "1 address is on its list." in page
    file = owner.get("campaign-addresses-file", posted_id=posted)
    assert file.headers["Content-Disposition"] == f'attachment; filename="campaign-{posted}.csv"'
    assert "1 Lake Road" in file.content.decode()
    assert owner.get("campaign-labels-file", posted_id=posted).content[:4] == b"%PDF"
    assert [row.after for row in records(shop)] == [
        {"file": f"campaign-{posted}.{kind}"} for kind in ("pdf", "csv")
    ]


def test_a_plan_without_campaigns_says_so(shop: Shop, owner: Seat) -> None:
    Business.objects.filter(pk=shop.id).update(plan="trial")
    for response in (owner.get("campaigns"), owner.post("campaign-new", WORDS)):
        assert response.status_code in (400, 403)
        assert "Plans that have it" in response.content.decode()


@pytest.mark.parametrize(("days", "said"), [(20, "In the 14 days after it"), (2, "Since it was sent")])
def test_who_came_afterwards_is_told_beside_who_came_before(
    days: int, said: str, shop: Shop, owner: Seat
) -> None:
    card, made = shop.enrol(email="a@x.example"), write(owner)
    sent = timezone.now() - dt.timedelta(days=days)
    given: dict[str, Any] = {"kind": "campaign", "key": "c", "status": "sent", "sent_at": sent}
    with scope(business=shop.business):
        Campaign.objects.update(
            status="sent", sent_at=sent, finished_at=sent, total_recipients=1, sent_count=1
        )
        Message.objects.create(business=shop.business, member_id=card.pk, campaign_id=made.pk, **given)
    at = sent + dt.timedelta(days=1)
    add_sale(business_id=shop.id, member_id=card.pk, total_value=Decimal(3600), occurred_at=at)
    page = owner.text("campaign", campaign_id=made.pk)
    for text in (said, "1 of 1 came; their purchases came to ₹3,600", "0 of them came, for ₹0"):
        assert text in page
    assert "figures cannot tell" in page
