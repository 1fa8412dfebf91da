"""A golden file is read strictly, and every slip in it is told with its line."""

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from daemon.config import profiles
from daemon.plugins.kit.golden import read
from daemon.plugins.kit.run import run
from daemon.plugins.kit.subject import find
from daemon.plugins.kit.words import FINDINGS
from gatehouse.demands import Pulse

ROOT = Path(__file__).parents[5]
SHIPPED = sorted((profiles.shipped()[0].parent / "golden").glob("*.golden.yaml"))


def test_frames_in_three_kinds(tmp_path: Path) -> None:
    file = tmp_path / "x.golden.yaml"
    file.write_text(
        "settings: {address: 7}\nframes:\n"
        "  - {scan: state, request: '01 02', answer: '03', samples: {level: 4, on: null}}\n"
        "  - {write: on, value: true, pulse: 0.5, request: '01'}\n"
        "  - {hear: 'ff00'}\n"
    )
    golden, faults = read(file)
    assert faults == []
    assert golden is not None
    scan, write, hear = golden.frames
    assert (scan.name, scan.heard, scan.samples) == ("state", b"\x03", {"level": 4, "on": None})
    assert (write.name, write.order, write.heard) == ("on <- True", Pulse(True, 0.5), b"")
    assert (hear.name, hear.heard) == ("hear", b"\xff\x00")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{scan: state, write: on, value: true, answer: '00'}", "exactly one of scan, write, hear"),
        ("{answer: '00'}", "exactly one of scan, write, hear"),
        ("{scan: state}", "say what goes out"),
        ("{write: on, request: '00'}", "say the value"),
        ("{scan: state, answer: '0x00'}", "pairs of hexadecimal digits"),
        ("{scan: state, answer: 0103}", "quotes"),
        ("{scan: state, answer: '00', sample: {}}", "did you mean samples?"),
    ],
)
def test_slips_are_told_with_their_line(tmp_path: Path, line: str, says: str) -> None:
    file = tmp_path / "x.golden.yaml"
    file.write_text(f"frames:\n  - {line}\n")
    golden, faults = read(file)
    assert golden is None
    assert says in str(faults[0])
    assert faults[0].line == 2


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_ours_name_a_source_for_every_frame(file: Path) -> None:
    golden, faults = read(file)
    assert faults == []
    assert golden is not None
    assert all(frame.source for frame in golden.frames)


def test_the_guides_golden_file_is_one_and_its_table_is_whole(tmp_path: Path) -> None:
    guide = (ROOT / "docs/driver-test.md").read_text()
    (block,) = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    (tmp_path / "tank.golden.yaml").write_text(block)
    shutil.copy(ROOT / "drivers/_blueprint.py", tmp_path / "tank.py")
    result = run(find(str(tmp_path / "tank.py"), None, {}), datetime(2026, 11, 22, tzinfo=UTC))
    assert [check.name for check in result.checks if check.verdict == "fail"] == []
    for check in result.checks:
        assert f"| {check.title('en')} |" in guide or check.name == "plausible", check.name


def test_every_finding_has_words_and_every_word_is_a_finding() -> None:
    kit = [*(ROOT / "daemon/plugins/kit").glob("*.py"), ROOT / "console/driver_test.py"]
    source = "".join(file.read_text() for file in kit if file.name != "words.py")
    used = set(re.findall(r'(?:finding|Finding|Skip)\(\s*"(\w+)"', source)) | set(
        re.findall(r'"(noise_\w+|broken|raised|stopped)"', source)
    )
    assert used == set(FINDINGS)
