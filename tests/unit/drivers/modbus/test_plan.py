"""Reads are planned from the profile, and anew from what the device refuses: as few as it lets itself be asked."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drivers.modbus import Device
from drivers.modbus.profile import Profile
from gatehouse.driver import DriverError, Learner, Sample, Scan
from gatehouse.points import Quality

Made = Callable[..., Profile]
Read = tuple[int, int]
"""First address and count."""


def asked(device: Device, scan: Scan) -> Read:
    request = device.ask(scan).request
    return int.from_bytes(request[2:4], "big"), int.from_bytes(request[4:6], "big")


def reads(device: Device) -> list[Read]:
    """Of the scans that bring values."""
    return [asked(device, scan) for scan in device.scans() if scan.points]


def go_round(device: Device, missing: set[int], *, silent: bool = False, count: int = 10) -> Mapping[str, Sample]:
    """Ask everything a few times, as a line does; the device refuses, or does not answer, what touches `missing`."""
    samples: dict[str, Sample] = {}
    known: list[str] = []
    for _ in range(count):
        scans = device.scans()
        if known == [scan.name for scan in scans] and all(scan.points for scan in scans):
            break  # it has learnt what there is
        known = [scan.name for scan in scans]
        for scan in scans:
            first, size = asked(device, scan)
            refused = not missing.isdisjoint(range(first, first + size))
            if refused and silent:
                if device.learn(scan, b""):
                    break
                continue
            answer = b"\x84\x02" if refused else bytes((4, 2 * size)) + bytes(2 * size)
            try:
                samples.update(device.read(scan, answer))
            except DriverError as error:
                samples.update(dict.fromkeys(scan.points, Sample(None, Quality.BAD, str(error))))
                if device.learn(scan, answer):
                    break
            else:
                if not scan.points and device.learn(scan, answer):
                    break
    return samples


def at(*addresses: int, **more: Any) -> dict[str, dict[str, Any]]:
    return {f"r{address}": {"address": address, **more} for address in addresses}


@pytest.mark.parametrize(
    ("more", "planned"),
    [
        ({}, [(0, 14)]),
        ({"kind": "slow"}, [(0, 14)]),
        ({"kind": "safety"}, [(0, 2), (12, 2)]),
        ({"kind": "access"}, [(0, 2), (12, 2)]),
        ({"table": "discrete"}, [(0, 2), (12, 2)]),
    ],
)
def test_small_gaps_are_bridged_where_nothing_hangs_on_them(
    more: dict[str, Any], planned: list[Read], made: Made
) -> None:
    assert reads(Device(1, made(at(0, 1, 12, 13, **more)))) == planned


def test_who_does_not_answer_for_both_at_once_is_asked_apart_and_read_as_that(made: Made) -> None:
    """What was remembered of the one is nothing to the other."""
    alarm = {"alarm": {"address": 0, "kind": "safety", "period": "500ms"}}
    device = Device(1, made(alarm | at(1, 2, 3)))
    assert reads(device) == [(0, 1), (0, 4)]
    scan = device.scans()[1]
    device.read(scan, b"\x04\x08" + bytes(8))
    with pytest.raises(DriverError):
        device.read(scan, b"\x84\x02")
    assert device.learn(scan, b"\x84\x02")
    assert reads(device) == [(0, 1), (1, 3)]
    samples = device.read(device.scans()[1], b"\x04\x06\x00\x07\x00\x08\x00\x09")
    assert {name: sample.value for name, sample in samples.items()} == {"r1": 7, "r2": 8, "r3": 9}


def test_a_gap_that_costs_more_than_another_exchange_is_not(made: Made) -> None:
    assert reads(Device(1, made(at(0, 10, 22)))) == [(0, 11), (22, 1)]


def test_what_is_left_alone_is_not_read_over(made: Made) -> None:
    """Reading the maxima of a Bender clears them: not even in passing, not even where the map is known to be whole."""
    points = at(0, 4) | at(2, optional=True)
    for limits in ({}, {"bridge": 8}):
        assert reads(Device(1, made(points, limits=limits))) == [(0, 1), (4, 1)]
        assert reads(Device(1, made(points, limits=limits), also=("r2",))) == [(0, 5)]


def test_a_refused_bridge_is_torn_down_at_all_its_gaps(made: Made) -> None:
    device = Device(1, made(at(0, 1, 4, 8)))
    assert isinstance(device, Learner)
    (scan,) = device.scans()
    assert device.learn(scan, b"\x84\x02")
    assert reads(device) == [(0, 2), (4, 1), (8, 1)]


def test_a_read_that_is_parted_leaves_the_next_one_as_it_was(made: Made) -> None:
    device = Device(1, made(at(*range(10)), limits={"registers": 5}))
    assert device.learn(device.scans()[0], b"\x84\x02")
    assert reads(device)[-2:] == [(4, 1), (5, 5)]


def test_so_is_one_that_is_not_even_answered(made: Made) -> None:
    device = Device(1, made(at(0, 1, 4)))
    samples = go_round(device, {2}, silent=True)
    assert reads(device) == [(0, 2), (4, 1)]
    assert {sample.quality for sample in samples.values()} == {Quality.GOOD}


def test_another_device_of_the_same_profile_learns_for_itself(made: Made) -> None:
    profile = made(at(0, 1, 4))
    go_round(Device(1, profile), {2})
    assert reads(Device(2, profile)) == [(0, 5)]


def test_a_missing_register_does_not_take_its_neighbours_with_it(made: Made) -> None:
    """And those are soon read together again: thirty reads in place of one would cost the line."""
    device = Device(1, made(at(*range(30)) | at(30, 40, kind="safety")))
    samples = go_round(device, {7})
    assert [name for name, sample in samples.items() if sample.quality is not Quality.GOOD] == ["r7"]
    assert "exception 2" in samples["r7"].note
    assert sorted(reads(device)) == [(0, 7), (7, 1), (8, 22), (30, 1), (40, 1)]
    assert all(scan.points for scan in device.scans())


def test_a_passing_refusal_leaves_nothing_behind(made: Made) -> None:
    device = Device(1, made(at(*range(30), 36)))
    go_round(device, set(range(40)), count=2)
    assert len(reads(device)) > 1
    go_round(device, set())
    assert reads(device) == [(0, 37)]
    assert all(scan.points for scan in device.scans())


@pytest.mark.parametrize("answer", [b"\x84\x01", b"\x84\x04", b"\x84\x06", b"\x84\x0b", b""])
def test_other_refusals_teach_nothing(answer: bytes, made: Made) -> None:
    device = Device(1, made(at(0, 1)))
    assert not device.learn(device.scans()[0], answer)
    assert reads(device) == [(0, 2)]


def test_a_single_register_that_is_refused_stays_as_it_is(made: Made) -> None:
    device = Device(1, made(at(0)))
    assert not device.learn(device.scans()[0], b"\x84\x02")
    assert reads(device) == [(0, 1)]


def test_many_meanings_of_one_register_are_never_torn_apart(made: Made) -> None:
    points = {"low": {"byte": "low"}, "high": {"byte": "high"}, "bit": {"bit": 0}, "next": {"address": 1}}
    device = Device(1, made(points))
    assert device.learn(device.scans()[0], b"\x84\x02")
    assert [scan.points for scan in device.scans() if scan.points] == [("low", "high", "bit"), ("next",)]


def test_neither_are_a_state_and_its_validity(made: Made) -> None:
    points = {"valid": {"bit": 0}, "alarm": {"address": 1, "bit": 0, "only_if": "valid"}, "other": {"address": 2}}
    device = Device(1, made(points, limits={"registers": 2}))
    assert [scan.points for scan in device.scans()] == [("valid", "alarm"), ("other",)]
    with pytest.raises(ValueError, match="valid, alarm belong together and need 2, more than 1"):
        Device(1, made(points, limits={"registers": 1}))


def test_the_same_registers_for_two_classes_are_two_scans(made: Made) -> None:
    device = Device(1, made({"alarm": {"bit": 0, "kind": "safety"}, "level": {"bits": [1, 7]}}))
    assert [scan.points for scan in device.scans()] == [("alarm",), ("level",)]
    assert len({scan.name for scan in device.scans()}) == 2


def test_an_answer_to_a_read_that_was_just_given_up_is_still_understood(made: Made) -> None:
    device = Device(1, made(at(0, 1, 4)))
    (scan,) = device.scans()
    device.learn(scan, b"\x84\x02")
    assert device.read(scan, bytes((4, 10)) + bytes(10)).keys() == {"r0", "r1", "r4"}


@given(
    addresses=st.sets(st.integers(0, 80), min_size=1, max_size=30),
    missing=st.sets(st.integers(0, 80), max_size=12),
    most=st.sampled_from([1, 5, 125]),
    even=st.booleans(),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_whatever_is_missing_all_others_are_read_in_the_end(
    addresses: set[int], missing: set[int], most: int, even: bool, made: Made
) -> None:
    """Within the limits, without a read more than the gaps and the missing ones ask for."""
    most = max(most, 2) if even else most
    device = Device(1, made(at(*sorted(addresses)), limits={"registers": most, "even": even}))
    touched = {address & ~1 for address in missing} | {address | 1 for address in missing} if even else missing
    samples = go_round(device, missing, count=200)
    assert samples.keys() == {f"r{address}" for address in addresses}
    for address in addresses:
        good = samples[f"r{address}"].quality is Quality.GOOD
        assert good if address not in touched else not good or address not in missing
    assert all(size <= most for _, size in reads(device))
    assert all(scan.points for scan in device.scans())
    assert len(reads(device)) <= len(addresses)
