"""Published frames of GB/T 26875.3 (GB26875-md), and a hand calculator that is not our codec."""

TO_CENTRE = "40 40 01 00 01 01 20 3A 09 1A 09 0C 79 03 00 00 00 00 38 5B 01 00 00 00"
TO_DEVICE = "40 40 01 00 01 01 20 3A 09 1A 09 0C 38 5B 01 00 00 00 79 03 00 00 00 00"
LATER_TO_DEVICE = "40 40 01 00 01 01 23 3A 09 1A 09 0C 38 5B 01 00 00 00 79 03 00 00 00 00"
TIME = "02 3A 09 1A 09 0C"

VECTORS = {
    "confirm": f"{LATER_TO_DEVICE} 00 00 03 AB 23 23",
    "deny": f"{LATER_TO_DEVICE} 00 00 06 AE 23 23",
    "mains fault": f"{TO_CENTRE} 09 00 02 15 01 08 {TIME} 42 23 23",
    "smoke": f"{TO_CENTRE} 30 00 02 02 01 01 01 28 0A 00 02 00 02 00 {'20 ' * 30}00 {TIME} 46 23 23",
    "guard answered": f"{TO_CENTRE} 0A 00 02 18 01 20 01 {TIME} 5F 23 23",
    "version": f"{TO_CENTRE} 04 00 02 19 01 01 01 C7 23 23",
    "device time": f"{TO_CENTRE} 08 00 02 1C 01 {TIME} 40 23 23",
    "read state": f"{TO_DEVICE} 03 00 04 51 01 00 FE 23 23",
    "state answered": f"{TO_CENTRE} 09 00 05 15 01 08 {TIME} 45 23 23",
    "read version": f"{TO_DEVICE} 03 00 04 55 01 00 02 23 23",
    "version answered": f"{TO_CENTRE} 04 00 05 19 01 01 01 CA 23 23",
    "read time": f"{TO_DEVICE} 03 00 04 58 01 00 05 23 23",
    "time answered": f"{TO_CENTRE} 08 00 05 1C 01 {TIME} 43 23 23",
    "initialise": f"{TO_DEVICE} 03 00 01 59 01 00 03 23 23",
    "sync": f"{TO_DEVICE} 08 00 01 5A 01 {TIME} 7D 23 23",
    "guard check": f"{TO_DEVICE} 03 00 01 5B 01 0A 0F 23 23",
}
FRAMES = {name: bytes.fromhex(text) for name, text in VECTORS.items()}


def by_hand(frame: bytes) -> int:
    """The check byte, added up one by one."""
    total = 0
    for byte in frame[2:-3]:
        total = (total + byte) % 256
    return total


def sealed(head: str) -> bytes:
    """A frame of everything before its check byte, in hexadecimal."""
    body = bytes.fromhex(head)
    frame = body + b"\0##"
    return body + bytes((by_hand(frame),)) + b"##"
