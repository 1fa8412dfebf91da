"""A golden file is read strictly, and every slip in it is told with its line."""

from pathlib import Path

import pytest

from daemon.config import profiles
from daemon.plugins.kit.golden import read
from gatehouse.demands import Pulse

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
