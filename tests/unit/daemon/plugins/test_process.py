"""A third-party driver cannot hurt the daemon: whatever it does, it is refused, or its device is out of service."""

import gc
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daemon.plugins import process, remote
from daemon.plugins.process import DriverFaultError, DriverProcess, ForbiddenError, Patience
from gatehouse.driver import DriverError, Sample
from gatehouse.points import Quality
from tests.unit.daemon.plugins.evil import driver

Start = Callable[..., DriverProcess]
SPEAKS = "import os\nfor n in range(3, 1024):\n    try: os.write(n, {})\n    except OSError: pass"
"""Writes to whatever is open."""


class HandClock:
    """Time as the test says."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def start(tmp_path: Path, clock: HandClock) -> Iterator[Start]:
    """Load a driver that does these things."""
    begun: list[DriverProcess] = []

    def load(*rights: str, **deeds: str) -> DriverProcess:
        begun.append(DriverProcess(driver(tmp_path, **deeds), "", rights, clock))
        return begun[-1]

    yield load
    for one in begun:
        one.close()


@pytest.fixture(scope="module")
def obedient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DriverProcess]:
    """A driver that does whatever stands in the answer that it reads."""
    read = "scope = dict(globals())\nexec(answer, scope)\nreturn scope['deed'](self, scan, answer)"
    running = DriverProcess(driver(tmp_path_factory.mktemp("obedient"), read=read), "", ())
    yield running
    running.close()


def device(running: DriverProcess, **settings: int):
    return remote.make(running, settings, {})


def until_awake(one) -> None:
    """Its process was started again; wait until it is there."""
    end = time.monotonic() + 20
    while True:
        try:
            one._process.awake(one._number)
            return
        except DriverError:
            assert time.monotonic() < end
            time.sleep(0.01)


def test_an_honest_driver_answers_as_if_it_were_in_the_house(start: Start) -> None:
    tank = device(start(), address=7)
    question = tank.ask(tank.scans()[0])
    assert question.request == b"?7."
    assert question.find(b"!4") is None
    found = question.find(b"!42.rest")
    assert (found.used, found.answer) == (4, b"!42.")
    assert tank.read(tank.scans()[0], found.answer)["level"].value == 42
    assert set(start().description.walls) >= {"memory", "no-new-privileges"}


@pytest.mark.parametrize(
    ("head", "right"),
    [
        ("import os; os.system('true')", "processes"),
        ("try: open('/etc/passwd')\nexcept OSError: pass", "files"),
    ],
)
def test_what_it_does_not_declare_it_may_not_do_even_at_import(start: Start, head: str, right: str) -> None:
    with pytest.raises(ForbiddenError, match=rf"declare RIGHTS = \('{right}',\)"):
        start(head=head)


@pytest.mark.parametrize(
    ("deed", "right"),
    [
        ("import os; os.system('true')", "processes"),
        ("import subprocess; subprocess.run(['true'])", "processes"),
        ("import os; os.fork()", "processes"),
        ("import os; os.kill(os.getppid(), 9)", "processes"),
        ("import _posixsubprocess", "processes"),
        ("import socket; socket.socket()", "network"),
        ("import ctypes", "native"),
        ("import threading; threading.Thread(target=print).start()", "threads"),
        ("open('/etc/passwd').read()", "files"),
        ("open('acme-was-here.py', 'w')", "files"),
        ("import os; os.unlink('/tmp/nothing')", "files"),
        ("import urllib.request; urllib.request.urlopen('http://127.0.0.1:9')", "network"),
    ],
)
def test_what_it_does_not_declare_it_may_not_do_later(obedient: DriverProcess, deed: str, right: str) -> None:
    one = device(obedient)
    with pytest.raises(ForbiddenError, match=rf"declare RIGHTS = \('{right}',\)"):
        one.read(one.scans()[0], f"def deed(self, scan, answer):\n {deed}".encode())


@pytest.mark.parametrize("deed", ["import sys; sys.addaudithook(print)", "import sys; sys.settrace(print)"])
def test_some_things_no_right_allows(obedient: DriverProcess, deed: str) -> None:
    one = device(obedient)
    with pytest.raises(ForbiddenError, match="no driver may do that"):
        one.read(one.scans()[0], f"def deed(self, scan, answer):\n {deed}".encode())


def test_what_it_declares_the_site_must_allow(start: Start) -> None:
    wants = "RIGHTS = ('files', 'threads')\nWORDS = open('/etc/passwd').read()"
    with pytest.raises(DriverFaultError, match="rights that it was not given: files, threads"):
        start(head=wants)
    assert start("files", "threads", head=wants).description.rights == ("files", "threads")


def test_rights_are_read_and_not_run(start: Start) -> None:
    with pytest.raises(DriverFaultError, match="RIGHTS is written out"):
        start("files", head="RIGHTS = tuple(['files'])")


def test_compiled_code_passes_the_fence_and_stands_before_the_walls(start: Start) -> None:
    """With ctypes allowed there is no fence left: the kernel refuses all the same."""
    body = (
        "RIGHTS = ('native',)\nimport ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "TRIED = [libc.kill(os.getppid(), 0), libc.socket(2, 1, 0), libc.fork(), libc.open(b'/tmp/acme', 0o101, 0o600),"
        " libc.execv(b'/bin/true', None), libc.ptrace(16, os.getppid(), 0, 0)]"
    )
    running = start("native", head=body, read="raise DriverError(str(TRIED))")
    if "system-calls" not in running.description.walls:
        pytest.skip("this machine has no seccomp")
    one = device(running)
    with pytest.raises(DriverError, match=r"\[-1, -1, -1, -1, -1, -1\]"):
        one.read(one.scans()[0], b"!1.")


@pytest.mark.parametrize(
    ("deed", "why"),
    [
        ("raise SystemExit(3)", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise ZeroDivisionError('x')", r"ZeroDivisionError: x \(acme.py:\d+\)"),
        ("return self.read(scan, answer)", "RecursionError"),
        ("bytearray(4 << 30)", "MemoryError"),
        ("return {'level': 5}", "is no Sample"),
        ("return {'other': Sample(1)}", "other is none of its points"),
        ("return {'level': Sample(float('nan'))}", "nan, which is no number"),
        ("return {'level': Sample(10 ** 30)}", "OverflowError"),
        ("return {'level': Sample('x' * 10_000)}", "length"),
        ("return {'level': Sample('x' * 300_000)}", "answered with 300"),
        ("return {'level': Sample('\\ud800')}", "Unicode"),
        ("return {f'c{n}': Sample(n) for n in range(1000)}", "length"),
        ("return 7", "AttributeError"),
        ("raise Exception('x' * 100_000)", "…"),
        ("raise Exception('\\ud800')", "Exception"),
    ],
)
def test_what_no_driver_may_do_is_a_fault_and_the_process_lives(obedient: DriverProcess, deed: str, why: str) -> None:
    one, before = device(obedient), obedient.pid
    with pytest.raises(DriverFaultError, match=why):
        one.read(one.scans()[0], f"def deed(self, scan, answer):\n {deed}".encode())
    assert obedient.pid == before
    assert one.ask(one.scans()[0]).find(b"!1.").used == 3


@pytest.mark.parametrize(
    ("sample", "note"),
    [
        ("Sample(None)", "its driver brings no value"),
        ("Sample(None, note='\\x1b[2Jgone')", "[2Jgone"),
        ("Sample('a\\x00\\x1b[31m')", "'a [31m' has control characters and is no text"),
    ],
)
def test_no_value_and_what_a_terminal_would_obey_are_bad_readings(
    obedient: DriverProcess, sample: str, note: str
) -> None:
    one = device(obedient)
    deed = f"def deed(self, scan, answer):\n return {{'level': {sample}}}".encode()
    assert one.read(one.scans()[0], deed) == {"level": Sample(None, Quality.BAD, note)}


@pytest.mark.parametrize(
    "deed",
    [
        "while True: pass",
        "import select\nselect.select([], [], [], 60)",
        "import os; os.abort()",
        "import os; os.closerange(0, 64)",
        SPEAKS.format(r"b'\x93\x00\x63\xc0'"),
    ],
    ids=["loop", "sleep", "abort", "closes all files", "answers unasked"],
)
def test_what_hangs_or_ends_the_process_costs_a_tenth_of_a_second(start: Start, deed: str) -> None:
    one = device(start(find=deed))
    question = one.ask(one.scans()[0])
    began = time.monotonic()
    assert question.find(b"!1.") is None
    assert time.monotonic() - began < 1.0, "a tenth of a second, and slack for a busy machine"
    with pytest.raises(DriverError, match="started again"):
        one.ask(one.scans()[0])


def test_a_device_that_hangs_its_process_three_times_is_out_and_its_neighbours_go_on(
    start: Start, clock: HandClock
) -> None:
    running = start(read="while answer == b'!666.': pass")
    bad, good = device(running, address=1), device(running, address=2)
    scan = good.scans()[0]
    for _ in range(3):
        with pytest.raises(DriverError, match="no answer within 100 ms in read"):
            bad.read(scan, b"!666.")
        with pytest.raises(DriverError, match="started again"):
            good.read(scan, b"!5.")
        clock.ahead += 60
        until_awake(good)
        assert good.read(scan, b"!5.")["level"].value == 5
    with pytest.raises(DriverFaultError, match="stopped 3 times within an hour"):
        bad.ask(scan)
    assert good.ask(scan).request == b"?2."


def test_a_driver_that_is_slow_all_the_time_is_stopped(tmp_path: Path) -> None:
    busy = "end = time.process_time() + 0.03\nwhile time.process_time() < end: pass"
    one = device(DriverProcess(driver(tmp_path, head="import time", find=busy), "", (), patience=Patience(call=5.0)))
    question, calls, first = one.ask(one.scans()[0]), 0, one._process.pid
    while one._process.pid == first and calls < 60:
        question.find(b"!1.")
        calls += 1
    with pytest.raises(DriverError, match="more than 10% of the daemon's time"):
        one.ask(one.scans()[0])
    assert 10 < calls < 60, "half a second of slow calls is forgiven, and no more"
    one.close()


def test_a_question_of_before_finds_nothing_after_a_new_start(start: Start, clock: HandClock) -> None:
    one = device(start(read="while answer == b'!666.': pass"))
    old = one.ask(one.scans()[0])
    with pytest.raises(DriverError):
        one.read(one.scans()[0], b"!666.")
    clock.ahead += 60
    until_awake(one)
    assert old.find(b"!1.") is None
    assert one.ask(one.scans()[0]).find(b"!1.").used == 3


def test_what_it_says_of_itself_must_make_sense(start: Start) -> None:
    strange = {
        "[Point(name=f'p{n}') for n in range(20_000)]": "length|bytes",
        "[Point(name='a.b')]": "regex|pattern",
        "[Point(name='a'), Point(name='a')]": "same name",
        "[Point(name='other')]": "none of its points",
        "[Point(name='level', low=5, high=1)]": "is not below",
    }
    choices = ", ".join(f"lambda: {points}" for points in strange)
    running = start(points=f"return [{choices}][self.address]()")
    for address, why in enumerate(strange.values()):
        with pytest.raises((DriverFaultError, ValueError), match=why):
            device(running, address=address)


def test_a_question_may_not_keep_its_line_for_an_hour(start: Start) -> None:
    one = device(start(ask="return Question(request=b'?', find=find, expected=3, worst=3600.0)"))
    with pytest.raises(DriverFaultError, match="<= 10"):
        one.ask(one.scans()[0])


def test_what_it_prints_goes_nowhere_and_its_environment_is_empty(start: Start, capfd: pytest.CaptureFixture) -> None:
    one = device(
        start(head="import os, sys\nprint('hello')", read="print('x')\nraise DriverError(' '.join(sorted(os.environ)))")
    )
    with pytest.raises(DriverError, match=r"^HOME LANG PATH PYDANTIC_DISABLE_PLUGINS$"):
        one.read(one.scans()[0], b"!1.")
    assert capfd.readouterr() == ("", "")


def test_the_process_ends_with_its_last_device_and_leaves_nothing(start: Start, tmp_path: Path) -> None:
    running = DriverProcess(driver(tmp_path), "", ())
    one, other, pid = device(running), device(running), running.pid
    one.close()
    assert Path(f"/proc/{pid}").exists()
    other.close()
    assert not Path(f"/proc/{pid}").exists(), "no zombie either"
    forgotten = DriverProcess(driver(tmp_path), "", ())
    held, pid = device(forgotten), forgotten.pid
    question = held.ask(held.scans()[0])
    del forgotten, held, question
    gc.collect()
    assert not Path(f"/proc/{pid}").exists()


def test_questions_are_forgotten_in_the_process_when_nobody_holds_them(start: Start) -> None:
    running = start(
        head="import sys",
        read="raise DriverError(str(len(sys.modules['__main__'].__dict__) and next(len(o._questions) for o in "
        "[sys._getframe(n).f_locals.get('self') for n in range(1, 6)] if hasattr(o, '_questions'))))",
    )
    one = device(running)
    for _ in range(500):
        one.ask(one.scans()[0])
    with pytest.raises(DriverError, match=r"^[0-3]$"):
        one.read(one.scans()[0], b"!1.")


def test_a_process_that_cannot_be_started_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process.sys, "executable", str(tmp_path / "missing"))
    with pytest.raises(DriverFaultError, match="cannot be started"):
        DriverProcess(driver(tmp_path), "", ())
    assert [file.name for file in tmp_path.iterdir()] == ["acme.py"]


def test_a_process_that_somebody_ends_is_back_at_once_and_no_device_is_to_blame(start: Start) -> None:
    running = start()
    one, pid = device(running), running.pid
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    with pytest.raises(DriverError, match="its process has ended"):
        one.ask(one.scans()[0])
    assert running.pid not in {0, pid}
    until_awake(one)
    assert one.ask(one.scans()[0]).request == b"?1."
    assert list(running._strikes) == [0]


def test_lists_in_lists_in_lists_are_garbage_like_any_other(obedient: DriverProcess) -> None:
    deep = b"\x91" * 5000 + b"\xc0"
    with pytest.raises(process._DeadError, match="garbage"):
        obedient._understand("read", memoryview(b"\x93\x00\x01" + deep))


def test_a_driver_that_refuses_to_be_loaded_is_a_fault(start: Start) -> None:
    with pytest.raises(DriverFaultError, match="refused to be loaded: not today"):
        start(head="from gatehouse.driver import DriverError\nraise DriverError('not today')")
