"""Mail by a provider's own interface instead of SMTP, when django-anymail is installed."""

from __future__ import annotations

import importlib
from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest

from regulars.messages import bounces
from regulars.messages.bounces import Report
from regulars.messages.journal import Note, Step
from regulars.messages.outcomes import ChannelDown, Failed, Later, Outcome, Sent

_WAIT: Final = {408, 425, 429}
_SERVER_FAULT: Final = 500
_ACCESS: Final = {401, 403}
_MEANINGS: Final = {
    "bounced": bounces.BOUNCE,
    "complained": bounces.COMPLAINT,
    "unsubscribed": bounces.UNSUBSCRIBED,
}


def is_provider(backend: Any) -> bool:
    """Whether a mail backend is one of django-anymail's."""
    return any(base.__module__.startswith("anymail.") for base in type(backend).__mro__)


def deliver(backend: Any, mail: EmailMessage, note: Note) -> Outcome:
    """Send one message.

    Raises:
        ChannelDown: the provider does not accept us at all.
    """
    from anymail import exceptions  # noqa: PLC0415 - an optional library

    note(Step.LEAVING)
    try:
        backend.send_messages([mail])
    except exceptions.AnymailRecipientsRefused as error:
        note(Step.AT_WORK)
        return Failed(_short(error), bad_address=True)
    except exceptions.AnymailAPIError as error:
        return _answered(error, note)
    except (exceptions.AnymailError, ValueError) as error:  # it cannot be written the way they want it
        note(Step.AT_WORK)
        return Failed(_short(error))
    except OSError as error:  # an answer that did not come: nobody knows whether it was taken
        return Sent(reason=f"The provider did not confirm it: {_short(error)}")
    note(Step.TAKEN)
    status = getattr(mail, "anymail_status", None)
    return Sent(provider_id=str(getattr(status, "message_id", "") or ""))


def _answered(error: Any, note: Note) -> Outcome:
    code = getattr(error, "status_code", None)
    if code is None:
        cause = type(error.__cause__).__name__
        if "Connect" not in cause or cause == "ConnectionResetError":
            return Sent(reason=f"The provider did not confirm it: {_short(error)}")
        note(Step.AT_WORK)
        raise ChannelDown("The provider of e-mail cannot be reached.") from error
    note(Step.AT_WORK)
    if code in _ACCESS:
        raise ChannelDown(f"The provider of e-mail does not accept the key ({code}).") from error
    if code in _WAIT or code >= _SERVER_FAULT:
        return Later(f"The provider of e-mail answered {code}.")
    return Failed(_short(error))


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:280] or type(error).__name__


class NotTheirs(Exception):  # noqa: N818 - an outcome, not an error
    """The request is no report of the provider, or is not signed as it should be."""


def read_reports(request: HttpRequest) -> list[Report]:
    """What a request of the provider that REGULARS_EMAIL_URL names reports, as far as it concerns us.

    Raises:
        NotTheirs: it cannot be understood, or its signature is wrong.
    """
    from anymail import exceptions  # noqa: PLC0415 - an optional library

    try:
        view = _tracking_view(settings.MAIL_PROVIDER)
        view.run_validators(request)
        events = view.parse_events(request)
    except (exceptions.AnymailWebhookValidationFailure, exceptions.AnymailConfigurationError) as error:
        raise NotTheirs(_short(error)) from error
    except ModuleNotFoundError as error:
        raise NotTheirs("Reports of this provider are not understood; use our own form.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotTheirs("This is no report of the provider's.") from error
    return [report for event in events if (report := _report(event)) is not None]


def _tracking_view(provider: str) -> Any:
    module = importlib.import_module(f"anymail.webhooks.{provider}")
    (view,) = [
        made
        for name, made in vars(module).items()
        if name.endswith(("TrackingWebhookView", "CombinedWebhookView"))
        and made.__module__ == module.__name__
    ]
    # The secret in the address stands for the one that it would warn about.
    return type(view.__name__, (view,), {"warn_if_no_basic_auth": False})()


def _report(event: Any) -> Report | None:
    why = _MEANINGS.get(event.event_type)
    if event.event_type == "rejected" and event.reject_reason in {"invalid", "bounced"}:
        why = bounces.BOUNCE
    if why is None:
        return None
    return Report(
        why,
        detail=str(event.mta_response or event.description or ""),
        provider_id=str(event.message_id or ""),
        message_id=str(event.message_id or ""),
        email=str(event.recipient or ""),
    )
