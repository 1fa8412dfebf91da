"""What a power cut leaves of files whose every write and sync is known."""

import random
from pathlib import Path

from campaign.disk import SECTOR, Step, _Log, cut, steps


def write(file: str, offset: int, data: bytes) -> Step:
    return Step(b"w", file, offset, data)


def sync(file: str) -> Step:
    return Step(b"s", file, 0, b"")


def test_what_was_synced_is_there_and_what_was_not_is_there_in_sectors() -> None:
    done = [write("a", 0, b"x" * SECTOR), sync("a"), write("a", SECTOR, b"y" * 8 * SECTOR)]
    seen = set()
    for seed in range(40):
        image = cut({}, done, random.Random(seed))["a"]
        assert image[:SECTOR] == b"x" * SECTOR
        rest = image[SECTOR:].ljust(8 * SECTOR, b"\0")
        sectors = [rest[at : at + SECTOR] for at in range(0, len(rest), SECTOR)]
        assert all(each in {b"y" * SECTOR, bytes(SECTOR)} for each in sectors)
        seen.add(tuple(each[0] for each in sectors))
    assert len(seen) > 10, "always the same is no power cut"


def test_files_of_before_stay_and_memory_that_is_shared_goes() -> None:
    assert cut({"a": b"old", "a-shm": b"index"}, [], random.Random(1)) == {"a": b"old"}


def test_deletions_and_truncations_may_or_may_not_have_happened() -> None:
    done = [Step(b"d", "a", 0, b""), Step(b"t", "b", 1, b"")]
    left = {tuple(sorted(cut({"a": b"1", "b": b"22"}, done, random.Random(seed)).items())) for seed in range(30)}
    assert len(left) == 4
    assert cut({"b": b"22"}, [Step(b"t", "b", 1, b""), sync("b")], random.Random(1)) == {"b": b"2"}


def test_a_log_is_read_as_it_was_written_up_to_where_it_was_torn(tmp_path: Path) -> None:
    log = _Log(tmp_path / "log")
    log.put(b"w", "/somewhere/journal.db", 4096, b"page")
    log.put(b"s", "/somewhere/journal.db")
    whole = (tmp_path / "log").read_bytes()
    assert list(steps(tmp_path / "log")) == [write("journal.db", 4096, b"page"), sync("journal.db")]
    (tmp_path / "log").write_bytes(whole[:-3])
    assert list(steps(tmp_path / "log")) == [write("journal.db", 4096, b"page")]
