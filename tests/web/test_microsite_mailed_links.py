"""What a mailed link proves, and what is said where none can come."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django_scopes import scope
from pytest_django import Settings

from regulars.environment_mail import Sms
from regulars.members.models import Member
from regulars.portal import links
from regulars.tenants import ratelimit
from tests.factories import Shop, make_shop
from tests.portal.joiner import join, member_of
from tests.web.microsite import Browser, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.REGULARS_DATA_DIR = tmp_path
    ratelimit._store.cache_clear()
    yield
    ratelimit._store.cache_clear()


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def link_to(shop: Shop, member: Member, address: str) -> str:
    url = links.make_link(
        business_id=shop.id,
        member_id=member.pk,
        purpose="sign_in",
        address=address,
        lasts=links.SIGN_IN_LASTS,
    )
    return f"l/{url.rpartition('/')[2]}"


def test_whoever_signs_in_by_mail_has_confirmed_the_address(shop: Shop) -> None:
    member = member_of(shop, join(shop))
    browser = Browser(shop)
    path = link_to(shop, member, member.email)
    browser.get(path)
    with scope(business=shop.business):
        assert Member.objects.get(pk=member.pk).email_confirmed_at is None
        assert browser.post(path).status_code in {302, 303}
        assert Member.objects.get(pk=member.pk).email_confirmed_at is not None


def test_a_link_to_a_phone_confirms_no_mailbox(shop: Shop) -> None:
    card = shop.enrol(phone="+919876543210", email="nora@mail.example")
    assert Browser(shop).post(link_to(shop, card.member, "+919876543210")).status_code in {302, 303}
    with scope(business=shop.business):
        assert Member.objects.get(pk=card.pk).email_confirmed_at is None


def test_whom_no_text_message_reaches_is_sent_to_the_counter(
    shop: Shop, settings: Settings, tmp_path: Path
) -> None:
    """Whoever has the number, or nobody."""
    shop.enrol(phone="+919876543210")
    shop.enrol(phone="+919876543211", email="priya@example.com")
    said = {
        text(Browser(shop).post("sign-in", {"contact": f"+91987654321{last}"})) for last in ("0", "1", "2")
    }
    assert len(said) == 1
    assert "show it at the counter" in said.pop()
    assert "counter" not in text(Browser(shop).post("sign-in", {"contact": "priya@example.com"}))
    settings.TEXT_MESSAGES = Sms(folder=str(tmp_path))
    assert "counter" not in text(Browser(shop).post("sign-in", {"contact": "+919876543210"}))
