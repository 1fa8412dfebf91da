"""config/mosquitto, as it is shipped, on Debian's mosquitto: who is let in, and what each may read and write."""

import getpass
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.authority import Authority
from simulators.broker import _mosquitto, free_port

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "config/mosquitto"
PLACE = "/etc/mosquitto/gatehouse"
USERS = ("box-police", "box-property", "police", "property", "lost")


class Hardened:
    """The broker, and the papers of everybody."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, now = folder, free_port(), datetime.now(UTC)
        self.ca = Authority(folder / "ca")
        self.ca.found("lvdinan", now)
        self.ca.broker("broker", ["localhost", "127.0.0.1"], 100, now)
        for user in USERS:
            self.ca.client(user, 100, now)
        self.ca.client("old", 1, now - timedelta(days=40))
        shutil.copytree(folder / "ca", folder / "papers")
        self.ca.revoke("lost", now)
        settings = (SHIPPED / "gatehouse.conf").read_text()
        settings = settings.replace("listener 8883", f"listener {self.port} 127.0.0.1")
        settings = settings.replace("/var/lib/mosquitto/", f"{folder}/").replace("log_dest syslog", "log_dest stderr")
        settings = settings.replace(f"{PLACE}/acl", str(folder / "acl")).replace(PLACE, str(folder / "ca"))
        (folder / "broker.conf").write_text(settings + f"user {getpass.getuser()}\n")
        shutil.copy(SHIPPED / "acl", folder / "acl")
        (folder / "acl").chmod(0o600)
        with (folder / "broker.log").open("w") as log:
            self.child = subprocess.Popen([str(_mosquitto()), "-c", str(folder / "broker.conf")], stderr=log)
        deadline = time.monotonic() + 10
        while not self._listens():
            assert self.child.poll() is None, (folder / "broker.log").read_text()
            assert time.monotonic() < deadline, "mosquitto does not listen"
            time.sleep(0.02)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def command(self, program: str, user: str | None, *more: str) -> list[str]:
        words = [program, "-V", "5", "-h", "localhost", "-p", str(self.port), *more]
        if user is None:
            return words
        papers = self.folder / "papers"
        return [*words, "--cafile", str(papers / "ca.pem"), "--cert", str(papers / f"{user}.pem"),
                "--key", str(papers / f"{user}.key")]  # fmt: skip

    def run(self, program: str, user: str | None, *more: str) -> tuple[int, str]:
        done = subprocess.run(
            self.command(program, user, *more), capture_output=True, text=True, timeout=15, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def publish(self, user: str | None, topic: str, *more: str) -> str:
        """What the broker says; empty when it took the message."""
        code, said = self.run("mosquitto_pub", user, "-t", topic, "-m", "x", "-q", "1", *more)
        return "" if code == 0 and "Warning" not in said and "rror" not in said else said or f"exit {code}"

    def hears(self, user: str, asked: str, sender: str, topic: str) -> bool:
        """Whether a retained message of `sender` on `topic` reaches `user`, who asked for `asked`."""
        assert not self.publish(sender, topic, "-r")
        code, said = self.run("mosquitto_sub", user, "-t", asked, "-q", "1", "-C", "1", "-W", "1")
        return code == 0 and said.strip() == "x"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hardened]:
    if _mosquitto() is None or shutil.which("mosquitto_pub") is None:
        pytest.skip("Debian's mosquitto and mosquitto-clients are not installed")
    made = Hardened(tmp_path_factory.mktemp("broker"))
    yield made
    made.child.terminate()
    made.child.wait(10)


MINE = "gatehouse/v1/lvdinan/police"


def test_gatehouse_writes_and_the_police_read_and_may_ask_again(broker: Hardened) -> None:
    assert broker.hears("police", f"{MINE}/#", "box-police", f"{MINE}/events/alarm/raised")
    assert broker.publish("police", f"{MINE}/refill") == ""


@pytest.mark.parametrize(
    ("user", "topic"),
    [
        ("police", f"{MINE}/events/alarm/raised"),
        ("police", f"{MINE}/state"),
        ("police", "gatehouse/v1/lvdinan/property/refill"),
        ("police", "anything"),
        ("box-police", "gatehouse/v1/lvdinan/property/events/alarm/raised"),
        ("box-police", "gatehouse/v1/other/police/events/alarm/raised"),
        ("property", f"{MINE}/refill"),
    ],
)
def test_what_is_not_yours_to_write_is_refused(broker: Hardened, user: str, topic: str) -> None:
    assert "not authorized" in (broker.publish(user, topic)).lower()


@pytest.mark.parametrize("asked", [f"{MINE}/#", "gatehouse/v1/lvdinan/#", "#", "gatehouse/v1/+/police/#", "$SYS/#"])
def test_nobody_reads_another_ones_branch(broker: Hardened, asked: str) -> None:
    assert not broker.hears("property", asked, "box-police", f"{MINE}/events/alarm/raised")


def test_whoever_shows_no_certificate_stays_outside(broker: Hardened) -> None:
    ca = str(broker.folder / "papers/ca.pem")
    assert broker.publish(None, f"{MINE}/refill", "--cafile", ca)


def test_nothing_passes_in_clear(broker: Hardened) -> None:
    assert broker.publish(None, f"{MINE}/refill", "-u", "police", "-P", "guess")


def test_a_certificate_that_is_over_or_taken_back_stays_outside(broker: Hardened) -> None:
    assert broker.publish("old", "gatehouse/v1/lvdinan/old/refill")
    assert broker.publish("lost", "gatehouse/v1/lvdinan/lost/refill")


def test_a_certificate_of_another_authority_stays_outside(broker: Hardened, tmp_path: Path) -> None:
    other, now = Authority(tmp_path / "other"), datetime.now(UTC)
    other.found("lvdinan", now)
    other.client("police", 100, now)
    papers = broker.folder / "papers"
    for ending in ("pem", "key"):
        shutil.copy(other.folder / f"police.{ending}", papers / f"forged.{ending}")
    assert broker.publish("forged", f"{MINE}/refill")


def test_an_old_protocol_is_refused(broker: Hardened) -> None:
    papers = broker.folder / "papers"
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{broker.port}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0",
               "-CAfile", str(papers / "ca.pem")]  # fmt: skip
    done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=15, check=False)
    said = done.stdout + done.stderr
    assert done.returncode, "the handshake must fail"
    assert b"alert" in said or b"no protocols available" in said
