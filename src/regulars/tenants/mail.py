"""E-mails to the team."""

from __future__ import annotations

from smtplib import SMTPException

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from regulars.rules.names import tidy_name
from regulars.tenants.models import Staff

log = structlog.get_logger(__name__)


def send_invitation(staff: Staff, temp_password: str) -> bool:
    """Mail a new member of staff their temporary password; whether the mail was taken.

    Outside of any transaction. A mail server that does not answer is no reason to fail: whoever added them
    has the password on the screen.
    """
    business = staff.business
    message = EmailMessage(
        subject=f"You are on the team of {tidy_name(business.name)}",  # a header is one line
        body=(
            f"Hello {staff.name},\n\n"
            f"{business.name} has added you to its team.\n\n"
            f"Sign in at {settings.REGULARS_PUBLIC_URL} with\n"
            f"  e-mail: {staff.user.email}\n"
            f"  temporary password: {temp_password}\n\n"
            "It works for seven days, and you choose your own password when you first sign in.\n"
        ),
        to=[staff.user.email],
    )
    try:
        return bool(message.send())
    except (SMTPException, OSError) as error:
        log.warning("invitation not mailed", staff=staff.pk, error=str(error))
        return False


def invite_on_commit(staff: Staff, temp_password: str) -> None:
    """Mail the invitation once the current transaction is committed.

    Nothing may wait for a mail server while it holds locks. Whatever goes wrong there, the answer with its
    password must not be lost.
    """
    transaction.on_commit(lambda: send_invitation(staff, temp_password), robust=True)
