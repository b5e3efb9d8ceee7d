"""The words of messages: the product's, a business's own, those with names, and samples of them."""

from __future__ import annotations

from typing import Any

import pytest
from django_scopes import scope

from regulars.messages import actions, queries, texts
from regulars.messages.kinds import AUTOMATIC, KINDS
from regulars.messages.letter import check_words
from regulars.messages.models import Message, MessageText, Suppression
from regulars.messages.render import render_message
from regulars.rules.errors import InvalidInput, NotFound
from regulars.tenants import actions as tenants
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def change(shop: Shop, kind: str = "welcome", **fields: Any) -> texts.Text:
    return actions.set_text(business_id=shop.id, kind=kind, **fields)


def words(shop: Shop, kind: str = "welcome", name: str = "") -> tuple[str, str]:
    text = texts.text_of(business_id=shop.id, kind=KINDS[kind], name=name)
    return text.subject, text.body


@pytest.mark.parametrize("kind", AUTOMATIC)
def test_the_products_words_use_placeholders_that_exist(kind: str, shop: Shop) -> None:
    found = KINDS[kind]
    check_words(subject=found.subject, body=found.body, known=found.known)
    shown = texts.preview(business_id=shop.id, kind=kind)
    assert shown.subject
    for shape in (shown.text, shown.html):
        assert "{" not in shape.partition("<body")[2] + shape.partition("<body")[0] * ("<body" not in shape)
        assert "Alice's Café" in shape.replace("&#x27;", "'")
    assert all(placeholder.meaning.endswith(".") for placeholder in found.placeholders)
    assert found.button is None or found.button.target in found.known


def test_what_is_not_named_stays_and_empty_goes_back_to_the_products_words(shop: Shop) -> None:
    usual = words(shop)
    assert change(shop, subject=" Hi {first_name|you} ").own
    assert words(shop) == ("Hi {first_name|you}", usual[1])
    change(shop, body="Come in.\r\nSoon.")
    assert words(shop) == ("Hi {first_name|you}", "Come in.\nSoon.")
    change(shop, subject="")
    assert words(shop) == (usual[0], "Come in.\nSoon.")
    assert words(shop, "birthday") == (KINDS["birthday"].subject, KINDS["birthday"].body)
    assert not actions.reset_text(business_id=shop.id, kind="welcome").own
    assert words(shop) == usual


def test_the_button_speaks_the_businesss_language(shop: Shop) -> None:
    assert change(shop, button="Zur Karte").own
    shown = texts.preview(business_id=shop.id, kind="welcome")
    assert "\nZur Karte:\nhttps://" in shown.text
    assert ">Zur Karte</a>" in shown.html
    assert "Open your card" not in shown.html
    assert ">Los</a>" in texts.preview(business_id=shop.id, kind="welcome", button="Los").html
    assert change(shop, button="").button == "Open your card"


def test_a_kind_is_switched_off_and_on_and_a_reset_leaves_that(shop: Shop) -> None:
    assert texts.is_enabled(business_id=shop.id, kind="welcome")
    assert not change(shop, enabled=False).enabled
    assert not texts.is_enabled(business_id=shop.id, kind="welcome")
    change(shop, subject="Hi")
    assert not actions.reset_text(business_id=shop.id, kind="welcome").enabled
    assert change(shop, enabled=True).enabled
    assert texts.is_enabled(business_id=shop.id, kind="welcome")


def test_texts_with_names_are_found_whatever_the_case_and_fall_back(shop: Shop) -> None:
    change(shop, "voucher_issued", subject="Usual")
    named = change(shop, "voucher_issued", name="Summer Deal", body="For {voucher} only")
    assert (named.name, named.subject, named.body) == ("Summer Deal", "Usual", "For {voucher} only")
    change(shop, "voucher_issued", name="SUMMER deal", subject="Hot")
    assert words(shop, "voucher_issued", "summer deal ") == ("Hot", "For {voucher} only")
    assert words(shop, "voucher_issued", "Winter") == ("Usual", KINDS["voucher_issued"].body)
    (state,) = [one for one in queries.kinds(business_id=shop.id) if one.named]
    assert [text.name for text in state.named] == ["Summer Deal"]
    actions.reset_text(business_id=shop.id, kind="voucher_issued", name="summer DEAL")
    assert words(shop, "voucher_issued", "Summer Deal")[0] == "Usual"
    with pytest.raises(NotFound):
        actions.reset_text(business_id=shop.id, kind="voucher_issued", name="Summer Deal")


@pytest.mark.parametrize(
    ("kind", "fields", "named"),
    [
        ("welcome", {"subject": "Hi {voucher}"}, "subject"),
        ("welcome", {"subject": "Hi", "body": "{first_name"}, "body"),
        ("welcome", {"subject": "two\nlines"}, "subject"),
        ("welcome", {"subject": "x" * 201}, "subject"),
        ("welcome", {"body": "x" * 20_001}, "body"),
        ("welcome", {"body": "\x00"}, "body"),
        ("welcome", {"button": "x" * 61}, "button"),
        ("welcome", {"button": "two\nlines"}, "button"),
        ("welcome", {"name": "Summer", "body": "x"}, "name"),
        ("voucher_issued", {"name": "x" * 101, "body": "x"}, "name"),
        ("voucher_issued", {"name": "a\nb", "body": "x"}, "name"),
        ("voucher_issued", {"name": "Summer", "enabled": False}, "enabled"),
        ("password_reset", {"enabled": False}, "enabled"),
    ],
)
def test_an_unusable_text_is_refused_and_nothing_stored(
    kind: str, fields: dict[str, Any], named: str, shop: Shop
) -> None:
    with pytest.raises(InvalidInput) as refused:
        change(shop, kind, **fields)
    assert list(refused.value.fields) == [named]
    with scope(business=shop.id):
        assert not MessageText.objects.exists()


def test_there_is_no_end_of_kinds_but_one_of_named_texts(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for call in (change, lambda shop, kind: texts.preview(business_id=shop.id, kind=kind)):
        for kind in ("campaign", "other", ""):
            with pytest.raises(NotFound):
                call(shop, kind)
    monkeypatch.setattr(actions, "MAX_VARIANTS", 2)
    for name in ("one", "two", "One"):
        change(shop, "voucher_issued", name=name, body=name)
    with pytest.raises(InvalidInput, match="name"):
        change(shop, "voucher_issued", name="three", body="three")


def test_two_businesses_have_their_own_words(shop: Shop) -> None:
    other = make_shop("Charlie's")
    change(shop, subject="Mine", enabled=False)
    assert words(other)[0] == KINDS["welcome"].subject
    assert texts.is_enabled(business_id=other.id, kind="welcome")


def test_a_preview_has_sample_values_in_the_words_that_are_tried(shop: Shop) -> None:
    tenants.update_program(business_id=shop.id, stamps_required=12, reward_description="Free <b>cake</b>")
    shown = texts.preview(
        business_id=shop.id,
        kind="welcome",
        subject="For {first_name}",
        body="{stamps} of {stamps_required}: {program_reward} ({stamps_missing} to go)",
    )
    assert shown.subject == "For Nora"
    assert "5 of 12: Free <b>cake</b> (7 to go)" in shown.text
    assert "Free &lt;b&gt;cake&lt;/b&gt;" in shown.html
    with pytest.raises(InvalidInput, match="subject"):
        texts.preview(business_id=shop.id, kind="welcome", subject="{nothing}")


def test_a_sample_is_queued_though_the_kind_is_off(shop: Shop) -> None:
    change(shop, enabled=False)
    sent = actions.send_test(business_id=shop.id, kind="welcome", to=" Owner@Shop.example")
    assert (sent.to, sent.status, sent.member_id) == ("owner@shop.example", "queued", None)
    assert sent.key.startswith(actions.TEST_PREFIX)
    with pytest.raises(InvalidInput, match="to"):
        actions.send_test(business_id=shop.id, kind="welcome", to="owner")


@pytest.mark.parametrize("kind", ["welcome", "staff_invitation"])
def test_a_sample_has_the_foot_of_its_preview(kind: str, shop: Shop) -> None:
    sent = actions.send_test(business_id=shop.id, kind=kind, to="owner@shop.example")
    rendered = render_message(message=sent, business=shop.business, member=None)
    shown = texts.preview(business_id=shop.id, kind=kind)
    assert (rendered.text, rendered.html) == (shown.text, shown.html)
    assert ("Unsubscribe:" in rendered.text) == (kind == "welcome")


def test_one_key_is_queued_once_in_a_business_and_again_in_another(shop: Shop) -> None:
    other = make_shop("Charlie's")
    queued = [
        actions.queue_message(business_id=one, kind="welcome", key="welcome:1", to="nora@mail.example")
        for one in (shop.id, shop.id, other.id)
    ]
    assert [message is not None for message in queued] == [True, False, True]
    with scope(business=shop.id):
        assert Message.objects.count() == 1


def test_a_suppressed_address_is_given_back_by_its_own_business_only(shop: Shop) -> None:
    other = make_shop("Charlie's")
    with scope(business=shop.id):
        row = Suppression.objects.create(
            business=shop.business, channel="email", address="gone@mail.example", why="bounce"
        )
    with pytest.raises(NotFound):
        actions.delete_suppression(business_id=other.id, pk=row.pk)
    assert queries.suppressions(business_id=shop.id, page=1, per_page=10).rows == [row]
    actions.delete_suppression(business_id=shop.id, pk=row.pk)
    with pytest.raises(NotFound):
        actions.delete_suppression(business_id=shop.id, pk=row.pk)


def test_the_look_is_checked(shop: Shop) -> None:
    changed = tenants.update_look(business_id=shop.id, accent_color="#FACC15", reply_to=" Hi@Shop.example ")
    assert (changed.accent_color, changed.reply_to) == ("#facc15", "hi@shop.example")
    assert tenants.update_look(business_id=shop.id, reply_to="").accent_color == "#facc15"
    for field, wrong in (("accent_color", "yellow"), ("reply_to", "me"), ("reply_to", "a@b.example\nBcc: c")):
        with pytest.raises(InvalidInput) as refused:
            tenants.update_look(business_id=shop.id, **{field: wrong})
        assert list(refused.value.fields) == [field]
