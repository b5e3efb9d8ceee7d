"""A certificate authority of this installation's own: phones in the same network may use their camera.

Browsers give the camera only to pages that came over HTTPS. ``ensure`` makes the authority once, and a server
certificate that it renews when it gets old or when this machine's addresses changed. A phone trusts it after
installing the authority's certificate, which the server offers at /regulars-ca.crt.
"""

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from regulars.addresses import LOOPBACK_NAMES, lan_addresses
from regulars.storage import write_private

CA_LIFETIME = timedelta(days=3650)
SERVER_LIFETIME = timedelta(days=397)  # browsers refuse more
RENEW_BEFORE = timedelta(days=30)
CLOCK_SKEW = timedelta(days=1)  # phones whose clock is a little behind
MAX_COMMON_NAME = 64


@dataclass(frozen=True, slots=True)
class Files:
    """Where the certificates are. Both keys are readable by their owner only."""

    ca_certificate: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class _Pair:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def server_names(public_host: str) -> list[str]:
    """Every name and address under which this machine may be called."""
    names = [public_host, *LOOPBACK_NAMES, socket.gethostname().lower(), *lan_addresses()]
    return [name for name in dict.fromkeys(names) if name]


def ensure(folder: Path, names: Iterable[str]) -> Files:
    """Make or renew what is missing, old or no longer fitting. Raises OSError when that is not possible."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    wanted = list(names)
    files = Files(
        ca_certificate=folder / "ca.crt", certificate=folder / "server.crt", key=folder / "server.key"
    )
    now = datetime.now(UTC)
    authority = _load(files.ca_certificate, folder / "ca.key")
    # The authority must outlive every certificate that it signs.
    if authority is None or authority.certificate.not_valid_after_utc < now + SERVER_LIFETIME + RENEW_BEFORE:
        authority = _make_authority(now)
        _save(authority, files.ca_certificate, folder / "ca.key")
    server = _load(files.certificate, files.key)
    if server is None or not _fits(server.certificate, authority, wanted, now):
        _save(_make_server(authority, wanted, now), files.certificate, files.key)
    return files


def fingerprint(certificate: Path) -> str:
    """SHA-256 of a certificate as phones show it, to compare by eye."""
    digest = x509.load_pem_x509_certificate(certificate.read_bytes()).fingerprint(hashes.SHA256())
    return digest.hex(":").upper()


def _make_authority(now: datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"Regulars on {socket.gethostname()}")
    certificate = (
        _builder(name, name, key, now - CLOCK_SKEW, now + CA_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return _Pair(certificate, key)


def _make_server(authority: _Pair, names: list[str], now: datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    start = now - CLOCK_SKEW
    certificate = (
        _builder(_name(names[0]), authority.certificate.subject, key, start, start + SERVER_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False
        )
        .sign(authority.key, hashes.SHA256())
    )
    return _Pair(certificate, key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, start: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:MAX_COMMON_NAME])])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _fits(certificate: x509.Certificate, authority: _Pair, names: list[str], now: datetime) -> bool:
    if certificate.not_valid_after_utc < now + RENEW_BEFORE:
        return False
    try:
        certificate.verify_directly_issued_by(authority.certificate)
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return set(alternatives) == {_general_name(name) for name in names}


def _load(certificate_file: Path, key_file: Path) -> _Pair | None:
    """What is in the two files, or None when they are missing, unreadable or do not belong together."""
    try:
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        return None
    return _Pair(certificate, key)


def _save(pair: _Pair, certificate_file: Path, key_file: Path) -> None:
    key = pair.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(key_file, key.decode())
    write_private(certificate_file, pair.certificate.public_bytes(serialization.Encoding.PEM).decode())
