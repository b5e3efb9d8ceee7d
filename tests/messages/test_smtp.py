"""What is said to a mail server about a message: what it is told is what it gets."""

import pytest
from pytest_django import Settings

from regulars.messages.actions import queue_message, set_text
from regulars.messages.sending import Sender, send_some
from tests.factories import make_shop
from tests.messages import postbox
from tests.messages.postbox import Postbox

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("server", ["takes all letters", "takes ASCII alone"])
@pytest.mark.parametrize("commands", ["step by step", "all at once"])
def test_a_server_gets_only_the_letters_that_it_takes(server: str, commands: str, settings: Settings) -> None:
    shop = make_shop()
    set_text(business_id=shop.id, kind="welcome", subject="Grüße", body="Schöne Grüße, Zoë")
    card = shop.enrol("Zoë", email="zoe@shop.example")
    queue_message(business_id=shop.id, kind="welcome", key="test", member_id=card.pk)
    eight_bit = server == "takes all letters"
    box = sent_to(settings, eight_bit=eight_bit, pipelining=commands == "all at once")
    assert box.options == ([["BODY=8BITMIME"]] if eight_bit else [[]])
    assert box.raw[0].isascii() != eight_bit
    plain, html = box.mails[0].iter_parts()
    assert plain.get_content().startswith("Schöne Grüße, Zoë")
    assert "Schöne Grüße, Zoë" in html.get_content()
    assert (plain["Content-Transfer-Encoding"] == "8bit") == eight_bit


def sent_to(settings: Settings, *, eight_bit: bool, pipelining: bool) -> Postbox:
    with postbox.opened() as box, Sender() as sender:
        box.eight_bit, box.pipelining = eight_bit, pipelining
        settings.EMAIL_BACKEND = "regulars.messages.smtp.Backend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
        assert send_some(sender=sender).sent == 1
    return box
