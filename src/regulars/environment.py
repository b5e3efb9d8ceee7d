"""The settings that the environment gives, read once and checked.

Every value that cannot be used raises ``SettingsError`` with one line that names the variable. Nothing is
written here: the data folder and the secret key are made by the commands that need them.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote

from regulars.addresses import LOOPBACK_NAMES
from regulars.environment_mail import Mail, Sms, read_email_url, read_sms_url
from regulars.environment_values import SettingsError, split_address

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

DEFAULT_PUBLIC_URL = "http://127.0.0.1:8000"
MIN_SECRET_LENGTH = 32
MIN_REPORTS_SECRET_LENGTH = 16
MOST_PER_MINUTE = 1_000_000
LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
ALLOW_HTTP = ("never", "loopback")
REGISTRATION = ("open", "first", "closed")
# The names of `tenants.plans.PLANS`, which is not loaded yet when settings are read.
PLAN_NAMES = ("trial", "basic", "growth", "professional", "self_hosted")
HTTP_PORTS = {"http": 80, "https": 443}
REDIS_SCHEMES = ("redis", "rediss", "unix")
_POSTGRESQL_EXAMPLE = "postgresql://user:password@host:5432/name"
_HOST_NAME = re.compile(r"^\.?([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$")


@dataclass(frozen=True, slots=True)
class Database:
    """Where the data are kept, as Django wants to hear it."""

    engine: str  # "sqlite" or "postgresql"
    name: str
    user: str = ""
    password: str = field(default="", repr=False)
    host: str = ""
    port: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Environment:
    """All settings of one start; ``read`` makes it."""

    data_dir: Path
    database: Database
    secret_key: str | None = field(repr=False)  # None: the one kept in the data folder
    public_url: str  # without a slash at the end
    public_host: str
    # Micro-sites are at {slug}.{this}; "" for none. Links name such hosts only when the operator named them.
    microsite_domain: str
    links_to_microsite_hosts: bool
    allowed_hosts: tuple[str, ...]  # beside the public host and loopback; empty: this machine's addresses
    mail: Mail
    mail_from: str
    email_per_minute: int  # 0: no limit
    mail_reports_secret: str = field(repr=False)  # "": nobody may report
    sms: Sms
    redis_url: str = field(repr=False)  # "" when there is none
    trusted_proxies: tuple[Network, ...]
    webhook_networks: tuple[Network, ...]  # that webhooks may reach although they are not public
    allow_http: str
    registration: str  # who may register a business: one of REGISTRATION
    registration_plan: str
    log_level: str

    @property
    def tls(self) -> bool:
        """Whether people reach this installation over HTTPS."""
        return self.public_url.startswith("https:")


def read(variables: Mapping[str, str]) -> Environment:
    """Read and check every REGULARS_ variable; an empty value counts as absent."""

    def get(name: str, default: str = "") -> str:
        value = variables.get(name, "").strip()
        if any(ord(char) < 32 or ord(char) == 127 for char in value):  # noqa: PLR2004 - the control characters
            raise SettingsError(name, "contains control characters")
        return value or default

    data_dir = Path(get("REGULARS_DATA_DIR", "data")).expanduser().absolute()
    if data_dir.exists() and not data_dir.is_dir():
        raise SettingsError("REGULARS_DATA_DIR", f"{data_dir} is not a folder")
    public = read_public_url(get("REGULARS_PUBLIC_URL", DEFAULT_PUBLIC_URL))
    public_host = public.hostname or ""
    given_domain = get("REGULARS_MICROSITE_DOMAIN").lower()
    microsite_domain = _read_microsite_domain(given_domain, public_host)
    secret = get("REGULARS_SECRET_KEY")
    if secret and len(secret) < MIN_SECRET_LENGTH:
        raise SettingsError("REGULARS_SECRET_KEY", f"needs at least {MIN_SECRET_LENGTH} characters")
    default_database = f"sqlite:///{data_dir / 'regulars.sqlite3'}"
    return Environment(
        data_dir=data_dir,
        database=read_database_url(get("REGULARS_DATABASE_URL", default_database)),
        secret_key=secret or None,
        public_url=f"{public.scheme}://{public.netloc.lower()}{public.path.rstrip('/')}",
        public_host=public_host,
        microsite_domain=microsite_domain,
        links_to_microsite_hosts=bool(given_domain and microsite_domain),
        allowed_hosts=_read_hosts(get("REGULARS_ALLOWED_HOSTS")),
        mail=read_email_url(get("REGULARS_EMAIL_URL", "consolemail://")),
        mail_from=_read_address(get("REGULARS_EMAIL_FROM", f"regulars@{_mail_domain(public_host)}")),
        email_per_minute=_read_number("REGULARS_EMAIL_PER_MINUTE", get("REGULARS_EMAIL_PER_MINUTE", "0")),
        mail_reports_secret=_read_reports_secret(get("REGULARS_MAIL_REPORTS_SECRET")),
        sms=read_sms_url(get("REGULARS_SMS_URL")),
        redis_url=_read_redis_url(get("REGULARS_REDIS_URL")),
        trusted_proxies=_read_networks("REGULARS_TRUSTED_PROXIES", get("REGULARS_TRUSTED_PROXIES")),
        webhook_networks=_read_networks("REGULARS_WEBHOOK_NETWORKS", get("REGULARS_WEBHOOK_NETWORKS")),
        allow_http=_choice("REGULARS_ALLOW_HTTP", get("REGULARS_ALLOW_HTTP", "never"), ALLOW_HTTP),
        registration=_choice("REGULARS_REGISTRATION", get("REGULARS_REGISTRATION", "first"), REGISTRATION),
        registration_plan=_choice(
            "REGULARS_REGISTRATION_PLAN", get("REGULARS_REGISTRATION_PLAN", "self_hosted"), PLAN_NAMES
        ),
        log_level=_choice("REGULARS_LOG_LEVEL", get("REGULARS_LOG_LEVEL", "info"), LOG_LEVELS),
    )


def read_public_url(url: str) -> SplitResult:
    """The address at which people reach this installation."""
    parts = split_address("REGULARS_PUBLIC_URL", url)
    if parts.scheme not in HTTP_PORTS or not parts.hostname:
        raise SettingsError("REGULARS_PUBLIC_URL", "expected an address like https://shop.example")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise SettingsError("REGULARS_PUBLIC_URL", "must not hold a user, a query or a fragment")
    if not _is_host(parts.hostname):
        raise SettingsError("REGULARS_PUBLIC_URL", f"{parts.hostname} is not a host name or address")
    return parts


def read_database_url(url: str) -> Database:
    """Understand ``sqlite:///file`` and ``postgresql://user:password@host:port/name?sslmode=require``."""
    scheme = url.partition(":")[0].lower()
    if scheme == "sqlite":
        return _sqlite(url)
    if scheme in ("postgresql", "postgres"):
        return _postgresql(url)
    raise SettingsError("REGULARS_DATABASE_URL", f"expected sqlite:///path/to/file or {_POSTGRESQL_EXAMPLE}")


def _sqlite(url: str) -> Database:
    variable = "REGULARS_DATABASE_URL"
    parts = split_address(variable, url)
    path = unquote(parts.path)
    if parts.netloc or not path.startswith("/") or not path.strip("/"):
        raise SettingsError(variable, "expected sqlite:///relative/file or sqlite:////absolute/file")
    if parts.query or parts.fragment:
        raise SettingsError(variable, "an sqlite address takes no options")
    # One slash ends the empty host; what follows is the path, relative to the working folder or absolute.
    file = Path(path[1:]).expanduser().absolute()
    if ":memory:" in path:
        raise SettingsError(variable, "a database in memory would be lost at every stop; name a file")
    if file.is_dir():
        raise SettingsError(variable, f"{file} is a folder; name a file in it")
    return Database(engine="sqlite", name=str(file))


def _postgresql(url: str) -> Database:
    # libpq's own parser knows every option, several hosts and sockets. Its messages may repeat the
    # password, so only the name of an unknown option is passed on.
    import psycopg  # noqa: PLC0415 - SQLite installations start without loading it
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

    variable = "REGULARS_DATABASE_URL"
    try:
        values: dict[str, Any] = conninfo_to_dict(url)
    except psycopg.Error as error:
        unknown = re.search(r'invalid URI query parameter: "(\w+)"', str(error))
        problem = (
            f"PostgreSQL knows no option {unknown[1]}" if unknown else "is not a usable PostgreSQL address"
        )
        raise SettingsError(
            variable, f"{problem}; expected postgresql://user:password@host:5432/name"
        ) from None
    options = {key: str(value) for key, value in values.items()}
    name = options.pop("dbname", "")
    if not name:
        raise SettingsError(variable, f"names no database; expected {_POSTGRESQL_EXAMPLE}")
    port = options.pop("port", "")
    if port and not all(not one or (one.isdecimal() and 0 < int(one) < 65536) for one in port.split(",")):  # noqa: PLR2004
        raise SettingsError(variable, f"{port} is not a port")
    return Database(
        engine="postgresql",
        name=name,
        user=options.pop("user", ""),
        password=options.pop("password", ""),
        host=options.pop("host", ""),
        port=port,
        options=options,
    )


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return bool(_HOST_NAME.match(host.lower()))
    return True


def _read_microsite_domain(value: str, public_host: str) -> str:
    if value == "off":
        return ""
    if not value:
        if public_host in LOOPBACK_NAMES:
            return "localhost"  # browsers take every name below it for this machine
        return public_host if _is_name(public_host) else ""
    if not _is_host(value) or not _is_name(value) or value.startswith("."):
        raise SettingsError("REGULARS_MICROSITE_DOMAIN", f"{value} is not a host name, nor off")
    return value


def _is_name(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False


def _mail_domain(host: str) -> str:
    return host if "." in host and not host.replace(".", "").isdecimal() else "localhost"


def _read_address(value: str) -> str:
    if not re.fullmatch(r"(?:[^<>@]* <)?[^\s<>@]+@[^\s<>@]+>?", value) or ("<" in value) != (">" in value):
        raise SettingsError("REGULARS_EMAIL_FROM", "expected an address like Regulars <hello@shop.example>")
    return value


def _read_hosts(value: str) -> tuple[str, ...]:
    hosts = tuple(one.strip().lower() for one in value.split(",") if one.strip())
    for host in hosts:
        if host != "*" and not _is_host(host.strip("[]")):
            raise SettingsError("REGULARS_ALLOWED_HOSTS", f"{host} is not a host name, an address or *")
    return hosts


def _read_number(variable: str, value: str) -> int:
    if not value.isascii() or not value.isdecimal() or int(value) > MOST_PER_MINUTE:
        raise SettingsError(variable, f"{value} is not a whole number from 0 to {MOST_PER_MINUTE}")
    return int(value)


def _read_reports_secret(value: str) -> str:
    variable = "REGULARS_MAIL_REPORTS_SECRET"
    if value and not re.fullmatch(r"[A-Za-z0-9_-]+", value):
        raise SettingsError(
            variable, "may consist of letters, digits, - and _ only: it is part of an address"
        )
    if value and len(value) < MIN_REPORTS_SECRET_LENGTH:
        raise SettingsError(variable, f"needs at least {MIN_REPORTS_SECRET_LENGTH} characters")
    return value


def _read_redis_url(value: str) -> str:
    if value and split_address("REGULARS_REDIS_URL", value).scheme not in REDIS_SCHEMES:
        raise SettingsError("REGULARS_REDIS_URL", "expected redis://host:6379/0, rediss:// or unix://")
    return value


def _read_networks(variable: str, value: str) -> tuple[Network, ...]:
    networks: list[Network] = []
    for one in (part.strip() for part in value.split(",")):
        if not one:
            continue
        try:
            networks.append(ipaddress.ip_network(one, strict=False))
        except ValueError:
            raise SettingsError(variable, f"{one} is not an address or network like 10.0.0.0/8") from None
    return tuple(networks)


def _choice(variable: str, value: str, choices: tuple[str, ...]) -> str:
    if value.lower() not in choices:
        raise SettingsError(variable, f"{value} is not one of {', '.join(choices)}")
    return value.lower()
