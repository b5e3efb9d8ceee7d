"""Letters as they arrive, in a frame of a page: by themselves, without scripts, and leading nowhere."""

from __future__ import annotations

import re
from typing import Final

from django.http import HttpResponse
from django.template.loader import render_to_string

from regulars import policies
from regulars.messages.letter import Rendered
from regulars.messages.models import Message

# Mail is styled inline: no reader of mail fetches a sheet.
_LETTER: Final = policies.of_frame(script_src="", style_src="'unsafe-inline'") + "; sandbox"
# The policy of all pages, and frames of our own in it.
_AROUND: Final = policies.of_page(frame_src="'self'")
_BODY: Final = re.compile(r"<body[^>]*>")


def around(response: HttpResponse) -> HttpResponse:
    """A page that shows letters in frames."""
    response.headers["Content-Security-Policy"] = _AROUND
    return response


def letter(rendered: Rendered, *, channel: str = Message.Channel.EMAIL.value) -> HttpResponse:
    """What is in the frame: a mail under its head, or the text of a message that is no mail."""
    shown = {"rendered": rendered, "channel": channel, "characters": len(rendered.text)}
    if channel == Message.Channel.EMAIL and rendered.html:
        head = render_to_string("office/letter_head.html", shown)
        return _inside(_BODY.sub(lambda body: body[0] + head, rendered.html, count=1))
    return _inside(render_to_string("office/letter_text.html", shown))


def problem(text: str) -> HttpResponse:
    """What is in the frame when the words cannot be sent."""
    return _inside(render_to_string("office/letter_text.html", {"problem": text}))


def _inside(html: str) -> HttpResponse:
    headers = {"Content-Security-Policy": _LETTER, "X-Frame-Options": "SAMEORIGIN"}
    return HttpResponse(html, headers=headers)
