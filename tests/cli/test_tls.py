"""HTTPS of our own: a certificate that browsers and phones accept once they trust the authority."""

import ipaddress
import socket
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from regulars import tls
from tests.cli.conftest import Regulars

NAMES = ["shop.example", "localhost", "127.0.0.1", "::1"]

pytestmark = pytest.mark.once


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_what_is_made(tmp_path: Path) -> None:
    files = tls.ensure(tmp_path / "tls", NAMES)
    authority, server = certificate(files.ca_certificate), certificate(files.certificate)
    server.verify_directly_issued_by(authority)
    assert authority.not_valid_after_utc - datetime.now(UTC) > timedelta(days=3600)
    assert server.not_valid_after_utc - server.not_valid_before_utc <= timedelta(days=397)
    for one in (authority, server):
        key = one.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        assert key.curve.name == "secp256r1"
    limits = authority.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (limits.critical, limits.value.ca, limits.value.path_length) == (True, True, 0)
    assert not server.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    usage = server.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["shop.example", "localhost"]
    assert names.get_values_for_type(x509.IPAddress) == [
        ipaddress.ip_address("127.0.0.1"),
        ipaddress.ip_address("::1"),
    ]
    for key_file in (files.key, tmp_path / "tls" / "ca.key"):
        assert stat.S_IMODE(key_file.stat().st_mode) == 0o600


def test_it_is_made_once_and_renewed_when_it_no_longer_fits(tmp_path: Path) -> None:
    files = tls.ensure(tmp_path, NAMES)
    authority, server = files.ca_certificate.read_bytes(), files.certificate.read_bytes()
    tls.ensure(tmp_path, NAMES)
    assert files.certificate.read_bytes() == server

    tls.ensure(tmp_path, [*NAMES, "192.168.1.7"])
    moved = files.certificate.read_bytes()
    assert moved != server

    with time_machine.travel(datetime.now(UTC) + timedelta(days=360), tick=False):
        tls.ensure(tmp_path, [*NAMES, "192.168.1.7"])
        assert files.certificate.read_bytes() == moved
    with time_machine.travel(datetime.now(UTC) + timedelta(days=370), tick=False):
        tls.ensure(tmp_path, [*NAMES, "192.168.1.7"])
        assert files.certificate.read_bytes() != moved
    assert files.ca_certificate.read_bytes() == authority  # phones need not trust anew

    with time_machine.travel(datetime.now(UTC) + timedelta(days=3400), tick=False):
        tls.ensure(tmp_path, NAMES)
        assert files.ca_certificate.read_bytes() != authority
        certificate(files.certificate).verify_directly_issued_by(certificate(files.ca_certificate))


def test_files_that_do_not_belong_together_are_made_anew(tmp_path: Path) -> None:
    files = tls.ensure(tmp_path / "one", NAMES)
    other = tls.ensure(tmp_path / "two", NAMES)
    files.key.write_bytes(other.key.read_bytes())
    tls.ensure(tmp_path / "one", NAMES)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files.certificate, files.key)
    files.certificate.write_text("nonsense")
    tls.ensure(tmp_path / "one", NAMES)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files.certificate, files.key)


@pytest.mark.usefixtures("tables")
def test_serve_tls_is_trusted_by_who_trusts_the_authority_and_by_nobody_else(regulars: Regulars) -> None:
    with regulars.serving("--tls") as running:
        assert running.url.startswith("https://127.0.0.1:")
        authority = regulars.data_dir / "tls" / "ca.crt"
        assert running.said(str(authority))
        assert running.said(tls.fingerprint(authority))
        assert running.said(f"{running.url}/regulars-ca.crt")
        trusting = ssl.create_default_context(cafile=str(authority))
        trusting.verify_flags |= ssl.VERIFY_X509_STRICT
        port = running.url.rpartition(":")[2]
        for name in ("127.0.0.1", "localhost"):
            assert httpx.get(f"https://{name}:{port}/", verify=trusting).status_code == 200
        # Over HTTPS the API lets requests in as far as the question for a key.
        assert httpx.get(f"{running.url}/api/business", verify=trusting).status_code == 401
        offered = httpx.get(f"{running.url}/regulars-ca.crt", verify=trusting)
        assert (offered.status_code, offered.content) == (200, authority.read_bytes())
        assert offered.headers["content-type"] == "application/x-x509-ca-cert"
        with pytest.raises(httpx.ConnectError, match="certificate"):
            httpx.get(running.url, verify=ssl.create_default_context())
        with (
            socket.create_connection(("127.0.0.1", int(port))) as link,
            trusting.wrap_socket(link, server_hostname="localhost") as secured,
        ):
            assert secured.version() in {"TLSv1.2", "TLSv1.3"}
            assert running.stop() == 0
