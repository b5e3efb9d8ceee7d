"""Mails as bytes: every server takes them, and nothing gets into them that does not belong there."""

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from django.core.mail import EmailMultiAlternatives

from regulars.messages import mime

pytestmark = pytest.mark.once

IDS = {"Message-ID": "<m1.abc@bean.example>", "Date": "Thu, 01 Jan 2026 00:00:00 -0000"}
LONG = "A sentence that goes on. " * 60
BOTH_KINDS = "Grüße\n\n.\nFrom here on\r\nand\rthere " + "x" * 1200
HTML = "<p>Grüße</p>\n" + "é" * 1100


def mail(**changes: object) -> EmailMultiAlternatives:
    fields = {
        "subject": "Hello",
        "body": "Come by.\n",
        "from_email": '"Bean & Leaf" <shop@bean.example>',
        "to": ["ann@shop.example"],
        "headers": IDS,
    }
    return EmailMultiAlternatives(**{**fields, **changes})  # type: ignore[arg-type]


def with_html(made: EmailMultiAlternatives, html: str) -> EmailMultiAlternatives:
    made.attach_alternative(html, "text/html")
    return made


def read(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=policy.default)


def texts(content: bytes) -> list[tuple[str, str]]:
    parts = [part for part in read(content).walk() if not part.is_multipart()]
    return [(part.get_content_type(), "\n".join(part.get_content().splitlines())) for part in parts]


MAILS = [
    mail(),
    mail(subject="Grüße aus dem Café ☕ " * 9, from_email='"Söhne & \\"Töchter\\"" <shop@bean.example>'),
    mail(subject="Ein sehr langer Betreff " * 8, reply_to=["owner@bean.example"]),
    mail(from_email=f'"{"咖啡店" * 30}" <shop@bean.example>', to=["o'neil+x@bücher.example"]),
    mail(from_email=f'"{"Long Name " * 12}" <shop@bean.example>'),
    mail(headers={**IDS, "List-Unsubscribe": "<https://bean.example/u/" + "a" * 150 + ">"}),
    mail(body=LONG),
    mail(body=BOTH_KINDS),
    with_html(mail(body="Come by."), "<p>Come by.</p>"),
    with_html(mail(body=BOTH_KINDS), HTML),
]


@pytest.mark.parametrize("made", MAILS, ids=range(len(MAILS)))
def test_a_reader_finds_what_was_written(made: EmailMultiAlternatives) -> None:
    content = mime.write(made).content
    found = read(content)
    assert found.defects == []
    assert str(found["Subject"]).strip() == made.subject.strip()
    wanted = [("text/plain", made.body), *((kind, str(text)) for text, kind in made.alternatives)]
    assert texts(content) == [(kind, "\n".join(text.splitlines())) for kind, text in wanted]


@pytest.mark.parametrize("made", MAILS, ids=range(len(MAILS)))
def test_every_line_can_be_sent(made: EmailMultiAlternatives) -> None:
    content = mime.write(made).content
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert b"\r" not in content.replace(b"\r\n", b"")
    assert max(map(len, content.split(b"\r\n"))) <= 998
    content.partition(b"\r\n\r\n")[0].decode("ascii")


def test_the_envelope_holds_plain_addresses() -> None:
    written = mime.write(mail(to=["ann@bücher.example"]))
    assert (written.sender, written.to) == ("shop@bean.example", "ann@xn--bcher-kva.example")


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "Hello\nBcc: all@bean.example"},
        {"headers": {"X-One": "1\r\nX-Two: 2"}},
        {"from_email": '"Bean" <shop@bean.example>\nBcc: all@bean.example'},
        {"to": ["ann@shop.example, all@bean.example"]},
        {"to": ["ann@shop.example>\r\nRCPT TO:<all@bean.example"]},
        {"body": "\ud800"},
    ],
    ids=range(6),
)
def test_what_cannot_be_written_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"newlines|address|surrogate"):
        mime.write(mail(**changes))
