"""A proxy is what its driver's device is: told, learning, listening, and all that technicians ask."""

import shutil
from pathlib import Path

import pytest

from daemon.plugins import remote
from daemon.plugins.process import DriverFaultError, DriverProcess
from gatehouse.driver import Learner, Listener, Scan, ScanClass, Writer
from tests.unit.daemon.plugins.evil import driver

ROOT = Path(__file__).parents[4]
LEARNS = """def learn(self, scan, answer):
    self.wider = answer == b"wider"
    return self.wider

answers_for_all = True

def raw(self, scan, answer):
    return {"level": answer.hex()}
"""


def test_what_it_can_do_is_seen_by_its_methods(tmp_path: Path) -> None:
    plain = remote.make(DriverProcess(driver(tmp_path), "", ()), {}, {})
    assert not isinstance(plain, Writer | Learner | Listener)
    assert plain.raw(plain.scans()[0], b"!1.") == {}
    assert not plain.answers_for_all
    shutil.copy(ROOT / "drivers/_blueprint.py", tmp_path / "tank.py")
    tank = remote.make(DriverProcess(tmp_path / "tank.py", "", ()), {"address": 7}, {})
    assert isinstance(tank, Writer)
    assert not isinstance(tank, Learner | Listener)
    question = tank.write("heater", True)
    assert question.request == b"#07=ON\r"
    tank.accept(question, b"!07\r")
    assert tank.prepare() == []
    assert tank.address == 7
    reader = remote.make(DriverProcess(ROOT / "drivers/rdm6300.py", "", ()), {}, {})
    assert isinstance(reader, Listener)
    assert not isinstance(reader, Writer | Learner)
    for one in (plain, tank, reader):
        one.close()


def test_a_driver_that_says_no_by_returning_it_has_not_said_yes(tmp_path: Path) -> None:
    """A lock would count as told."""
    text = (ROOT / "drivers/_blueprint.py").read_text()
    file = tmp_path / "tank.py"
    file.write_text(text.replace('        if answer.startswith(b"?"):\n', "        return False\n        if 1:\n"))
    tank = remote.make(DriverProcess(file, "", ()), {"address": 7}, {})
    with pytest.raises(DriverFaultError, match="accept returned False"):
        tank.accept(tank.write("heater", True), b"!07\r")
    tank.close()


@pytest.fixture
def learner(tmp_path: Path):
    file = driver(tmp_path)
    text = file.read_text().replace(
        "    def points(self):", "".join(f"    {line}\n" for line in LEARNS.splitlines()) + "    def points(self):"
    )
    text = text.replace(
        "        return [SCAN]", "        return [SCAN, WIDER] if getattr(self, 'wider', False) else [SCAN]"
    )
    file.write_text(text + '\n\nWIDER = Scan(name="wider", kind=ScanClass.SLOW, period=9.0, points=())\n')
    one = remote.make(DriverProcess(file, "", ()), {}, {})
    yield one
    one.close()


def test_what_is_learnt_changes_its_scans_and_survives_a_new_process(learner) -> None:
    assert isinstance(learner, Learner)
    assert learner.answers_for_all
    scan = learner.scans()[0]
    assert learner.raw(scan, b"!1.") == {"level": "21312e"}
    assert not learner.learn(scan, b"no")
    assert len(learner.scans()) == 1
    assert learner.learn(scan, b"wider")
    assert [one.name for one in learner.scans()] == ["state", "wider"]
    learner._remake()
    assert learner.ask(Scan(name="wider", kind=ScanClass.SLOW, period=9.0, points=())).request == b"?1."


def test_what_comes_along_in_an_answer_is_known_on_both_sides(tmp_path: Path) -> None:
    file = driver(tmp_path, ask="assert scan in self.scans()", read="assert scan in self.scans()")
    text = file.read_text().replace("return [SCAN]", "return [SCAN, MORE]")
    text += '\n\nMORE = Scan(name="rare", kind=ScanClass.SLOW, period=9.0, points=(), also=("level",))\n'
    file.write_text(text)
    one = remote.make(DriverProcess(file, "", ()), {}, {})
    scan = one.scans()[1]
    assert scan.also == ("level",)
    assert one.ask(scan).request == b"?1."
    assert one.read(scan, b"!5.")["level"].value == 5
    one.close()
    file.write_text(text.replace('also=("level",)', 'also=("strange",)'))
    with pytest.raises(DriverFaultError, match="strange, none of its points"):
        remote.make(DriverProcess(file, "", ()), {}, {})


def test_one_that_learns_for_ever_is_at_fault(learner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "_LESSONS", 3)
    scan = learner.scans()[0]
    for _ in range(3):
        assert learner.learn(scan, b"wider")
    with pytest.raises(DriverFaultError, match="for the 4th time"):
        learner.learn(scan, b"wider")
