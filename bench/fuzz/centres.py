"""What authorities, receivers and phones send: GB/T 26875.3 frames and data units, DC-09 answers, signed commands."""

import base64
import json
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.fuzz.cases import Case, Wrong, cut, rubbish, spoiled
from daemon.feeds.carriers import sia_frames
from daemon.patrol import command
from drivers import gb26875
from drivers._gb26875_frames import LONGEST, Frame, FrameError, find
from drivers._gb26875_units import KNOWN, Type, packed, parsed

_STAMP = bytes((32, 58, 9, 26, 9, 12))
_OURS, _THEIRS = 88888, 889


def _unit(dice: Random) -> bytes:
    """A data unit with a true head and any body."""
    kind = dice.choice([*KNOWN, dice.randrange(256)])
    size = dice.choice((1, 4, 9, 10, 48, dice.randrange(80)))
    return bytes((kind, dice.choice((0, 1, 1, 1, 2, 22)))) + dice.randbytes(size)


def _frame(dice: Random) -> bytes:
    """Sound, of the right device, most of the time."""
    fire = bytes.fromhex("0201010128") + dice.randbytes(4) + b"\x02\x00" + bytes(31) + _STAMP
    data = dice.choice((b"", fire, fire, _unit(dice)))
    return Frame(
        sequence=dice.randrange(0x10000), command=dice.choice((2, 2, 2, 1, 3, 4, 5, 6, dice.randrange(256))),
        source=dice.choice((_THEIRS, _THEIRS, 4711)), destination=_OURS, data=data, stamp=_STAMP,
    ).packed()  # fmt: skip


class Panels:
    """A fire panel that calls, heard by its driver; every frame is explained, every data unit read and said again."""

    budget = 0.05

    def __init__(self) -> None:
        """One device that lives as long as the round."""
        self._device = gb26875.Device(address=_THEIRS, centre=_OURS)
        self._now = 0.0

    def make(self, dice: Random) -> Case:
        """Some frames, whole or spoiled."""
        data = b"".join(
            _frame(dice) if dice.random() < 0.6 else spoiled(dice, _frame(dice), _frame(dice)) if dice.random() < 0.7
            else rubbish(dice, b"@#\x00")
            for _ in range(dice.choice((1, 1, 2, 4)))
        )  # fmt: skip
        return Case(0, cut(dice, data))

    def take(self, case: Case) -> int:
        """Hear it as a line does."""
        received, taken = b"", 0
        for piece in case.pieces:
            received = (received + piece)[-4 * LONGEST :]
            self._now += 1.0
            while received and (heard := self._device.hear(received, self._now)) is not None:
                found, samples = heard
                if not 0 < found.used <= len(received):
                    raise Wrong(f"{found.used} of {len(received)} bytes used")
                if found.reply and find(found.reply) is None:
                    raise Wrong(f"the reply is no frame: {found.reply.hex()}")
                if found.answer is not None:
                    taken += 1
                    self._explained(found.answer)
                elif samples:
                    raise Wrong(f"samples of what is no frame: {samples}")
                received = received[found.used :]
        return taken

    def _explained(self, frame: bytes) -> None:
        if not 0 < len(gb26875.explain(frame)) < 1000:
            raise Wrong("a frame without words, or with too many")
        piece = find(frame)
        if piece is None or piece.frame is None:
            raise Wrong(f"taken, and no frame: {frame.hex()}")
        try:
            kind, objects = parsed(piece.frame.data)
        except FrameError:
            return
        sayable = all("\ufffd" not in each.text and (each.stamp or kind != Type.SYNC_CLOCK) for each in objects)
        if sayable and parsed(packed(kind, objects)) != (kind, objects):
            raise Wrong(f"said again it is something else: {piece.frame.data.hex()}")


class Receivers:
    """Answers of an alarm centre's receiver, in clear and with a key."""

    budget = 0.05
    _key = bytes(range(16))

    def make(self, dice: Random) -> Case:
        """An answer, mostly spoiled."""
        word = dice.choice(("ACK", "NAK", "DUH", "RSP", "XYZ"))
        body = f'"{dice.choice(("", "*"))}{word}"{dice.randrange(10000):04d}R0L0#1234['.encode()
        body += dice.choice((b"]", b"]_10:20:30,11-21-2026", dice.randbytes(16).hex().upper().encode()))
        good = b"%04X%04X%b" % (sia_frames.crc(body), len(body), body)
        return Case(dice.randrange(2), (dice.choice((good, spoiled(dice, good, good), rubbish(dice, b'"[]*0A'))),))

    def take(self, case: Case) -> int:
        """Read it."""
        try:
            reply = sia_frames.read(case.pieces[0], self._key if case.number else None)
        except ValueError:
            return 0
        if reply.word not in {"ACK", "NAK", "DUH", "RSP"} or not 0 <= reply.sequence <= 9999:
            raise Wrong(f"{reply}")
        return 1


class Phones:
    """Commands of guards' phones, signed and not; what is believed was signed, byte for byte."""

    budget = 0.05

    def __init__(self) -> None:
        """One guard's key, the same in every run."""
        self._pen = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
        self._keys = (self._pen.public_key().public_bytes_raw(),)

    def make(self, dice: Random) -> Case:
        """A command: sound, spoiled before it was signed, spoiled after."""
        content = json.dumps({
            "id": f"fuzz-{dice.randrange(10**6):06d}", "site": "lvdinan", "guard": "li", "do": "take",
            "at": "2026-11-21T10:00:00Z", "expires": "2026-11-21T10:02:00Z", "note": dice.choice(("", "东门")),
        }, ensure_ascii=False).encode()  # fmt: skip
        if dice.random() < 0.4:
            content = spoiled(dice, content, b'{"do":"help"}') if dice.random() < 0.8 else rubbish(dice, b'{}[]"\xff')
        signed = _urlsafe(b'{"alg":"EdDSA"}') + b"." + _urlsafe(content)
        whole = signed + b"." + _urlsafe(self._pen.sign(signed))
        return Case(0, (whole if dice.random() < 0.6 else spoiled(dice, whole, rubbish(dice, b".=_")),))

    def take(self, case: Case) -> int:
        """Read it."""
        body = case.pieces[0]
        try:
            command.read(body, self._keys)
        except command.RefusedCommandError:
            return 0
        signed, _, signature = body.strip().rpartition(b".")
        self._pen.public_key().verify(base64.urlsafe_b64decode(signature + b"=" * (-len(signature) % 4)), signed)
        return 1


def _urlsafe(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
