"""Blocks come back as they were written; what is torn or damaged ends a file and never makes anything up."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.recording.segment import MAGIC, Block, Reading, began, blocks, columns, packed, readings

BLOCK = Block(1000.0, ["io1.input1", "b12.rms1"], [(0, 0, True, 2), (1500, 1, None, 0)], "cafe")


def write(file: Path, *parts: bytes) -> Path:
    file.write_bytes(MAGIC + b"".join(parts))
    return file


def test_a_block_comes_back_as_it_was_written(tmp_path: Path) -> None:
    file = write(tmp_path / "a.rec", packed(BLOCK))
    assert [block for block, _ in blocks(file)] == [BLOCK]
    assert list(readings(BLOCK, [])) == [
        Reading(1000.0, "io1.input1", True, 2),
        Reading(1001.5, "b12.rms1", None, 0),
    ]


def test_names_of_later_blocks_go_on_counting() -> None:
    names: list[str] = []
    list(readings(BLOCK, names))
    assert next(iter(readings(Block(2000.0, ["new.one"], [(0, 2, 7, 2)]), names))).point == "new.one"


@given(st.integers(0, 200))
@settings(max_examples=40)
def test_what_is_torn_ends_the_file(cut: int) -> None:
    whole = packed(BLOCK) + packed(BLOCK)
    kept = len(whole) - min(cut, len(whole))
    with tempfile.TemporaryDirectory() as folder:
        file = write(Path(folder) / "a.rec", whole[:kept])
        assert len(list(blocks(file))) == kept // (len(whole) // 2)


def test_a_damaged_block_and_all_after_it_are_left_out(tmp_path: Path) -> None:
    bad = bytearray(packed(BLOCK))
    bad[-3] ^= 1
    assert len(list(blocks(write(tmp_path / "a.rec", packed(BLOCK), bytes(bad), packed(BLOCK))))) == 1


def test_a_length_out_of_this_world_is_damage_and_no_memory(tmp_path: Path) -> None:
    assert not list(blocks(write(tmp_path / "a.rec", b"\xff\xff\xff\xff\x00\x00\x00\x00" + b"x" * 50)))


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.rec").write_bytes(b"SQLite format 3\0")
    with pytest.raises(ValueError, match="no recording"):
        list(blocks(tmp_path / "a.rec"))


@given(
    st.lists(
        st.tuples(st.integers(0, 5000), st.integers(0, 50), st.floats(allow_nan=False, width=32), st.integers(0, 2)),
        min_size=1,
        max_size=60,
    )
)
@settings(max_examples=60)
def test_numbers_keep_four_digits_their_hundredth_and_their_quality(rows: list[tuple[int, int, float, int]]) -> None:
    block = Block(1000.0, [f"p{place}" for place in range(51)], [], measures=columns(rows))
    found = sorted((each.point, each.at, each.value, each.quality) for each in readings(block, []))
    wanted = sorted((f"p{place}", 1000 + at // 10 / 100, float(f"{value:.4g}"), quality)
                    for at, place, value, quality in rows)  # fmt: skip
    assert [(*each[0::2], each[3]) for each in found] == [(*each[0::2], each[3]) for each in wanted]
    assert [each[1] for each in found] == pytest.approx([each[1] for each in wanted])


def test_readings_of_both_sorts_come_in_the_order_of_time() -> None:
    block = Block(0.0, ["a", "b"], [(500, 0, True, 2)], measures=columns([(200, 1, 1.5, 2), (900, 1, 1.7, 2)]))
    assert [each.at for each in readings(block, [])] == [0.2, 0.5, 0.9]


def test_a_file_says_by_its_name_when_it_was_begun() -> None:
    assert began(Path("20261122T051914.096748Z.rec")).isoformat() == "2026-11-22T05:19:14.096748+00:00"
    assert began(Path("copy of it.rec")).year == 1
