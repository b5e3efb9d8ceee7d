"""What must be shown before somebody does more with a session than look: a mailed link, or the password."""

from __future__ import annotations

from regulars.portal import accounts, links
from regulars.web.microsite.visit import Visit


def needed(visit: Visit) -> dict[str, bool]:
    """What pages say of it.

    `asks_current`: the password is asked for. `needs_link`: there is none, so they must sign in by a mailed
    link first. `no_way`: nor can a link reach them.
    """
    me = visit.me
    fresh = accounts.is_fresh(me.session)
    needs_link = not fresh and not accounts.has_password(business=visit.business, member_id=me.member.pk)
    return {
        "asks_current": not fresh,
        "needs_link": needs_link,
        "no_way": needs_link and not links.reached(me.member)[0],
    }
