"""The boxes of a form that asks by which channels somebody wants offers (web/_channels.html)."""

from __future__ import annotations

from typing import Final

from django.http import QueryDict

CHANNELS: Final = ("email", "text", "post")
_WAS: Final = {"yes": True, "no": False}


def touched(form: QueryDict) -> dict[str, bool]:
    """What somebody changed in it: whether they want offers, by channel.

    A box that is not ticked sends nothing, and neither does one that was never drawn, such as on a page from
    before there was anything to ask. So each box brings along how it was drawn, and only one that says
    something else by now counts: nobody takes back what they did not see.
    """
    drawn = {channel: _WAS.get(form.get(f"{channel}-was", "")) for channel in CHANNELS}
    return {
        channel: channel in form
        for channel, was in drawn.items()
        if was is not None and (channel in form) is not was
    }
