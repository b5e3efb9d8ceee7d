"""What customers' pages say and ask: joining, the micro-site, and who may show balances in a frame."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from django.db import transaction
from django_scopes import scope

from regulars.rules.errors import Closed, InvalidInput, NotFound
from regulars.rules.languages import check_language
from regulars.rules.text import clean_text, is_storable
from regulars.tenants.models import Business, Microsite

MAX_ABOUT: Final = 5_000
MAX_CONSENT: Final = 2_000
MAX_URL: Final = 300
MAX_ORIGINS: Final = 20
_MAX_JOIN_CODE: Final = 20
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_HOST: Final = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*|\[[0-9a-f:.]+\]"
)


def microsite(business_id: int) -> Microsite:
    """What a business chose for its customers' pages; the defaults, not stored, when it chose nothing."""
    with scope(business=business_id):
        return Microsite.objects.filter(business_id=business_id).first() or Microsite(business_id=business_id)


def business_to_join(join_code: str) -> Business:
    """The business whose joining page has this code, with its programme.

    Raises:
        NotFound: there is none.
        Closed: its operator keeps it closed.
    """
    business = None
    if is_storable(join_code) and 0 < len(join_code) <= _MAX_JOIN_CODE:
        businesses = Business.objects.select_related("program")
        business = businesses.filter(join_code=join_code.strip().lower()).first()
    if business is None:
        raise NotFound("There is no such joining page.")
    check_open(business)
    return business


def check_open(business: Business) -> None:
    """Refuse pages of a business that its operator keeps closed, with Closed."""
    if business.suspended_at is not None:
        raise Closed(business=business.name)


def update_microsite(*, business_id: int, **changes: Any) -> Microsite:
    """Change what customers' pages say and ask; what is not named stays.

    `changes` are columns of `Microsite` and, of the business itself, `language` (the usual one of its
    pages) and `points_active`. Two who change different things at once both succeed.

    Raises:
        InvalidInput: a value is unusable, or there is no such setting; the field is named.
        NotFound: there is no such business.
    """
    unknown = changes.keys() - _CHECKS.keys()
    if unknown:
        raise InvalidInput.at(min(unknown), "is not a setting of customers' pages")
    values = {field: _CHECKS[field](value, field) for field, value in changes.items()}
    of_business = {field: values.pop(field) for field in _OF_BUSINESS if field in values}
    with transaction.atomic(), scope(business=business_id):
        businesses = Business.objects.filter(pk=business_id)
        if of_business:
            businesses.update(**of_business)
        if not businesses.exists():
            raise NotFound(f"There is no business {business_id}.")
        if values:
            row, _ = Microsite.objects.get_or_create(business_id=business_id)
            for column, value in values.items():
                setattr(row, column, value)
            row.save(update_fields=[*values, "modified_at"])
    return microsite(business_id)


def check_url(value: Any, field: str) -> str:
    """The address of a page, https or http, empty for none; or InvalidInput."""
    problem = "must be an address such as https://shop.example/privacy"
    text = clean_text(_text(value, field), field=field, max_length=MAX_URL)
    if not text:
        return ""
    parts = _split(text, field, problem)
    if parts.username is not None or parts.password is not None:
        raise InvalidInput.at(field, "must not hold a name or a password")
    host = _ascii(parts.hostname or "")
    if parts.scheme not in {"https", "http"} or not _is_host(host):
        raise InvalidInput.at(field, problem)
    if host != parts.hostname:
        netloc = host + (f":{parts.port}" if parts.port is not None else "")
        text = parts._replace(netloc=netloc).geturl()
    return text


def check_origin(value: Any, field: str) -> str:
    """An origin as browsers write it, https://host[:port] and nothing after it; or InvalidInput.

    http is for this machine's own names only, to try a page out.
    """
    problem = "must list origins such as https://shop.example, without a path"
    text = _text(value, field).strip().lower().removesuffix("/")
    if not is_storable(text):
        raise InvalidInput.at(field, problem)
    parts = _split(text, field, problem)
    if parts.hostname and (host := _ascii(parts.hostname)) != parts.hostname:
        parts = parts._replace(netloc=parts.netloc.replace(parts.hostname, host))
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    origin = f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in {None, usual} else "")
    if usual is None or not _is_host(host) or parts.netloc not in {host, f"{host}:{parts.port}"}:
        raise InvalidInput.at(field, problem)
    if parts.path or parts.query or parts.fragment or text.endswith(("?", "#")):
        raise InvalidInput.at(field, problem)
    if parts.scheme == "http" and host not in _LOCAL and not host.endswith(".localhost"):
        raise InvalidInput.at(field, f"must begin with https://, not {origin}")
    return origin


def _ascii(host: str) -> str:
    """A host as browsers send it: xn--mnchen-3ya.de for münchen.de (IDNA); empty when it can be none."""
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return ""


def _split(text: str, field: str, problem: str) -> Any:
    # urlsplit leaves out line breaks and tabs, and browsers do so too: what is stored would be another
    # address than what was checked. What draws nothing or turns what follows shows one that it is not.
    unfit = any(letter.isspace() or unicodedata.category(letter) in {"Cc", "Cf"} for letter in text)
    if unfit:
        raise InvalidInput.at(field, problem)
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise InvalidInput.at(field, problem) from error
    return parts


def _is_host(host: str | None) -> bool:
    return (
        host is not None
        and _HOST.fullmatch(host.lower() if ":" not in host else _bracketed(host)) is not None
    )


def _bracketed(host: str) -> str:
    return host if host.startswith("[") else f"[{host}]"


def _text(value: Any, field: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidInput.at(field, "must be text")
    return value


def _origins(value: Any, field: str) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise InvalidInput.at(field, "must be a list of origins such as https://shop.example")
    origins = list(dict.fromkeys(check_origin(one, field) for one in value))
    if len(origins) > MAX_ORIGINS:
        raise InvalidInput.at(field, f"must have at most {MAX_ORIGINS} origins")
    return origins


def _flag(value: Any, field: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidInput.at(field, "must be true or false")
    return value


def _contact(value: Any, field: str) -> str:
    if value not in Microsite.Contact.values:
        raise InvalidInput.at(field, f"must be one of {', '.join(Microsite.Contact.values)}, not {value!r}")
    return str(value)


def _words(most: int) -> Callable[[Any, str], str]:
    def check(value: Any, field: str) -> str:
        return clean_text(_text(value, field), field=field, max_length=most)

    return check


def _language(value: Any, field: str) -> str:
    return check_language(_text(value, field), field=field)


_OF_BUSINESS: Final = ("language", "points_active")
# What may be changed, and how each is checked.
_CHECKS: Final[dict[str, Callable[[Any, str], Any]]] = {
    "about": _words(MAX_ABOUT),
    "website": check_url,
    "privacy_url": check_url,
    "consent_text": _words(MAX_CONSENT),
    "join_open": _flag,
    "join_contact": _contact,
    "join_asks_birthday": _flag,
    "double_opt_in": _flag,
    "embed_origins": _origins,
    "language": _language,
    "points_active": _flag,
}
