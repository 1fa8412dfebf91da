"""A private authority, judged by openssl."""

import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.authority import Authority, AuthorityError, read

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path / "ca")
    made.found("lvdinan", NOW)
    return made


def openssl(*words: object) -> str:
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, timeout=20, check=False)
    return done.stdout + done.stderr


def verified(folder: Path, name: str, *more: str) -> str:
    seconds = int(NOW.timestamp())
    return openssl("verify", "-attime", seconds, *more, "-CAfile", folder / "ca.pem", folder / f"{name}.pem")


def test_openssl_accepts_what_it_makes_for_its_purpose_and_no_other(authority: Authority) -> None:
    folder = authority.folder
    authority.broker("broker", ["broker.lan", "10.1.2.3"], 100, NOW)
    authority.client("police", 100, NOW)
    assert "OK" in verified(folder, "broker", "-purpose", "sslserver", "-verify_hostname", "broker.lan")
    assert "OK" in verified(folder, "broker", "-purpose", "sslserver", "-verify_ip", "10.1.2.3")
    assert "hostname mismatch" in verified(folder, "broker", "-verify_hostname", "other.lan").lower()
    assert "OK" in verified(folder, "police", "-purpose", "sslclient")
    assert "unsuitable certificate purpose" in verified(folder, "police", "-purpose", "sslserver").lower()
    assert "unsuitable certificate purpose" in verified(folder, "broker", "-purpose", "sslclient").lower()


def test_another_authority_is_not_ours(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    other.found("lvdinan", NOW)
    other.client("police", 100, NOW)
    said = openssl("verify", "-CAfile", authority.folder / "ca.pem", other.folder / "police.pem")
    assert "error" in said


def test_taking_back_a_name_takes_back_what_it_had_before_it_was_renewed(authority: Authority) -> None:
    folder = authority.folder
    authority.client("li", 100, NOW)
    (folder / "first.pem").write_bytes((folder / "li.pem").read_bytes())
    authority.renew("li", 100, NOW)
    (folder / "second.pem").write_bytes((folder / "li.pem").read_bytes())
    with pytest.raises(AuthorityError, match=r"已有 li"):
        authority.client("li", 100, NOW)
    authority.client("wang", 100, NOW)
    authority.revoke("li", NOW)
    crl = ("-crl_check", "-CRLfile", str(folder / "ca.crl"))
    assert "revoked" in verified(folder, "first", *crl)
    assert "revoked" in verified(folder, "second", *crl)
    assert "OK" in verified(folder, "wang", *crl)
    authority.client("li", 100, NOW)
    assert "OK" in verified(folder, "li", *crl), "the new phone of the same guard"


def test_a_folder_of_an_earlier_version_learns_of_its_certificates_when_they_are_renewed(authority: Authority) -> None:
    folder = authority.folder
    authority.client("li", 100, NOW)
    (folder / "first.pem").write_bytes((folder / "li.pem").read_bytes())
    (folder / "ca.issued").unlink()
    authority.renew("li", 100, NOW)
    authority.revoke("li", NOW)
    assert "revoked" in verified(folder, "first", "-crl_check", "-CRLfile", str(folder / "ca.crl"))


def test_what_is_taken_back_counts_no_more(authority: Authority) -> None:
    folder = authority.folder
    for name in ("zhang", "li"):
        authority.client(name, 100, NOW)
    lost = (folder / "zhang.pem").read_bytes()
    authority.revoke("zhang", NOW)
    (folder / "found.pem").write_bytes(lost)
    crl = ("-crl_check", "-CRLfile", str(folder / "ca.crl"))
    assert "revoked" in verified(folder, "found", *crl)
    assert "OK" in verified(folder, "li", *crl)
    (folder / "found.pem").unlink()
    authority.revoke("li", NOW)
    assert len(openssl("crl", "-in", folder / "ca.crl", "-noout", "-text").split("Serial Number:")) == 3
    assert [paper.name for paper in authority.papers()] == ["ca"]


def test_nobody_else_can_read_a_key(authority: Authority) -> None:
    authority.client("police", 100, NOW)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in authority.folder.iterdir()}
    assert {name for name, mode in modes.items() if mode & 0o077} == {"ca.pem", "ca.crl", "police.pem"}
    assert stat.S_IMODE(authority.folder.stat().st_mode) == 0o700


def test_renewed_it_is_for_the_same_with_another_key_and_end(authority: Authority) -> None:
    authority.broker("broker", ["broker.lan", "10.1.2.3"], 20, NOW)
    key = (authority.folder / "broker.key").read_bytes()
    paper = authority.renew("broker", 100, NOW + timedelta(days=10))
    assert (paper.use, paper.hosts) == ("broker", ("broker.lan", "10.1.2.3"))
    assert paper.days(NOW) == 110
    assert (authority.folder / "broker.key").read_bytes() != key


def test_nothing_outlives_its_authority(authority: Authority) -> None:
    end = authority.paper("ca").ends
    assert authority.client("police", 3650, NOW + timedelta(days=3000)).ends <= end
    with pytest.raises(AuthorityError, match="过期"):
        authority.client("late", 10, end + timedelta(days=1))


def test_the_first_to_end_stands_first(authority: Authority) -> None:
    authority.client("long", 300, NOW)
    authority.client("short", 20, NOW)
    assert [paper.name for paper in authority.papers()] == ["short", "long", "ca"]


@pytest.mark.parametrize("name", ["", "ca", "Police", "a b", "../x", "-x", "警察", "x" * 41])
def test_a_name_that_no_topic_could_bear_is_refused(authority: Authority, name: str) -> None:
    with pytest.raises(AuthorityError, match="lower-case"):
        authority.client(name, 10, NOW)


@pytest.mark.parametrize("host", ["", "a b", "http://x", "x/y", "*"])
def test_what_is_no_host_is_refused(authority: Authority, host: str) -> None:
    with pytest.raises(AuthorityError, match="host"):
        authority.broker("broker", [host], 10, NOW)


def test_a_second_authority_would_void_all_of_the_first(authority: Authority) -> None:
    before = (authority.folder / "ca.pem").read_bytes()
    with pytest.raises(AuthorityError, match="already"):
        authority.found("lvdinan", NOW)
    assert (authority.folder / "ca.pem").read_bytes() == before


def test_a_folder_that_others_may_enter_holds_no_keys(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir(mode=0o755)
    with pytest.raises(AuthorityError, match="chmod 700"):
        Authority(folder).found("lvdinan", NOW)


def test_without_an_authority_or_with_a_broken_one_it_says_what_to_do(tmp_path: Path, authority: Authority) -> None:
    with pytest.raises(AuthorityError, match="certs new"):
        Authority(tmp_path / "none").client("police", 10, NOW)
    (authority.folder / "ca.key").write_text("nonsense")
    with pytest.raises(AuthorityError, match="cannot be read"):
        authority.client("police", 10, NOW)
    with pytest.raises(AuthorityError, match="no PEM certificate"):
        read(authority.folder / "ca.key")
    with pytest.raises(AuthorityError, match="没有证书"):
        authority.renew("nobody", 10, NOW)
