"""A business's own words in several languages: each member gets those of the language they chose."""

from __future__ import annotations

from typing import Any

import pytest
from django_scopes import scope

from regulars.messages import actions, queries, texts
from regulars.messages.kinds import KINDS
from regulars.messages.models import Message, MessageText
from regulars.messages.render import render_message
from regulars.rules.errors import InvalidInput, NotFound
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def change(shop: Shop, kind: str = "welcome", **fields: Any) -> texts.Text:
    return actions.set_text(business_id=shop.id, kind=kind, **fields)


def subject(shop: Shop, language: str, *, kind: str = "welcome", name: str = "") -> str:
    return texts.text_of(business_id=shop.id, kind=KINDS[kind], name=name, language=language).subject


def test_each_language_has_its_own_words_and_the_rest_has_those_for_everybody(shop: Shop) -> None:
    change(shop, subject="Hello")
    change(shop, subject="Olá", language="pt")
    assert [subject(shop, language) for language in ("pt", "de", "en")] == ["Olá", "Hello", "Hello"]
    body = texts.text_of(business_id=shop.id, kind=KINDS["welcome"], language="pt").body
    assert body == KINDS["welcome"].spoken("pt").body
    assert change(shop, body="Bom dia.", language="PT ").body == "Bom dia."
    with scope(business=shop.business):
        assert MessageText.objects.count() == 2


def test_a_named_text_goes_before_the_usual_one_in_any_language(shop: Shop) -> None:
    change(shop, "voucher_issued", subject="Usual pt", language="pt")
    change(shop, "voucher_issued", subject="Gift", name="gift")
    change(shop, "voucher_issued", subject="Presente", name="GIFT", language="pt")
    found = [subject(shop, language, kind="voucher_issued", name="gift") for language in ("pt", "fr")]
    assert found == ["Presente", "Gift"]
    assert subject(shop, "pt", kind="voucher_issued") == "Usual pt"
    state = queries.kind_state(business_id=shop.id, kind=KINDS["voucher_issued"])
    assert [(one.name, one.language, one.subject) for one in state.named] == [
        ("", "pt", "Usual pt"), ("gift", "", "Gift"), ("gift", "pt", "Presente"),
    ]  # fmt: skip


def test_a_member_gets_the_words_of_their_language(shop: Shop) -> None:
    change(shop, subject="Hello")
    change(shop, subject="Olá", language="pt")
    message = Message(business_id=shop.id, kind="welcome", to="a@b.example", context={"language": "pt"})
    assert render_message(message=message, business=shop.business, member=None).subject == "Olá"
    message.context = {}
    assert render_message(message=message, business=shop.business, member=None).subject == "Hello"
    shown = texts.preview(business_id=shop.id, kind="welcome", language="pt")
    assert shown.subject == "Olá"
    sent = actions.send_test(business_id=shop.id, kind="welcome", to="a@b.example", language="pt")
    assert render_message(message=sent, business=shop.business, member=None).subject == "Olá"


def test_one_language_is_reset_alone_and_all_without_one(shop: Shop) -> None:
    change(shop, subject="Hello", enabled=False)
    change(shop, subject="Olá", language="pt")
    change(shop, subject="Hallo", language="de")
    actions.reset_text(business_id=shop.id, kind="welcome", language="pt")
    assert [subject(shop, language) for language in ("pt", "de")] == ["Hello", "Hallo"]
    assert not actions.reset_text(business_id=shop.id, kind="welcome").own
    assert subject(shop, "de") == KINDS["welcome"].spoken("de").subject
    assert not texts.is_enabled(business_id=shop.id, kind="welcome")


def test_what_does_not_fit_is_refused(shop: Shop) -> None:
    with pytest.raises(InvalidInput) as caught:
        change(shop, subject="?", language="xx")
    assert "language" in caught.value.fields
    with pytest.raises(InvalidInput) as caught:
        change(shop, enabled=False, language="pt")
    assert "enabled" in caught.value.fields
    with pytest.raises(NotFound):
        texts.preview(business_id=shop.id, kind="voucher_issued", name="gift", language="pt")
    with scope(business=shop.business):
        assert not MessageText.objects.exists()


def test_two_businesses_have_their_own(shop: Shop) -> None:
    other = make_shop("Charlie's")
    change(shop, subject="Olá", language="pt")
    assert subject(other, "pt") == KINDS["welcome"].spoken("pt").subject
