"""What dead senders leave behind, and nobody needs any more."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.utils import timezone
from django_tasks import task

from regulars import db
from regulars.messages import journal

# A journal this old is needed only while messages are still in its sender's name.
KEEP: Final = dt.timedelta(hours=1)


@task()
def forget_journals() -> int:
    """Remove the journals of dead senders of which everything is settled; how many there were."""
    # First the journals: what they say is in the database, or a message still names them.
    before = timezone.now() - KEEP
    names = [name for name in journal.left_behind() if journal.changed_at(name) < before]
    needed = {
        lease for (lease,) in db.run("SELECT DISTINCT lease FROM messages_message WHERE status = 'sending'")
    }
    gone = [name for name in names if name not in needed]
    for name in gone:
        journal.forget(name)
    return len(gone)
