"""A disk that fills up is an alarm with the numbers, told once for each change; it is well again a little later."""

from daemon.disk import DiskWatch
from daemon.feeds.phrases import phrase
from daemon.journal.retention import Retention
from daemon.journal.room import Room
from gatehouse.alarms import Condition, Severity


def room(used: float, inodes: float = 10.0) -> Room:
    return Room(used=used, free=12_300_000_000, inodes=inodes, free_inodes=77, lines=0, spare=0)


def watch() -> tuple[DiskWatch, list[Condition]]:
    told: list[Condition] = []
    return DiskWatch(told.append, Retention), told


def test_a_full_disk_is_told_with_what_is_left_and_what_to_do() -> None:
    it, told = watch()
    it.hear(room(50.0), ())
    assert not any(condition.active for condition in told)
    it.hear(room(95.2), ())
    full = told[-2]
    assert (full.alarm, full.kind, full.active, full.severity) == ("journal.disk", "disk_full", True, Severity.P2)
    assert full.evidence["free"] == 12_300_000_000
    assert "the disk is 95 % full, 12.3 GB are left" in full.evidence["why"]
    assert "磁盘已用 95 %，剩余 12.3 GB" in phrase(full.evidence["why"], "zh")


def test_it_is_told_once_for_each_percent_and_ends_a_percent_lower() -> None:
    it, told = watch()
    for used in (95.0, 95.3, 95.9, 96.1, 95.1, 94.2, 94.1):
        it.hear(room(used), ())
    assert [condition.active for condition in told[::2]] == [True, True, True, True]
    it.hear(room(93.9), ())
    assert not told[-2].active


def test_inodes_run_out_too() -> None:
    it, told = watch()
    it.hear(room(40.0, 99.0), ())
    assert "99 % of the disk's inodes are in use, 77 are left" in told[-2].evidence["why"]
    assert "索引节点" in phrase(told[-2].evidence["why"], "zh")


def test_a_class_that_does_not_fit_is_told_by_name() -> None:
    it, told = watch()
    it.hear(room(40.0), ("access",))
    assert (told[-1].kind, told[-1].active, told[-1].evidence["classes"]) == ("journal_size", True, ["access"])
    it.hear(room(40.0), ())
    assert not told[-1].active
