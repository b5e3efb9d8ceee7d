"""What the environment says about the ways out of the house: e-mail and text messages."""

from __future__ import annotations

import importlib.util
import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from regulars.environment_values import SettingsError, split_address

MAIL_SCHEMES = {
    # scheme: (Django's backend, default port)
    "consolemail": ("console", 0),
    "dummymail": ("dummy", 0),
    "memorymail": ("locmem", 0),
    "filemail": ("filebased", 0),
    "smtp": ("smtp", 25),
    "smtp+tls": ("smtp", 587),
    "smtps": ("smtp", 465),
}
# Providers that django-anymail knows: what stands for the user and for the password in their addresses.
PROVIDERS: dict[str, tuple[str, ...]] = {
    "amazon-ses": (),
    "brevo": ("API_KEY",),
    "mailersend": ("API_TOKEN",),
    "mailgun": ("API_KEY",),
    "mailjet": ("API_KEY", "SECRET_KEY"),
    "mailtrap": ("API_TOKEN",),
    "mandrill": ("API_KEY",),
    "postal": ("API_KEY",),
    "postmark": ("SERVER_TOKEN",),
    "resend": ("API_KEY",),
    "scaleway": ("SECRET_KEY", "PROJECT_ID"),
    "sparkpost": ("API_KEY",),
    "unisender-go": ("API_KEY",),
}
_EMAIL = "REGULARS_EMAIL_URL"
_SMS = "REGULARS_SMS_URL"
_SMS_EXAMPLE = "https://user:password@sms.example/send#form:to={to}&text={text}"
_FORMS = {"form": "application/x-www-form-urlencoded", "json": "application/json"}


@dataclass(frozen=True, slots=True)
class Mail:
    """How e-mail leaves the house."""

    backend: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = False
    implicit_tls: bool = False
    folder: str = ""
    provider: str = ""  # its name in django-anymail
    options: Mapping[str, str] = field(default_factory=dict, repr=False)  # django-anymail's settings


@dataclass(frozen=True, slots=True)
class Sms:
    """How text messages leave the house: into files of a folder, or by a request to a provider.

    `{to}` and `{text}` stand in the address or the body for the number and the words.
    """

    folder: str = ""
    url: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: str = field(default="", repr=False)
    form: str = ""  # "form", "json", or empty: all is in the address


def read_email_url(url: str) -> Mail:
    """Understand ``smtp+tls://user:password@host:587``, ``filemail:///folder``, providers, and so on."""
    parts = split_address(_EMAIL, url)
    if parts.scheme.startswith("anymail+"):
        return _provider(parts)
    if parts.scheme not in MAIL_SCHEMES:
        known = ", ".join(f"{one}://" for one in (*MAIL_SCHEMES, "anymail+provider"))
        raise SettingsError(_EMAIL, f"expected one of {known}")
    backend, default_port = MAIL_SCHEMES[parts.scheme]
    if backend == "filebased":
        return Mail(backend=_django(backend), folder=_folder(_EMAIL, parts))
    if backend != "smtp":
        return Mail(backend=_django(backend))
    if not parts.hostname:
        raise SettingsError(_EMAIL, "names no mail server; expected smtp+tls://user:password@host:587")
    return Mail(
        backend="regulars.messages.smtp.Backend",
        host=parts.hostname,
        port=parts.port or default_port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starttls=parts.scheme == "smtp+tls",
        implicit_tls=parts.scheme == "smtps",
    )


def _django(backend: str) -> str:
    return f"django.core.mail.backends.{backend}.EmailBackend"


def _provider(parts: SplitResult) -> Mail:
    name = parts.scheme.partition("+")[2]
    if name not in PROVIDERS:
        raise SettingsError(_EMAIL, f"no provider {name}; expected one of {', '.join(PROVIDERS)}")
    if importlib.util.find_spec("anymail") is None:
        raise SettingsError(_EMAIL, "needs django-anymail; install Regulars with its extra [providers]")
    prefix = name.replace("-", "_")
    options = {f"{prefix}_{key}".upper(): value for key, value in parse_qsl(parts.query)}
    given = [unquote(part) for part in (parts.username, parts.password) if part]
    if len(given) != len(PROVIDERS[name]):
        wanted = ":".join(PROVIDERS[name])
        raise SettingsError(_EMAIL, f"expected anymail+{name}://{wanted}{'@' if wanted else ''}")
    for key, value in zip(PROVIDERS[name], given, strict=True):
        options[f"{prefix}_{key}".upper()] = value
    return Mail(backend=f"anymail.backends.{prefix}.EmailBackend", provider=prefix, options=options)


def read_sms_url(url: str) -> Sms:
    """Understand ``https://user:password@host/path#form:to={to}&text={text}`` and ``filesms:///folder``."""
    if not url:
        return Sms()
    if url.startswith("filesms:"):
        return Sms(folder=_folder(_SMS, split_address(_SMS, url)))
    address, _, template = url.partition("#")
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise SettingsError(_SMS, "is not a usable address") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(_SMS, f"expected {_SMS_EXAMPLE} or filesms:///folder")
    form, _, body = template.partition(":")
    if template and form not in _FORMS:
        raise SettingsError(_SMS, "after the # expected form:to={to}&text={text}, or json: and an object")
    where = body if form else f"{parts.path}?{parts.query}"
    if "{to}" not in where or "{text}" not in where:
        raise SettingsError(_SMS, f"must say where {{to}} and {{text}} belong; expected {_SMS_EXAMPLE}")
    if form == "json":
        _check_json(body)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    query = f"?{parts.query}" if parts.query else ""
    headers = {"content-type": _FORMS[form]} if form else {}
    return Sms(
        url=f"{parts.scheme}://{host}{port}{parts.path or '/'}{query}",
        headers=headers | _authorisation(unquote(parts.username or ""), unquote(parts.password or "")),
        body=body,
        form=form,
    )


def _check_json(body: str) -> None:
    try:
        json.loads(body)
    except ValueError:
        raise SettingsError(_SMS, "what follows #json: is not JSON") from None


def _authorisation(user: str, password: str) -> dict[str, str]:
    if not user:
        return {}
    if user == "bearer":
        return {"authorization": f"Bearer {password}"}
    return {"authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}


def _folder(variable: str, parts: SplitResult) -> str:
    path = unquote(parts.path)
    if parts.netloc or not re.match(r"/.", path):
        example = f"{parts.scheme}:///relative/folder or {parts.scheme}:////absolute/folder"
        raise SettingsError(variable, f"expected {example}")
    folder = Path(path[1:]).expanduser().absolute()
    if folder.exists() and not folder.is_dir():
        raise SettingsError(variable, f"{folder} is not a folder")
    return str(folder)
