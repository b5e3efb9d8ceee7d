"""The pages of a micro-site: what they show, and to whom."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django_scopes import scopes_disabled
from pytest_django import Settings

from regulars import spool
from regulars.ledger import adjustments
from regulars.members.models import Consent, Member
from regulars.portal import sessions
from regulars.portal.models import Account, Session
from regulars.scratchcards import cards as scratch
from regulars.tenants import actions as tenants
from regulars.tenants import microsites, ratelimit
from regulars.vouchers import actions as vouchers
from regulars.vouchers.models import Voucher
from regulars.web.microsite import visit as visits
from tests.factories import Shop, make_shop
from tests.scratchcards.given import campaign, issue
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


JUNE = dt.datetime(2026, 6, 20, 6, 0, tzinfo=dt.UTC)
MEMBERS_PAGES = (
    "vouchers", "history", "statement", "statement.csv", "profile", "profile/email", "password", "data",
    "data.json",
)  # fmt: skip


def member_of(shop: Shop, pk: int) -> Member:
    with scopes_disabled():
        return Member.objects.get(pk=pk)


def offer(shop: Shop, price: int = 100, **more: Any) -> Voucher:
    given: dict[str, Any] = {
        "name": "Cinnamon <roll>",
        "value": Decimal(80),
        "available_for_self_selection": True,
    }
    return vouchers.add_voucher(business_id=shop.id, points_required=price, **(given | more))


def give(shop: Shop, pk: int, points: int) -> None:
    adjustments.add_adjustment(business_id=shop.id, member_id=pk, points=points)


def test_the_face_shows_the_shop(shop: Shop) -> None:
    microsites.update_microsite(
        business_id=shop.id,
        about="We roast on <Mondays>.",
        website="https://alice.example",
        points_active=True,
    )
    tenants.update_program(business_id=shop.id, terms_conditions="One stamp a visit.")
    shop.branch("Koramangala", address="47 5th Block", city="Bengaluru", phone="+91 98765 43210")
    closed = shop.branch("Closed for good")
    tenants.update_branch(business_id=shop.id, branch_id=closed.pk, is_active=False)
    answer = Browser(shop).get()
    shown = text(answer)
    for part in (
        "Alice's Café", "8 stamps: Free coffee", "Get your card", "We roast on <Mondays>.", "Koramangala",
        "47 5th Block, Bengaluru", "+91 98765 43210", "One stamp a visit.", "Purchases earn points, too",
    ):  # fmt: skip
        assert part in shown, part
    assert "Closed for good" not in shown
    page = answer.content.decode()
    assert f"/join/{shop.business.join_code}" in page
    assert 'href="https://alice.example"' in page
    assert answer.headers["X-Robots-Tag"] == "all"
    assert "regulars_member" not in answer.cookies
    assert "One stamp a visit." in text(Browser(shop).get("terms"))
    assert Browser(make_shop("Without terms")).get("terms").status_code == 404
    microsites.update_microsite(business_id=shop.id, join_open=False)
    assert "Get your card" not in text(Browser(shop).get())


def test_pages_take_nothing_from_elsewhere_and_write_nothing_inline(shop: Shop) -> None:
    card = shop.enrol(email="priya@example.com")
    browser = Browser(shop).sign_in(card.pk)
    for path in ("", *MEMBERS_PAGES[:3], *MEMBERS_PAGES[4:8]):
        answer = browser.get(path)
        page = answer.content.decode()
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", page), path
        sources = re.findall(r'(?:src|action)="([^"]*)"', page)
        assert sources
        assert all(source.startswith("/") for source in sources), path
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"


@pytest.mark.parametrize("path", MEMBERS_PAGES)
def test_pages_of_members_ask_to_sign_in_first(shop: Shop, path: str) -> None:
    answer = Browser(shop).get(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/m/{shop.business.slug}/sign-in")
    part = Browser(shop).get(path, HX_Request="true")
    assert (part.status_code, part.headers["HX-Redirect"]) == (204, f"/m/{shop.business.slug}/sign-in")
    assert Browser(shop).post("profile/messages").status_code == 303
    on_host = Browser.on_own_host(shop).get(path)
    assert on_host.headers["Location"] == "/sign-in"


def test_the_card_of_whoever_is_signed_in(shop: Shop) -> None:
    card = shop.enrol(email="priya@example.com")
    shop.stamp(card, 11)
    browser = Browser(shop).sign_in(card.pk)
    answer = browser.get()
    shown = text(answer)
    for part in ("Priya", "5 more, then:", "Free coffee", "M000001", "+10 stamps"):
        assert part in shown, part
    assert "<svg" in answer.content.decode()
    assert text(browser.get("sign-in"), 303) is not None


def test_a_script_gets_a_part_of_a_page_whatever_it_is_told(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    card, voucher = shop.enrol(), offer(shop)
    browser = Browser(shop).sign_in(card.pk)
    part: dict[str, Any] = {"HX_Request": "true"}
    elsewhere = browser.post(f"vouchers/{voucher.pk}", Sec_Fetch_Site="cross-site", **part)
    monkeypatch.setattr(visits, "PAGES_LIMIT", 1)
    often = [browser.get("vouchers", **part) for _ in range(2)][-1]
    for answer, status, told in ((elsewhere, 403, "sent from another site"), (often, 429, "wait a minute")):
        assert told in text(answer, status)
        assert b"<html" not in answer.content


def test_the_history_goes_back_page_by_page_and_by_kind(shop: Shop) -> None:
    card = shop.enrol()
    for _ in range(32):
        shop.stamp(card)
    give(shop, card.pk, 7)
    browser = Browser(shop).sign_in(card.pk)
    first = browser.get("history")
    assert text(first).count("+1 stamp") == 29
    found = re.search(r'hx-get="[^"]*history\?before=(\d+)"', first.content.decode())
    assert found is not None
    rest = browser.get(f"history?before={found[1]}", HX_Request="true")
    assert b"<html" not in rest.content
    assert text(rest).count("+1 stamp") == 3
    assert "You joined" in text(rest)
    assert "before=" not in rest.content.decode()
    points = text(browser.get("history?only=points"))
    assert "+7 points" in points
    assert "+1 stamp" not in points
    for odd in ("history?only=x", "history?before=x", "history?before=" + "9" * 30, "history?before=-1"):
        assert text(browser.get(odd)).count("+1 stamp") == 29
    assert "That was all" in text(browser.get("history?before=1"))


def test_a_statement_says_what_there_was_and_what_there_is(shop: Shop) -> None:
    with time_machine.travel(JUNE - dt.timedelta(days=40), tick=False):
        card = shop.enrol("=Priya()")
        branch = shop.branch("=SUM(A1)")
        give(shop, card.pk, 30)
        shop.stamp(card, 3)
    with time_machine.travel(JUNE, tick=False):
        shop.stamp(card, 9, branch_id=branch.pk)
        give(shop, card.pk, 12)
        browser = Browser(shop).sign_in(card.pk)
        june, may = browser.get("statement"), browser.get("statement?month=2026-05")
        sheet = browser.get("statement.csv?month=2026-06")
        for odd in ("2026-07", "2026-04", "1999-01", "2026-13", "x", "٢٠٢٦-٠٦"):
            assert "Statement of June 2026" in text(browser.get(f"statement?month={odd}"))
        assert "junio de 2026" in text(Browser(shop).sign_in(card.pk).get("statement?language=es"))
    assert "At the beginning 30 3 0 At the end 42 4 1" in text(june)
    assert "At the beginning 0 0 0 At the end 30 3 0" in text(may)
    assert sheet.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert sheet.headers["Content-Disposition"].startswith("attachment; filename=")
    lines = sheet.content.decode("utf-8-sig").splitlines()
    assert lines[0] == "Date,What happened,Branch,Stamps,Points,Points after it"
    assert lines[1] == "2026-06-20,Visit,'=SUM(A1),9,0,30"
    assert lines[2] == "2026-06-20,Points,,0,12,42"
    assert len(lines) == 3


def test_a_profile_is_changed_and_what_was_typed_stays(shop: Shop) -> None:
    card = shop.enrol(phone="+919876500001")
    shop.enrol("Other", phone="+919876500002")
    browser = Browser(shop).sign_in(card.pk)
    good = {
        "name": "Priya  Patel", "phone": "98765 00003", "day": "17", "month": "5", "year": "1990",
        "language": "de", "street_city": "Bengaluru", "street_zipcode": "560034",
    }  # fmt: skip
    assert browser.post("profile", good).headers["Location"].endswith("/profile?saved=profile")
    member = member_of(shop, card.pk)
    assert (member.name, member.cell, member.language) == ("Priya Patel", "+919876500003", "de")
    assert (member.date_of_birth, member.street_city) == (dt.date(1990, 5, 17), "Bengaluru")
    for change, told in (
        ({"phone": "98765 00002"}, "cannot be used here"),
        ({"phone": "12"}, "too short"),
        ({"name": " "}, "Type your name"),
        ({"name": "x" * 201}, "Please shorten it"),
        ({"day": "31", "month": "2"}, "There is no such day"),
        ({"year": ""}, "or leave all three empty"),
        ({"year": "2999"}, "yet to come"),
        ({"language": "xx"}, "one of the languages"),
        ({"street_city": "x" * 101}, "shorter or simpler"),
    ):
        answer = browser.post("profile?language=en", good | {"street_state": "Karnataka"} | change)
        assert told in text(answer, 400)
        page = answer.content.decode()
        assert 'value="Karnataka"' in page
        assert f'name="year" value="{change.get("year", "1990")}"' in page
        assert 'aria-invalid="true"' in page
    assert member_of(shop, card.pk).street_state == ""
    assert browser.post("profile", {"day": "", "month": "", "year": ""}).status_code == 303
    assert member_of(shop, card.pk).date_of_birth is None


def test_nobody_changes_here_what_is_not_theirs(shop: Shop) -> None:
    card = shop.enrol(email="priya@example.com")
    browser = Browser(shop).sign_in(card.pk)
    sly = {"name": "Priya", "email": "x@example.com", "code": "M9", "suspended": "1", "group_id": "1"}
    assert browser.post("profile", sly).status_code == 303
    member = member_of(shop, card.pk)
    assert (member.email, member.code, member.suspended) == ("priya@example.com", "M000001", False)


def test_a_yes_and_a_no_to_offers_are_written_down(shop: Shop) -> None:
    card = shop.enrol()
    browser = Browser(shop).sign_in(card.pk)
    drawn = {"text-was": "yes", "post-was": "yes"}
    assert browser.post("profile/messages", drawn | {"email-was": "yes", "text": "on"}).status_code == 303
    assert browser.post("profile/messages", {"email-was": "no", "email": "on"}).status_code == 303
    member = member_of(shop, card.pk)
    assert (member.optout_email, member.optout_text, member.optout_post) == (False, False, True)
    with scopes_disabled():
        said = list(Consent.objects.order_by("id").values_list("purpose", "given", "source"))
    assert sorted(said[:2]) == [("email", False, "microsite"), ("post", False, "microsite")]
    assert said[2:] == [("email", True, "microsite")]


def test_all_data_can_be_taken_along_but_for_secrets(shop: Shop) -> None:
    card = shop.enrol(email="priya@example.com")
    shop.stamp(card, 9)
    covered = issue(shop, campaign(shop), card)
    browser = Browser(shop).sign_in(card.pk)
    answer = browser.get("data.json")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    found = json.loads(answer.content)
    assert found["profile"]["email"] == "priya@example.com"
    assert len(found["history"]) == 2
    assert found["rewards"][0]["text"] == "Free coffee"
    assert found["scratch_cards"][0]["prize"] == "(covered)"
    assert "prize_id" not in found["scratch_cards"][0]
    assert found["sessions"][0]["how"] == "link"
    with scopes_disabled():
        row = Session.objects.get()
    for secret in (row.token_hash, browser.client.cookies[browser.cookie].value):
        assert secret not in answer.content.decode()
    scratch.reveal(token=covered.token)
    prizes = json.loads(browser.get("data.json").content)["scratch_cards"]
    assert prizes[0]["prize"] == "Free Coffee"


def test_data_of_any_length_can_be_taken_along(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    card = shop.enrol(email="priya@example.com")
    browser = Browser(shop).sign_in(card.pk)
    monkeypatch.setattr(spool, "SMALL", 1000)
    answer: Any = browser.get("data.json")
    text = b"".join(answer.streaming_content)
    assert json.loads(text)["profile"]["email"] == "priya@example.com"
    assert int(answer.headers["Content-Length"]) == len(text)
    assert answer.headers["Content-Disposition"] == (
        f'attachment; filename="my-data-{shop.business.slug}.json"'
    )


def test_erasing_wants_the_cards_number_and_leaves_nothing(shop: Shop) -> None:
    card = shop.enrol(email="priya@example.com")
    shop.stamp(card, 9)
    browser, elsewhere = Browser(shop).sign_in(card.pk), Browser(shop).sign_in(card.pk)
    for typed in ("", "M000002", "yes"):
        assert "Type M000001" in text(browser.post("data/erase", {"code": typed}), 400)
    answer = browser.post("data/erase", {"code": " m000001 "})
    assert "erased" in text(answer)
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert "data-forgets-cards" in answer.content.decode()
    assert answer.cookies[browser.cookie]["max-age"] == 0
    with scopes_disabled():
        left = [model for model in (Member, Session, Account) if model.objects.exists()]
    assert left == []
    assert not browser.is_signed_in()
    assert not elsewhere.is_signed_in()


def test_sessions_are_listed_and_ended(shop: Shop) -> None:
    card = shop.enrol()
    here, there, third = (Browser(shop).sign_in(card.pk) for _ in range(3))
    assert text(here.get("profile")).count("by link") >= 3
    with scopes_disabled():
        first, second, _ = Session.objects.order_by("id")
    stranger = Browser(shop).sign_in(shop.enrol("Bob").pk)
    assert stranger.post(f"sessions/{second.pk}/end").status_code == 404
    assert there.is_signed_in()
    assert here.post(f"sessions/{second.pk}/end").status_code == 303
    assert (here.is_signed_in(), there.is_signed_in(), third.is_signed_in()) == (True, False, True)
    answer = here.post("sign-out", {"everywhere": "1"})
    assert answer.cookies[here.cookie]["max-age"] == 0
    assert (here.is_signed_in(), third.is_signed_in()) == (False, False)
    assert stranger.is_signed_in()
    assert first.pk != second.pk


def test_pages_speak_the_members_language_and_keep_a_choice(shop: Shop) -> None:
    microsites.update_microsite(business_id=shop.id, language="hi")
    assert 'lang="hi"' in Browser(shop).get().content.decode()
    assert 'lang="fr"' in Browser(shop).get(Accept_Language="fr-CA,en;q=0.5").content.decode()
    card = shop.enrol(language="es")
    browser = Browser(shop).sign_in(card.pk)
    assert '<html lang="es"' in browser.get(Accept_Language="fr").content.decode()
    assert '<html lang="pt"' in browser.get("?language=pt").content.decode()
    assert '<html lang="pt"' in browser.get("history").content.decode()


def test_the_cost_of_a_page_does_not_grow_with_history(
    shop: Shop, django_assert_max_num_queries: object
) -> None:
    card = shop.enrol()
    browser = Browser(shop).sign_in(card.pk)
    for path, most in (("", 24), ("history", 10), ("vouchers", 20), ("profile", 12), ("statement", 12)):
        with django_assert_max_num_queries(most):  # type: ignore[operator]
            browser.get(path)
    for _ in range(40):
        shop.stamp(card)
    for path, most in (("", 24), ("history", 10), ("vouchers", 20), ("profile", 12), ("statement", 12)):
        with django_assert_max_num_queries(most):  # type: ignore[operator]
            browser.get(path)


def test_a_session_that_is_used_says_when(shop: Shop) -> None:
    card = shop.enrol()
    with time_machine.travel(JUNE, tick=False) as clock:
        browser = Browser(shop).sign_in(card.pk)
        clock.shift(dt.timedelta(hours=2))
        browser.get()
        with scopes_disabled():
            assert Session.objects.get().last_seen_at == JUNE + dt.timedelta(hours=2)
        clock.move_to(JUNE + sessions.LASTS)
        assert not browser.is_signed_in()


@pytest.mark.parametrize("own_host", [False, True])
def test_whoever_came_for_their_data_is_led_to_it_after_signing_in(shop: Shop, *, own_host: bool) -> None:
    browser = Browser.on_own_host(shop) if own_host else Browser(shop)
    assert browser.get("data").headers["Location"] == f"{browser.base}sign-in"
    browser.sign_in(shop.enrol().pk)
    led = browser.get()
    assert (led.status_code, led.headers["Location"]) == (303, f"{browser.base}data")
    assert browser.get().status_code == 200  # once
    browser.client.cookies["regulars_wanted"] = "//elsewhere.example"
    assert browser.get().status_code == 200
