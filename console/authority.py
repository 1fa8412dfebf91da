"""A certificate authority of the site's own, in a folder: for brokers and subscribers that no public one can reach.

DIR/ca.pem, ca.key            the authority; only ca.pem is given to others
DIR/ca.issued                 serials of all certificates ever made, by name: they are taken back together
DIR/<name>.pem, <name>.key    one certificate each; <name>.both.pem is certificate and key in one, for `client:`
"""

import ipaddress
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Kind = TypeVar("Kind", bound=x509.ExtensionType)

AUTHORITY = "ca"
SOON = 30
"""Days before its end from which on a certificate is to be renewed."""
_AUTHORITY_DAYS = 3650
_EARLIER = timedelta(days=1)
"""Valid since yesterday: the clock of the other side may be behind."""
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}\Z")
_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*\Z")


class AuthorityError(Exception):
    """It cannot be done; the text says why and what would help, in Chinese and in English."""


@dataclass(frozen=True, slots=True)
class Paper:
    """One certificate of the folder."""

    name: str
    use: str
    """authority, broker or client."""
    hosts: tuple[str, ...]
    ends: datetime
    file: Path

    def days(self, now: datetime) -> int:
        """Whole days left; negative when it is over."""
        return (self.ends - now).days


class Authority:
    """Makes and renews certificates. Nothing is ever overwritten half: files are written new, synced and renamed."""

    def __init__(self, folder: Path) -> None:
        """`folder` is kept by whoever may hand out access: mode 0700, best on a stick in a drawer."""
        self.folder = folder

    def found(self, name: str, now: datetime) -> Paper:
        """Make the authority itself; refused where there is one, because all its certificates would be void."""
        if self._file(AUTHORITY, "key").exists():
            raise AuthorityError(
                f"{self.folder} 里已有证书机构；另建须换一个空目录。 There is an authority already; use another folder."
            )
        _private_folder(self.folder)
        key = _key()
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} gatehouse CA")])
        # of these nine, an authority may sign certificates and lists of revoked ones, and nothing else
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        made = (
            _builder(subject, subject, key.public_key(), now, _AUTHORITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(key, hashes.SHA256())
        )
        self._keep(AUTHORITY, made, key, {})
        self._list(made, key, [], now)
        return self.paper(AUTHORITY)

    def broker(self, name: str, hosts: list[str], days: int, now: datetime) -> Paper:
        """A certificate for a server that is reached by these names or addresses."""
        if not hosts:
            raise AuthorityError("请用 --host 写明各方连接时用的主机名或 IP。 Name with --host what others connect to.")
        names = x509.SubjectAlternativeName([_host(host) for host in hosts])
        return self._issue(name, ExtendedKeyUsageOID.SERVER_AUTH, names, days, now)

    def client(self, name: str, days: int, now: datetime) -> Paper:
        """A certificate by which someone proves to be `name`, which the broker takes as the user; one at a time."""
        if name != AUTHORITY and self._file(name, "pem").exists():
            raise AuthorityError(
                f"已有 {name}：续期用 gatehouse certs renew；手机或密钥丢了先 gatehouse certs revoke。 "
                f"There is a {name} already: renew it, or revoke it first when the phone or the key is lost."
            )
        return self._client(name, days, now)

    def _client(self, name: str, days: int, now: datetime) -> Paper:
        return self._issue(name, ExtendedKeyUsageOID.CLIENT_AUTH, None, days, now)

    def renew(self, name: str, days: int, now: datetime) -> Paper:
        """The same once more, with a new key and a new end."""
        old = self.paper(name)
        if old.use == "authority":
            raise AuthorityError(
                "证书机构不能续期；请在新目录另建并重发证书。 An authority is not renewed: make another."
            )
        return self.broker(name, list(old.hosts), days, now) if old.use == "broker" else self._client(name, days, now)

    def revoke(self, name: str, now: datetime) -> Path:
        """Take all certificates of a name back, those renewed since too; the list that the broker is to be given."""
        file = self.paper(name).file
        if name == AUTHORITY:
            raise AuthorityError("证书机构不能吊销；请在新目录另建。 An authority is not taken back: make another one.")
        signer, sign = self._signer(now)
        serial = x509.load_pem_x509_certificate(file.read_bytes()).serial_number
        issued = self._issued()
        serials = dict.fromkeys([*issued.pop(name, []), serial])
        entry = x509.RevokedCertificateBuilder().revocation_date(now)
        self._list(signer, sign, [*self._revoked(), *(entry.serial_number(each).build() for each in serials)], now)
        self._note(issued)
        for ending in ("pem", "key", "both.pem"):
            self._file(name, ending).unlink(missing_ok=True)
        return self._file(AUTHORITY, "crl")

    def _issued(self) -> dict[str, list[int]]:
        """Serials by name, the oldest first. A folder of an earlier version has none."""
        try:
            rows = [row.split() for row in self._file(AUTHORITY, "issued").read_text().splitlines()]
            return {name: [int(serial, 16) for serial in serials] for name, *serials in rows}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise AuthorityError(f"{self.folder}/ca.issued 读不了。 It cannot be read: {error}") from error

    def _note(self, issued: dict[str, list[int]]) -> None:
        rows = [" ".join([name, *(f"{serial:x}" for serial in serials)]) for name, serials in issued.items()]
        _write(self._file(AUTHORITY, "issued"), "".join(f"{row}\n" for row in rows).encode(), 0o600)

    def _revoked(self) -> list[x509.RevokedCertificate]:
        try:
            return list(x509.load_pem_x509_crl(self._file(AUTHORITY, "crl").read_bytes()))
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            raise AuthorityError(f"{self.folder}/ca.crl 读不了。 It cannot be read: {error}") from error

    def _list(
        self,
        signer: x509.Certificate,
        sign: ec.EllipticCurvePrivateKey,
        revoked: list[x509.RevokedCertificate],
        now: datetime,
    ) -> None:
        """Valid as long as the authority: a site whose list has run out would lock everybody out."""
        builder = x509.CertificateRevocationListBuilder(signer.subject, now - _EARLIER, signer.not_valid_after_utc)
        for entry in revoked:
            builder = builder.add_revoked_certificate(entry)
        made = builder.add_extension(_authority_mark(signer), critical=False).sign(sign, hashes.SHA256())
        _write(self._file(AUTHORITY, "crl"), made.public_bytes(serialization.Encoding.PEM), 0o644)

    def papers(self) -> list[Paper]:
        """All certificates of the folder, the one that ends first first."""
        names = {file.stem for file in self.folder.glob("*.pem") if not file.name.endswith(".both.pem")}
        return sorted((self.paper(name) for name in names), key=lambda paper: paper.ends)

    def paper(self, name: str) -> Paper:
        """What a certificate of the folder says."""
        file = self._file(name, "pem")
        try:
            return read(file)
        except FileNotFoundError:
            there = ", ".join(sorted(file.stem for file in self.folder.glob("*.key"))) or "-"
            raise AuthorityError(f"没有证书 {name}；现有：{there}。 There is no {name}; there are: {there}.") from None

    def _issue(
        self,
        name: str,
        purpose: x509.ObjectIdentifier,
        names: x509.SubjectAlternativeName | None,
        days: int,
        now: datetime,
    ) -> Paper:
        if not _NAME.match(name) or name == AUTHORITY:
            raise AuthorityError(
                f"名字 {name!r} 不行：小写字母开头，只含小写字母、数字、- 和 _，不能是 ca。 "
                "A name is lower-case letters, digits, - and _, begins with a letter, and is not ca."
            )
        signer, sign = self._signer(now)
        if now + timedelta(days=days) > signer.not_valid_after_utc:
            days = (signer.not_valid_after_utc - now).days
        key = _key()
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
        builder = (
            _builder(subject, signer.subject, key.public_key(), now, days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(_authority_mark(signer), critical=False)
        )
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        made = builder.sign(sign, hashes.SHA256())
        issued = self._issued()
        old = [x509.load_pem_x509_certificate(file.read_bytes()).serial_number
               for file in [self._file(name, "pem")] if name not in issued and file.exists()]  # fmt: skip
        self._keep(name, made, key, issued | {name: [*issued.get(name, old), made.serial_number]})
        return self.paper(name)

    def _signer(self, now: datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        try:
            made = x509.load_pem_x509_certificate(self._file(AUTHORITY, "pem").read_bytes())
            key = serialization.load_pem_private_key(self._file(AUTHORITY, "key").read_bytes(), None)
        except FileNotFoundError as error:
            raise AuthorityError(
                f"{self.folder} 里没有证书机构，先运行 gatehouse certs new。 "
                "No authority there; run gatehouse certs new first."
            ) from error
        except (OSError, ValueError, TypeError) as error:
            raise AuthorityError(f"{self.folder} 里的证书机构读不了。 The authority cannot be read: {error}") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or made.not_valid_after_utc <= now:
            raise AuthorityError(
                f"{self.folder} 的证书机构已过期或不是本程序所建。 The authority is over, or not ours."
            )
        return made, key

    def _keep(
        self, name: str, made: x509.Certificate, key: ec.EllipticCurvePrivateKey, issued: dict[str, list[int]]
    ) -> None:
        """Certificate beside key: the key is never readable by others, not even for an instant. Noted before all."""
        certificate = made.public_bytes(serialization.Encoding.PEM)
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        try:
            self._note(issued)
            _write(self._file(name, "key"), secret, 0o600)
            if name != AUTHORITY:
                _write(self._file(name, "both.pem"), certificate + secret, 0o600)
            _write(self._file(name, "pem"), certificate, 0o644)
        except OSError as error:
            raise AuthorityError(f"{self.folder} 写不进。 It cannot be written: {error.strerror or error}.") from error

    def _file(self, name: str, ending: str) -> Path:
        return self.folder / f"{name}.{ending}"


def read(file: Path) -> Paper:
    """What a PEM certificate says; AuthorityError when it is none, FileNotFoundError when it is not there."""
    try:
        made = x509.load_pem_x509_certificate(file.read_bytes())
        basic = _extension(made, x509.BasicConstraints)
        purposes = _extension(made, x509.ExtendedKeyUsage)
        names = _extension(made, x509.SubjectAlternativeName)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise AuthorityError(f"{file} 不是 PEM 证书。 It is no PEM certificate: {error}") from error
    use = "client"
    if basic is not None and basic.ca:
        use = "authority"
    elif purposes is not None and ExtendedKeyUsageOID.SERVER_AUTH in purposes:
        use = "broker"
    hosts = tuple(str(name.value) for name in names) if names is not None else ()
    return Paper(file.stem, use, hosts, made.not_valid_after_utc, file)


def _extension(made: x509.Certificate, kind: type[Kind]) -> Kind | None:
    try:
        return made.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    now = now.astimezone(UTC).replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _authority_mark(signer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    known = signer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(known)


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _host(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        if not _HOST.match(text):
            raise AuthorityError(f"{text!r} 不是主机名或 IP。 It is neither a host name nor an address.") from None
        return x509.DNSName(text)


def _private_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_mode & 0o077:
            raise AuthorityError(
                f"{folder} 别人也能进；请 chmod 700。 Others may enter it; run chmod 700 {folder}, it will hold keys."
            )
    except OSError as error:
        raise AuthorityError(f"{folder} 建不了。 It cannot be made: {error.strerror or error}.") from error


def _write(file: Path, content: bytes, mode: int) -> None:
    fresh = file.with_name(f".{file.name}.new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as out:
        os.fchmod(handle, mode)
        out.write(content)
        out.flush()
        os.fsync(handle)
    fresh.replace(file)
