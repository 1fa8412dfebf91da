"""What an unchanged and a changed frame cost, in microseconds, and how that grows with the points in it.

    python -m bench.codec

Beside it, in the same run: pymodbus's RTU framer and packets doing the same, from bytes to a list of registers.
Changed: the answer is recognised in the bytes received, checked, and all its points, each other than last time, are
made samples. One changed: only the first of them is other than last time. Unchanged: recognised as the very bytes of
last time, after which the line only renews ages.
"""

import timeit
from typing import Any

from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU

from drivers.modbus import Device, codec
from drivers.modbus.profile import Profile
from gatehouse.driver import Scan


def profile(table: str, count: int, **more: Any) -> Profile:
    """A product with so many points in a row."""
    title = {"zh": "点", "en": "point"}
    point = {"title": title, "table": table, "address": 0, "count": count, "kind": "measure", "period": "1s", **more}
    head = {"maker": "m", "model": "m", "title": title, "source": [{"text": "bench"}], "hardware": False, "grade": "B"}
    return Profile.model_validate({**head, "points": {"p": point}})


def microseconds(call: Any) -> float:
    """The best of five rounds: a shared machine only ever adds."""
    count = 2000
    return min(timeit.repeat(call, number=count, repeat=5)) / count * 1e6


def ours(device: Device, scan: Scan, frames: tuple[bytes, bytes]) -> tuple[float, float]:
    """Unchanged, and going from one of the frames to the other."""
    question = device.ask(scan)
    last = b""

    def unchanged() -> None:
        found = question.find(frames[0])
        if found is None or found.answer != last:
            raise AssertionError("the cheap way was not taken")

    def changed() -> None:
        for frame in frames:  # each other than the one before: the checksum is computed
            found = question.find(frame)
            if found is None or found.answer is None:
                raise AssertionError("not found")
            device.read(scan, found.answer)

    found = question.find(frames[0])
    last = found.answer if found and found.answer else b""
    return microseconds(unchanged), microseconds(changed) / 2


def theirs(frame: bytes) -> float:
    """Pymodbus: RTU frame to packet."""
    framer = FramerRTU(DecodePDU(is_server=False))

    def handle() -> None:
        used, pdu = framer.handleFrame(frame, 1, 0)
        if not used or pdu is None:
            raise AssertionError("pymodbus did not take it")

    return microseconds(handle)


def main() -> None:
    """Print the table."""
    print(f"{'':24}{'bytes':>6}{'unchanged':>11}{'one changed':>13}{'changed':>9}{'pymodbus':>10}")
    cases: list[tuple[str, str, int, dict[str, Any]]] = [
        ("8 inputs", "discrete", 8, {}),
        ("64 inputs", "discrete", 64, {}),
        ("1 register", "holding", 1, {}),
        ("10 registers", "holding", 10, {}),
        ("10 scaled by 0.1", "holding", 10, {"scale": 0.1}),
        ("5 float32", "holding", 5, {"form": "float32"}),
        ("125 registers", "holding", 125, {}),
    ]
    for name, table, count, more in cases:
        device = Device(1, profile(table, count, **more))
        (scan,) = device.scans()
        size = device.ask(scan).expected - 5
        head = device.ask(scan).request[:2] + bytes((size,))
        none, one, every = (
            codec.sealed(head + data) for data in (bytes(size), (b"\1" * 4 + bytes(size))[:size], b"\1" * size)
        )
        unchanged, changed = ours(device, scan, (none, every))
        _, slightly = ours(device, scan, (none, one))
        print(f"{name:24}{size + 5:6}{unchanged:11.2f}{slightly:13.2f}{changed:9.2f}{theirs(every):10.2f}")
    frame = codec.sealed(bytes(23))
    print(f"\nchecksum of 25 bytes: {microseconds(lambda: codec.crc(frame)):.2f} us")


if __name__ == "__main__":
    main()
