"""A letter as it is sent: text and HTML of the same words, and nothing that a name could break."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from html.parser import HTMLParser
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django_scopes import scope

from regulars.ledger import points
from regulars.members.actions import confirm_email
from regulars.members.models import Member
from regulars.messages import actions, render, unsubscribe
from regulars.messages.letter import Rendered
from regulars.messages.models import Message
from regulars.rules.errors import InvalidInput, NotFound
from regulars.tenants import actions as tenants
from regulars.tenants import mail
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db


class _Reader(HTMLParser):
    """What of a page is read, and where its links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in {"style", "title"}
        self.links += [value or "" for name, value in attrs if tag == "a" and name == "href"]
        self.loaded += [value or "" for name, value in attrs if name in {"src", "srcset", "background"}]
        if tag in {"script", "link", "img", "iframe", "form"}:
            self.loaded.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"style", "title"}

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.text.append(data)


def read(rendered: Rendered) -> _Reader:
    reader = _Reader()
    reader.feed(rendered.html)
    reader.close()
    return reader


def write(shop: Shop, subject: str, body: str, name: str = "Nora Whitfield", **more: Any) -> Rendered:
    card = shop.enrol(name)
    with scope(business=shop.id):
        member = Member.objects.select_related("card").get(pk=card.pk)
    return render.letter(
        business=shop.business, member=member, subject=subject, body=body, message_id=7, **more
    )


@pytest.fixture
def shop() -> Shop:
    return make_shop(address="12 Church Street", city="Bengaluru", pincode="560001")


def test_text_and_html_say_the_same_and_lead_to_the_same(shop: Shop) -> None:
    letter = write(
        shop,
        "Hi {first_name}",
        "Hello {name},\n\nyou have {stamps} stamps.\nMore at https://a.example/x?a=1&b=2.",
    )
    page = read(letter)
    said = re.sub(r"\s+", " ", " ".join(page.text))
    for words in (
        "Hello Nora Whitfield,",
        "you have 0 stamps.",
        "More at https://a.example/x?a=1&b=2 .",
        "12 Church Street, Bengaluru, 560001",
        "Open your card",
    ):
        assert words in said
        assert words.replace("b=2 .", "b=2.") in letter.text
    (stop,) = re.findall(r"Unsubscribe: (\S+)", letter.text)
    (card,) = re.findall(r"Open your card:\n(\S+)", letter.text)
    assert page.links == ["https://a.example/x?a=1&b=2", card, stop]
    assert page.loaded == []  # nothing is fetched when it is opened
    assert letter.subject == "Hi Nora"
    assert letter.from_name == "Alice's Café"
    assert letter.headers["List-Unsubscribe"] == f"<{stop}>"
    assert letter.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_values_are_text_and_nothing_else(shop: Shop) -> None:
    letter = write(
        shop,
        "{name}",
        "{name}\n{first_name}",
        "{card_url} </p><script>alert(1)</script>\"' https://evil.example",
    )
    page = read(letter)
    assert "{card_url} </p><script>alert(1)</script>\"' https://evil.example" in letter.text
    assert "{card_url} </p><script>alert(1)</script>" in "".join(page.text)
    assert page.loaded == []
    assert not any("evil" in link for link in page.links)


def test_a_name_adds_no_header(shop: Shop) -> None:
    tenants.update_business(business_id=shop.id, business_name="Tea\nBcc: all@example.com")
    shop.business.refresh_from_db()
    letter = write(shop, "For {name} of {business_name}", "Hi", "Nora\nBcc: all@example.com")
    sent = EmailMultiAlternatives(
        letter.subject, letter.text, f'"{letter.from_name}" <shop@example.com>', ["nora@mail.example"],
        headers=letter.headers,
    )  # fmt: skip
    sent.attach_alternative(letter.html, "text/html")
    parsed = message_from_bytes(sent.message().as_bytes(), policy=policy.default)
    assert parsed["Bcc"] is None
    assert parsed["Subject"] == "For Nora Bcc: all@example.com of Tea Bcc: all@example.com"


def test_who_typed_their_name_themselves_is_named_once_they_were_there(shop: Shop) -> None:
    card = shop.enrol("Nora Whitfield", email="nora@mail.example", joined_by_page=True)

    def greeting() -> str:
        with scope(business=shop.id):
            member = Member.objects.select_related("card").get(pk=card.pk)
        words: dict[str, Any] = {"subject": "{first_name|there}", "body": "{name|}"}
        return render.letter(business=shop.business, member=member, message_id=7, **words).subject

    assert greeting() == "there"
    points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=5)  # a gift for joining
    assert greeting() == "there"
    shop.stamp(card)
    assert greeting() == "Nora"


def test_whoever_confirms_an_address_is_named(shop: Shop) -> None:
    card = shop.enrol("Nora Whitfield", email="nora@mail.example", joined_by_page=True)
    confirm_email(business_id=shop.id, pk=card.pk, address="nora@mail.example")
    with scope(business=shop.id):
        member = Member.objects.select_related("card").get(pk=card.pk)
    assert member.told_names()["name"] == "Nora Whitfield"


def test_a_business_may_have_any_characters_in_its_name(shop: Shop) -> None:
    tenants.update_business(business_id=shop.id, business_name="Tea \ue001 <b> & \ue003 Co")
    shop.business.refresh_from_db()
    letter = write(shop, "Hi", "Only once.")
    assert letter.html.count("Only once.") == 1
    assert "Tea  &lt;b&gt; &amp;  Co" in letter.html


def test_a_line_with_nothing_to_tell_is_left_out(shop: Shop) -> None:
    letter = write(
        shop,
        "Hi",
        "Dear {last_name},\n\n{last_name}\n\nStays.\n"
        "Also {last_name} and {first_name}.\nName: {last_name|none}",
        "Nora",
    )
    assert letter.text.startswith("Stays.\nAlso  and Nora.\nName: none\n\nOpen")
    assert "Dear" not in letter.html
    assert letter.html.count("<p ") == 1


def test_words_with_an_unknown_placeholder_are_refused_by_field(shop: Shop) -> None:
    for subject, body, field in (("{x}", "", "subject"), ("", "{x}", "body")):
        with pytest.raises(InvalidInput) as refused:
            write(shop, subject, body, f"Nora {field}")
        assert list(refused.value.fields) == [field]


def test_a_text_message_is_its_words_alone(shop: Shop) -> None:
    letter = write(shop, "Never seen", "Hi {first_name}, {unsubscribe_url}", channel="sms")
    words, _, stop = letter.text.partition(", ")
    assert (words, letter.subject, letter.html, letter.headers) == ("Hi Nora", "", "", {})
    assert unsubscribe.read(stop.rpartition("/")[2]).channel == "sms"


def test_the_accent_is_readable_and_answers_go_where_the_business_says(shop: Shop) -> None:
    business = tenants.update_look(business_id=shop.id, accent_color="#facc15", reply_to="hi@shop.example")
    letter = write(Shop(business, shop.owner, shop.api_key), "Hi", "Hello")
    assert "background-color:#facc15;color:#1c1917" in letter.html
    assert letter.headers["Reply-To"] == "hi@shop.example"
    assert "Reply-To" not in write(shop, "Hi", "Hello", "Other").headers


def rendered_of(shop: Shop, message: Message | None) -> Rendered:
    assert message is not None
    return render.render_message(message=message, business=shop.business, member=message.member)


def test_a_queued_message_is_rendered_as_things_are_when_it_is_sent(shop: Shop) -> None:
    card = shop.enrol("Nora Whitfield", email="nora@mail.example")
    message = actions.queue_message(
        business_id=shop.id, kind="reward_earned", key="r", member_id=card.pk, context={"reward": "Free tea"}
    )
    shop.stamp(card, 17)
    letter = rendered_of(shop, message)
    assert letter.subject == "You have earned a reward: Free tea"
    assert "Rewards to redeem: 2" in letter.text
    assert f"/u/{shop.id}-{card.pk}-" in letter.text
    actions.set_text(business_id=shop.id, kind="reward_earned", subject="{reward} for {first_name}")
    actions.set_text(business_id=shop.id, kind="reward_earned", button="Zur {Karte}")
    changed = rendered_of(shop, message)
    assert changed.subject == "Free tea for Nora"
    assert ">Zur {Karte}</a>" in changed.html


def test_an_invitation_has_no_way_out_and_its_password_is_sealed(shop: Shop) -> None:
    mail.invite(shop.owner, "b3f9a2c1d4e5")
    with scope(business=shop.id):
        message = Message.objects.get()
        stored = Message.objects.values().get()
    assert "b3f9a2c1d4e5" not in str(stored)
    letter = rendered_of(shop, message)
    assert "Temporary password:\nb3f9a2c1d4e5" in letter.text
    assert ">b3f9a2c1d4e5</strong>" in letter.html
    assert "https://shop.example" in read(letter).links
    assert "unsubscribe" not in (letter.text + str(letter.headers)).lower()


def test_nobody_renders_an_unknown_kind(shop: Shop) -> None:
    with pytest.raises(NotFound):
        rendered_of(shop, actions.queue_message(business_id=shop.id, kind="other", key="o", to="a@b.example"))
