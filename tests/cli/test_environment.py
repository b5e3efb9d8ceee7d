"""Settings: what is understood, and the one line for what is not."""

from pathlib import Path

import pytest
from django.core.mail import get_connection
from pytest_django import Settings

from regulars.environment import read
from regulars.environment_mail import PROVIDERS
from regulars.environment_values import SettingsError

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("REGULARS_DATABASE_URL", "mysql://host/name", "expected sqlite:///path/to/file or postgresql://"),
        ("REGULARS_DATABASE_URL", "sqlite://name", "expected sqlite:///relative/file"),
        ("REGULARS_DATABASE_URL", "sqlite:///", "expected sqlite:///relative/file"),
        ("REGULARS_DATABASE_URL", "sqlite:///:memory:", "would be lost"),
        ("REGULARS_DATABASE_URL", "sqlite:///x?mode=ro", "takes no options"),
        ("REGULARS_DATABASE_URL", "sqlite:////tmp", "is a folder"),
        ("REGULARS_DATABASE_URL", "postgresql://u:hidden@h", "names no database"),
        ("REGULARS_DATABASE_URL", "postgresql://u:hidden@h:99999/n", "99999 is not a port"),
        ("REGULARS_DATABASE_URL", "postgresql://u:hidden@h/n?colour=red", "knows no option colour"),
        ("REGULARS_DATABASE_URL", "postgresql://u:hidden@[h/n", "is not a usable PostgreSQL address"),
        ("REGULARS_DATA_DIR", "/etc/passwd", "is not a folder"),
        ("REGULARS_SECRET_KEY", "hidden", "at least 32 characters"),
        ("REGULARS_PUBLIC_URL", "shop.example", "expected an address like https://shop.example"),
        ("REGULARS_PUBLIC_URL", "ftp://shop.example", "expected an address like"),
        ("REGULARS_PUBLIC_URL", "https://u:hidden@shop.example", "must not hold a user"),
        ("REGULARS_PUBLIC_URL", "https://shop example", "is not a host name"),
        ("REGULARS_PUBLIC_URL", "https://shop.example:port", "is not a usable address"),
        ("REGULARS_EMAIL_URL", "pigeon://home", "expected one of consolemail://"),
        ("REGULARS_EMAIL_URL", "smtp://", "names no mail server"),
        ("REGULARS_EMAIL_URL", "filemail://folder", "expected filemail:///relative/folder"),
        ("REGULARS_EMAIL_URL", "filemail:////etc/passwd", "is not a folder"),
        ("REGULARS_EMAIL_URL", "anymail+pigeon://hidden@", "no provider pigeon; expected one of amazon-ses"),
        ("REGULARS_EMAIL_URL", "anymail+postmark://", "expected anymail+postmark://SERVER_TOKEN@"),
        ("REGULARS_EMAIL_URL", "anymail+mailjet://hidden@", "expected anymail+mailjet://API_KEY:SECRET_KEY@"),
        ("REGULARS_EMAIL_PER_MINUTE", "-1", "-1 is not a whole number from 0"),
        ("REGULARS_EMAIL_PER_MINUTE", "²", "is not a whole number from 0"),
        ("REGULARS_MAIL_REPORTS_SECRET", "hidden", "at least 16 characters"),
        ("REGULARS_MAIL_REPORTS_SECRET", "hidden/of/the/post-office", "letters, digits, - and _ only"),
        ("REGULARS_SMS_URL", "pigeon://home", "expected https://user:password@sms.example/send#form:"),
        ("REGULARS_SMS_URL", "https://:port", "is not a usable address"),
        ("REGULARS_SMS_URL", "https://u:hidden@h/?to={to}", "must say where {to} and {text} belong"),
        ("REGULARS_SMS_URL", "https://u:hidden@h/#json:{to}{text}", "is not JSON"),
        ("REGULARS_SMS_URL", "https://u:hidden@h/{to}{text}#xml:", "expected form:to={to}&text={text}"),
        ("REGULARS_SMS_URL", "filesms://", "expected filesms:///relative/folder"),
        ("REGULARS_EMAIL_FROM", "nobody", "expected an address like"),
        ("REGULARS_EMAIL_FROM", "<a@b.example", "expected an address like"),
        ("REGULARS_REDIS_URL", "http://host", "expected redis://"),
        ("REGULARS_TRUSTED_PROXIES", "10.0.0.0/8, proxy", "proxy is not an address or network"),
        ("REGULARS_ALLOWED_HOSTS", "shop.example,a b", "a b is not a host name"),
        ("REGULARS_MICROSITE_DOMAIN", "10.0.0.1", "10.0.0.1 is not a host name, nor off"),
        ("REGULARS_MICROSITE_DOMAIN", ".shop.example", "is not a host name, nor off"),
        ("REGULARS_MICROSITE_DOMAIN", "a b", "a b is not a host name, nor off"),
        ("REGULARS_ALLOW_HTTP", "always", "always is not one of never, loopback"),
        ("REGULARS_LOG_LEVEL", "loud", "loud is not one of debug, info"),
        ("REGULARS_LOG_LEVEL", "in\x00fo", "contains control characters"),
    ],
)
def test_an_unusable_value_is_named_in_one_line(variable: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read({variable: value})
    text = str(caught.value)
    assert text.startswith(f"{variable}: ")
    assert said in text
    assert "\n" not in text
    assert "hidden" not in text


def test_nothing_set_means_a_private_sqlite_file_and_no_plain_http(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = read({})
    assert settings.data_dir == tmp_path / "data"
    assert (settings.database.engine, settings.database.name) == (
        "sqlite",
        str(tmp_path / "data" / "regulars.sqlite3"),
    )
    assert settings.secret_key is None
    assert (settings.public_url, settings.allow_http) == ("http://127.0.0.1:8000", "never")
    assert settings.trusted_proxies == ()
    assert list(tmp_path.iterdir()) == []  # reading makes nothing


def test_an_empty_value_counts_as_absent() -> None:
    names = ("DATABASE_URL", "SECRET_KEY", "PUBLIC_URL", "ALLOW_HTTP", "LOG_LEVEL", "REDIS_URL")
    assert read({f"REGULARS_{name}": " " for name in names}) == read({})


@pytest.mark.parametrize(
    ("url", "file"),
    [("sqlite:///shop.db", "shop.db"), ("sqlite:///a/b%20c.db", "a/b c.db"), ("sqlite:///./x", "x")],
)
def test_an_sqlite_path_is_relative_to_the_working_folder(
    url: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Path(read({"REGULARS_DATABASE_URL": url}).database.name) == tmp_path / file


def test_an_sqlite_path_may_be_absolute() -> None:
    assert read({"REGULARS_DATABASE_URL": "sqlite:////var/x.db"}).database.name == "/var/x.db"


def test_a_postgresql_address_keeps_what_its_query_says() -> None:
    database = read(
        {
            "REGULARS_DATABASE_URL": "postgres://ann:p%40ss@one:5432,two:5433/shop"
            "?sslmode=verify-full&sslrootcert=/ca.pem&target_session_attrs=read-write"
        }
    ).database
    assert (database.engine, database.user, database.password) == ("postgresql", "ann", "p@ss")
    assert (database.host, database.port, database.name) == ("one,two", "5432,5433", "shop")
    assert database.options == {
        "sslmode": "verify-full",
        "sslrootcert": "/ca.pem",
        "target_session_attrs": "read-write",
    }


def test_a_postgresql_address_may_name_a_socket() -> None:
    database = read({"REGULARS_DATABASE_URL": "postgresql://ann@%2Frun%2Fpostgresql/shop"}).database
    assert (database.host, database.port, database.name) == ("/run/postgresql", "", "shop")


def test_secrets_do_not_show_in_a_representation() -> None:
    secret = "s" * 40
    settings = read(
        {
            "REGULARS_SECRET_KEY": secret,
            "REGULARS_DATABASE_URL": "postgresql://ann:tell-nobody@h/n",
            "REGULARS_EMAIL_URL": "smtps://ann:tell-nobody@h",
            "REGULARS_REDIS_URL": "redis://:tell-nobody@h",
            "REGULARS_SMS_URL": "https://ann:tell-nobody@h/?{to}{text}",
            "REGULARS_MAIL_REPORTS_SECRET": "tell-nobody-about-it",
        }
    )
    assert settings.database.password == settings.mail.password == "tell-nobody"
    assert secret not in repr(settings)
    assert "tell-nobody" not in repr(settings)


@pytest.mark.parametrize(
    ("url", "port", "secured"),
    [
        ("smtp://mail.example", 25, None),
        ("smtp+tls://mail.example", 587, "starttls"),
        ("smtps://mail.example", 465, "implicit"),
        ("smtps://mail.example:2465", 2465, "implicit"),
    ],
)
def test_mail_servers(url: str, port: int, secured: str | None) -> None:
    mail = read({"REGULARS_EMAIL_URL": url}).mail
    assert (mail.host, mail.port) == ("mail.example", port)
    assert (mail.starttls, mail.implicit_tls) == (secured == "starttls", secured == "implicit")


def test_a_provider_of_mail_has_its_settings_in_the_address() -> None:
    mail = read({"REGULARS_EMAIL_URL": "anymail+mailgun://k%40y@?sender_domain=mg.example"}).mail
    assert (mail.backend, mail.provider) == ("anymail.backends.mailgun.EmailBackend", "mailgun")
    assert mail.options == {"MAILGUN_API_KEY": "k@y", "MAILGUN_SENDER_DOMAIN": "mg.example"}
    assert "k@y" not in repr(mail)
    signed = read({"REGULARS_EMAIL_URL": "anymail+unisender-go://key@?webhook_secret=x"}).mail
    assert signed.options == {"UNISENDER_GO_API_KEY": "key", "UNISENDER_GO_WEBHOOK_SECRET": "x"}


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_every_provider_is_there_and_reads_what_is_given(name: str, settings: Settings) -> None:
    if name == "amazon-ses":
        pytest.importorskip("boto3")
    keys = ":".join(["key"] * len(PROVIDERS[name]))
    more = {"postal": "?api_url=https://p.example", "unisender-go": "?api_url=https://u.example"}.get(
        name, ""
    )
    mail = read({"REGULARS_EMAIL_URL": f"anymail+{name}://{keys}{'@' if keys else ''}{more}"}).mail
    settings.ANYMAIL = mail.options
    assert type(get_connection(mail.backend)).__module__ == f"anymail.backends.{mail.provider}"


def test_a_folder_for_mail_and_one_for_texts(tmp_path: Path) -> None:
    mail = read({"REGULARS_EMAIL_URL": f"filemail:///{tmp_path}/mail"}).mail
    assert mail.backend == "django.core.mail.backends.filebased.EmailBackend"
    assert Path(mail.folder) == tmp_path / "mail"
    assert Path(read({"REGULARS_SMS_URL": "filesms:///texts"}).sms.folder) == Path.cwd() / "texts"


def test_a_provider_of_texts_may_listen_at_an_address_with_colons() -> None:
    sms = read({"REGULARS_SMS_URL": "http://[::1]:8080/s#form:n={to}&t={text}"}).sms
    assert (sms.url, sms.form, sms.headers) == (
        "http://[::1]:8080/s",
        "form",
        {"content-type": "application/x-www-form-urlencoded"},
    )


def test_trusted_proxies_are_addresses_and_networks() -> None:
    proxies = read({"REGULARS_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8,fd00::/8"}).trusted_proxies
    assert [str(one) for one in proxies] == ["127.0.0.1/32", "10.0.0.0/8", "fd00::/8"]


def test_the_public_address_has_no_slash_at_its_end() -> None:
    settings = read({"REGULARS_PUBLIC_URL": "https://Shop.Example/"})
    assert (settings.public_url, settings.public_host, settings.tls) == (
        "https://shop.example",
        "shop.example",
        True,
    )


@pytest.mark.parametrize(
    ("public", "given", "domain", "linked"),
    [
        ("https://shop.example", "", "shop.example", False),
        ("https://shop.example", "Loyalty.Example", "loyalty.example", True),
        ("https://shop.example", "off", "", False),
        ("http://127.0.0.1:8000", "", "localhost", False),
        ("http://192.168.1.7:8000", "", "", False),
        ("http://[::1]:8000", "", "localhost", False),
    ],
)
def test_micro_sites_have_hosts_where_there_can_be_some(
    public: str, given: str, domain: str, *, linked: bool
) -> None:
    settings = read({"REGULARS_PUBLIC_URL": public, "REGULARS_MICROSITE_DOMAIN": given})
    assert (settings.microsite_domain, settings.links_to_microsite_hosts) == (domain, linked)
