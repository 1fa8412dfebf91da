"""systemd accepts what we ship for it, and finds it well closed."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.field import transport

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "systemd"
SITE = ROOT / "config/small/site.yaml"


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    if shutil.which(str(command[0])) is None:
        pytest.skip(f"{command[0]} is not on this machine")
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit as installed, with a command that exists here in place of /opt/gatehouse."""
    text = (UNITS / "gatehouse.service").read_text()
    changed = text.replace("ExecStart=/opt/gatehouse/bin/gatehouse ", "ExecStart=/usr/bin/env gatehouse ")
    assert changed != text
    (tmp_path / "gatehouse.service").write_text(changed)
    return tmp_path / "gatehouse.service"


def test_systemd_finds_nothing_wrong_with_the_unit(unit: Path) -> None:
    done = run("systemd-analyze", "verify", unit)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_systemd_would_have_found_a_misspelt_setting(unit: Path) -> None:
    unit.write_text(unit.read_text().replace("WatchdogSec=", "WatchdogSeconds="))
    assert "WatchdogSeconds" in run("systemd-analyze", "verify", unit).stderr


def test_exposure_is_two_of_ten_at_most(unit: Path) -> None:
    done = run("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20", unit)
    score = re.search(r"Overall exposure level.*: ([0-9.]+)", done.stdout)
    assert done.returncode == 0, score and score.group()


def test_user_and_folders_come_out_as_the_unit_needs_them(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give folders away")
    (tmp_path / "etc").mkdir()
    for tool, kind in (("systemd-sysusers", "sysusers"), ("systemd-tmpfiles", "tmpfiles")):
        command = [tool, f"--root={tmp_path}", *(["--create"] if kind == "tmpfiles" else [])]
        done = run(*command, UNITS / f"gatehouse.{kind}")
        assert done.returncode == 0, done.stderr
    groups = {line.split(":")[0]: line.split(":") for line in (tmp_path / "etc/group").read_text().splitlines()}
    assert groups["dialout"][3] == "gatehouse"
    users = [line.split(":") for line in (tmp_path / "etc/passwd").read_text().splitlines()]
    uid, gid = next((int(user[2]), int(user[3])) for user in users if user[0] == "gatehouse")
    site, secrets = (tmp_path / "etc/gatehouse").stat(), (tmp_path / "etc/gatehouse/secrets").stat()
    assert (site.st_mode & 0o777, site.st_uid, site.st_gid) == (0o750, 0, gid)
    assert (secrets.st_mode & 0o777, secrets.st_uid, secrets.st_gid) == (0o700, uid, gid)


def test_the_watchdog_leaves_time_for_the_longest_pause_of_a_healthy_part() -> None:
    limit = int(re.search(r"^WatchdogSec=(\d+)$", (UNITS / "gatehouse.service").read_text(), re.MULTILINE)[1])
    assert limit >= 2 * (transport._OPENING + 1), "opening a line moves nothing meanwhile; the look comes each second"


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[Path]:
    """The small estate, simulated: the folder with its wires."""
    folder = tmp_path / "sim"
    folder.mkdir()
    command = [sys.executable, "-m", "simulators", str(SITE), "--dir", str(folder)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    told = ""
    for line in process.stdout:
        told += line
        if line.startswith("control"):
            break
    else:
        pytest.fail(f"the simulators ended: {told}")
    yield folder
    process.terminate()
    process.communicate(timeout=10)


def test_the_daemon_says_when_it_is_ready_alive_and_stopping(simulated: Path, tmp_path: Path) -> None:
    secrets, state = tmp_path / "secrets", tmp_path / "state"
    secrets.mkdir()
    state.mkdir()
    for name in ("police", "property"):
        (secrets / name).touch(mode=0o600)
        (secrets / name).write_text("not a real one")
    ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ear.bind(str(tmp_path / "notify"))
    ear.settimeout(20)
    command = [sys.executable, "-m", "console.cli", "run", SITE, "--state", state, "--secrets", secrets]
    command += ["--wires", simulated / "wires.yaml"]
    environ = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "15000000"}
    daemon = subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.PIPE, text=True)
    try:
        heard: list[str] = []
        while "READY=1" not in heard or heard.count("WATCHDOG=1") < 3:
            heard.append(ear.recv(4096).decode())
        daemon.send_signal(signal.SIGTERM)
        began = time.monotonic()
        _, log = daemon.communicate(timeout=10)
        took = time.monotonic() - began
        ear.settimeout(0.1)
        while heard[-1] != "STOPPING=1":
            heard.append(ear.recv(4096).decode())
    except TimeoutError:
        daemon.kill()
        pytest.fail(f"heard only {heard}\n{daemon.communicate()[1]}")
    finally:
        daemon.kill()
        daemon.wait()
        ear.close()
    assert (daemon.returncode, took < 2) == (0, True), f"{took:.2f} s\n{log}"
