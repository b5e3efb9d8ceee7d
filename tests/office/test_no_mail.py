"""Where no mail server is set up, pages say what becomes of letters instead of claiming that they leave."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.test import Client

from regulars.campaigns import actions as campaigns
from regulars.campaigns import letters
from regulars.messages import texts
from tests.factories import Shop
from tests.office.seat import Seat

pytestmark = pytest.mark.django_db
NOTICE = "No mail server is set up on this computer"
WHERE = {
    "console": "printed in the terminal",
    "filebased": "files in the data folder",
    "dummy": "thrown away",
}


@pytest.fixture(params=WHERE)
def where(request: pytest.FixtureRequest, settings: LazySettings) -> str:
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{request.param}.EmailBackend"
    return WHERE[request.param]


def draft(shop: Shop) -> int:
    made = campaigns.create_campaign(
        business_id=shop.id, name="May", subject="Hello", message="Come {card_url}", segment_filter="all"
    )
    return made.pk


def test_owners_read_it_where_mail_matters(owner: Seat, shop: Shop, where: str) -> None:
    pk = draft(shop)
    pages = (
        owner.text("home"), owner.text("campaigns"), owner.text("campaign-new"), owner.text("messages"),
        owner.text("campaign", campaign_id=pk),
    )  # fmt: skip
    for page in pages:
        assert NOTICE in page
        assert where in page


def test_a_test_is_not_said_to_be_on_its_way(owner: Seat, shop: Shop, where: str) -> None:
    pk = draft(shop)
    owner.post("campaign-test", {"to": "ann@shop.example"}, campaign_id=pk)
    page = owner.text("campaign", campaign_id=pk)
    assert "The letter to ann@shop.example is written. No mail server" in page
    assert "on its way" not in page


def test_who_forgot_the_password_reads_it_too(where: str) -> None:
    answer = Client().post("/password/forgot", {"email": "ann@shop.example"}, secure=True)
    said = answer.content.decode()
    assert where in said
    assert "on its way" not in said


def test_nothing_of_it_is_said_where_mail_leaves(owner: Seat) -> None:
    for name in ("home", "campaigns", "messages"):
        assert NOTICE not in owner.text(name)


def test_links_of_samples_lead_to_a_page_that_says_so(shop: Shop, settings: LazySettings) -> None:
    settings.REGULARS_PUBLIC_URL = "https://cards.example"
    body = "{card_url}"
    found = letters.sample(business=shop.business, subject="Hello", body=body, channel="email")
    assert "https://cards.example/sample/card" in found.text
    assert "https://cards.example/sample/unsubscribe" in found.text
    assert "shop.example" not in found.text
    said = texts.preview(business_id=shop.id, kind="welcome")
    assert "https://cards.example/sample/card" in said.text
    page = Client().get("/sample/card", secure=True)
    assert page.status_code == 200
    assert "sample of a letter" in page.content.decode()
