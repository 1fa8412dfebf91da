"""Frames in words: whatever pymodbus makes of a request or an answer is told, and no bytes at all make it fail."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.field.likeness import shelf
from drivers.modbus import Device, explain
from drivers.modbus.codec import sealed
from simulators.profile_units import Unit
from tests.unit.daemon.units import unit


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        ("03 02 00 01 00 11 E8 24", "unit 3: read 17 discrete inputs from 1 (0x0001)"),
        ("01 01 00 00 00 08 3D CC", "unit 1: read 8 coils from 0 (0x0000)"),
        ("03 05 01 F4 FF 00 CD D6", "unit 3: set coil 500 (0x01F4) to on"),
        ("01 05 02 00 00 07 8D B0", "unit 1: set coil 512 (0x0200) to 0x0007"),
        ("03 04 04 00 F6 02 01 F8 D6", "unit 3: 2 registers: 00F6 0201"),
        ("FF 02 01 01 51 A0", "unit 255: 8 bits, lowest first: 10000000"),
        ("00 01 00 00 00 06 03 04 00 00 00 02", "unit 3: read 2 input registers from 0 (0x0000)"),
        ("03 04 04 00 F6 02 01 F8 D7", "unit 3: checksum is F8 D7, right would be F8 D6: broken, or not whole"),
        ("68 65 6C 6C 6F", "5 bytes that are no Modbus frame"),
        ("", ""),
    ],
)
def test_published_frames(frame: str, text: str) -> None:
    """Where they are published: docs of the vendors, as `devices.md` quotes them; the broken one is ours."""
    assert explain(bytes.fromhex(frame)) == text


@pytest.mark.parametrize(
    ("pdu", "text"),
    [
        ("84 02", "exception 2 to function 4: illegal data address"),
        ("06 00 10 01 00", "set register 16 (0x0010) to 256"),
        ("10 00 00 00 01 02 12 AB", "set 1 registers from 0 (0x0000): 12AB"),
        ("10 00 00 00 01", "1 registers are set from 0 (0x0000)"),
        ("0F 00 00 00 03 01 05", "set 3 coils from 0 (0x0000): 10100000"),
        ("01 03 AA BB 01", "24 bits, lowest first: 01010101 11011101 10000000"),
        ("2B 0E 01", "function 43, 0E 01"),
        ("03 05 00", "function 3, 05 00"),
    ],
)
def test_pdus(pdu: str, text: str) -> None:
    assert explain(sealed(b"\x07" + bytes.fromhex(pdu))).startswith(f"unit 7: {text}")


@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail_and_none_make_two_lines(frame: bytes) -> None:
    for each in (frame, sealed(frame), b":" + frame.hex().encode() + b"\r\n"):
        assert explain(each).isprintable()
        assert len(explain(each)) < 400


def conversation(its: Unit, device: Device, framing: str) -> list[tuple[bytes, bytes]]:
    return [(device.ask(scan).request, its.answer(framing, device.ask(scan).request)) for scan in device.scans()]


@pytest.mark.parametrize("name", ["xy-md02", "waveshare/rtu-relay-d", "eastron/sdm120"])
@pytest.mark.parametrize("framing", ["rtu", "tcp"])
def test_every_exchange_with_pymodbus_is_told(name: str, framing: str, profiles: dict[str, object]) -> None:
    device = Device(unit=1, profile=profiles[name], wire="tcp" if framing == "tcp" else "serial")  # type: ignore[arg-type]
    for request, answer in conversation(unit(name), device, framing):
        assert explain(request).startswith("unit 1: read ")
        told = ("registers: ", "bits, lowest first: ", "exception 2 to function ")  # a gap that is no register
        assert any(text in explain(answer) for text in told)


def test_raw_shows_the_registers_of_each_channel(profiles: dict[str, object]) -> None:
    device = Device(unit=3, profile=profiles["xy-md02"])  # type: ignore[arg-type]
    (scan,) = device.scans()
    assert device.raw(scan, bytes.fromhex("040400F60201")) == {
        "temperature": "0x0001: 00F6",
        "humidity": "0x0002: 0201",
    }
    assert device.raw(scan, bytes.fromhex("8402")) == {}


def test_raw_shows_bits(profiles: dict[str, object]) -> None:
    device = Device(unit=1, profile=profiles["waveshare/rtu-relay-d"])  # type: ignore[arg-type]
    scan = next(scan for scan in device.scans() if "input1" in scan.points)
    raw = device.raw(scan, bytes.fromhex("020184"))
    assert (raw["input1"], raw["input3"], raw["input8"]) == ("0x0000: 0", "0x0002: 1", "0x0007: 1")


@pytest.fixture(scope="module")
def profiles() -> dict[str, object]:
    return {each.name: each.profile for each in shelf(Path("no-site-of-its-own"))}
