"""What drivers make of answers: Modbus units by the profiles there are, and one of every form; DL/T 645 and CJ/T 188.

A case is a conversation: of each piece the first byte says which scan is asked, the second what happens to it, the rest
is what the device says. Devices learn, settle and forget as they do on a line, and live as long as the round.
"""

import math
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from bench.fuzz import judge
from bench.fuzz.cases import Case, Wrong
from bench.fuzz.finders import cjt188_answer, cjt188_devices, data_of, dlt645_answer, dlt645_devices, meter_subject
from bench.fuzz.stream import Stream, Subject
from daemon.config import profiles
from drivers.modbus import Device, codec
from drivers.modbus.profile import Profile
from gatehouse.driver import DriverError, Learner, Question, Sample, Scan
from gatehouse.points import Quality

_TEXT = 400
FEW = ("acrel/dtsd1352", "bender/rcmb300", "greystone/cmd5b4-ascii", "lingxun/lx47le-125", "schneider/vigipact-rhu",
       "wirenboard/wb-mwac-v2", "rle/seahawk-10k")  # fmt: skip
"""Profiles that between them have nearly everything."""
_TITLE = {"zh": "点", "en": "point"}
_EVERY_FORM: dict[str, dict[str, Any]] = {
    "switch": {"table": "coil", "count": 9, "writable": True, "kind": "access"},
    "valid": {"table": "discrete", "inverted": True, "kind": "safety"},
    "limited": {"table": "discrete", "address": 1, "count": 2, "only_if": "valid", "kind": "safety"},
    "bcd": {"form": "bcd", "registers": 2, "scale": 0.01, "invalid": [99999999]},
    "bcd_low": {"address": 2, "form": "bcd", "registers": 2, "words": "low-first-swapped"},
    "swapped": {"address": 4, "form": "float32", "words": "high-first-swapped", "times": ["ratio"]},
    "ratio": {"address": 6, "form": "float32", "words": "low-first", "times": ["turns"]},
    "turns": {"address": 8, "form": "s16", "scale": 0.1, "writable": True},
    "big": {"address": 9, "form": "u64", "words": "low-first", "scale": 0.001},
    "below": {"address": 13, "form": "s64", "words": "low-first-swapped", "times": ["turns"]},
    "name": {"address": 17, "form": "text", "registers": 8, "chars": "both"},
    "half": {"address": 25, "form": "text", "registers": 5, "chars": "low"},
    "state": {"address": 30, "enum": {0: "rest", 1: "run", 2: "halt"}, "flags_above": 2},
    "slice": {"address": 31, "form": "u32", "bits": [3, 17], "offset": -5, "scale": 0.5},
    "bit": {"address": 33, "bit": 15},
    "low": {"address": 34, "byte": "low", "form": "s8"},
    "high": {"address": 34, "byte": "high", "form": "u8", "invalid": [255]},
    "settled": {"address": 40, "form": "s32", "words": "settled"},
    "push": {"address": 50, "writable": True, "self_clearing": True},
}  # fmt: skip
_SETTLE = [
    {"table": "input", "address": 9, "form": "u32", "words": {0x01020304: "high-first", 0x03040102: "low-first"},
     "points": ["settled"], "why": _TITLE},
    {"table": "holding", "address": 100, "expect": [7, 8], "why": _TITLE},
    {"table": "holding", "address": 101, "form": "float32", "low": 180, "high": 260, "why": _TITLE},
    {"table": "input", "address": 200, "expect": "refusal", "points": ["big"], "why": _TITLE},
]  # fmt: skip


def invented() -> Profile:
    """A product with every form, order and oddity."""
    about = {"maker": "bench", "model": "all", "title": _TITLE, "source": [], "hardware": False, "grade": "B"}
    common = {"title": _TITLE, "table": "holding", "address": 0}
    points = {}
    for name, entry in _EVERY_FORM.items():
        reading = {} if entry.get("self_clearing") else {"kind": "measure", "period": "1s"}
        points[name] = common | reading | entry
    return Profile.model_validate(about | {"points": points, "settle": _SETTLE, "limits": {"bridge": 4}})


def shipped(names: Sequence[str] = ()) -> list[Profile]:
    """These profiles, or all."""
    where = profiles.folders(Path())
    found = []
    for name in names or profiles.names(where):
        file = profiles.locate(name, where)
        profile, faults = profiles.load(file, Profile) if file else (None, [])
        if profile is None:
            raise ValueError(f"{name} is no sound profile: {faults}")
        found.append(profile)
    return found


def sampled(samples: Mapping[str, Sample], scan: Scan) -> int:
    """How many of them are good. Wrong when one is no sample of this scan, or holds what no image may."""
    if type(samples) is not dict or len(samples) > len(scan.points) + len(scan.also):
        raise Wrong(f"{len(samples)} samples of {len(scan.points)} channels")
    good = 0
    for name, sample in samples.items():
        if name not in scan.points and name not in scan.also:
            raise Wrong(f"{name} is no channel of {scan.name}")
        if type(sample) is not Sample or type(sample.note) is not str or len(sample.note) > _TEXT:
            raise Wrong(f"{name} is {sample!r}")
        value = sample.value
        if (value is None) != (sample.quality is not Quality.GOOD):
            raise Wrong(f"{name} is {value!r} and {sample.quality.name}")
        if value is None:
            continue
        if type(value) not in {bool, int, float, str} or (type(value) is float and not math.isfinite(value)):
            raise Wrong(f"{name} is {value!r}")
        if type(value) is str and not (value.isprintable() and len(value) <= _TEXT):
            raise Wrong(f"{name} is a text of {len(value)} characters: {value!r:.200}")
        good += 1
    return good


def explained(error: DriverError) -> None:
    """Wrong when it has nothing to say to a technician."""
    if not 0 < len(str(error)) <= _TEXT:
        raise Wrong(f"it refused with a text of {len(str(error))} characters")


# Modbus units


def _interesting(profile: Profile) -> list[bytes]:
    """What its settling wants to see, its enums and its marks of nothing, as registers."""
    found: list[bytes] = [b"\x00\x00", b"\xff\xff", b"\x7f\xc0\x00\x00", b"\x12\x34\x56\x78", b"AB", b"\x80\x00"]
    for entry in profile.settle:
        numbers = [*(entry.words or ()), *(entry.expect if isinstance(entry.expect, list) else ())]
        found += [number.to_bytes(2 * entry.width, "big", signed=number < 0) for number in numbers]
        if entry.low is not None or entry.high is not None:
            middle = ((entry.low or 0.0) + (entry.high or 0.0)) / 2
            found.append(struct.pack(">f", middle) if entry.form == "float32" else int(middle).to_bytes(2, "big"))
    for spec in profile.points.values():
        numbers = [*spec.invalid, *(spec.enum or ())]
        found += [(number & 0xFFFF).to_bytes(2, "big") for number in numbers]
    return found


class Units:
    """Modbus units, by profile and wire."""

    budget = 0.05

    def __init__(self, all_profiles: Sequence[Profile]) -> None:
        """One of each on a serial line, and on TCP where there is such a thing."""
        wires: list[tuple[Profile, Any]] = [(profile, "serial") for profile in all_profiles]
        wires += [(profile, "tcp") for profile in all_profiles if profile.framing == "rtu"]
        self._kinds = wires
        self._tokens = [_interesting(profile) for profile, _ in wires]
        self._devices: dict[int, Device] = {}
        self._deeds: list[Callable[[Device, bytes], int]] = [
            *[self._answered] * 18, *[self._refused] * 3, *[self._raw] * 3, self._silent, self._silent,
            self._prepared, self._written, self._written, self._other,
        ]  # fmt: skip

    def make(self, dice: Random) -> Case:
        """A conversation of one to six exchanges."""
        number = dice.randrange(len(self._kinds))
        tokens = self._tokens[number]
        pieces = []
        for _ in range(dice.choice((1, 1, 2, 3, 6))):
            said = dice.choice(tokens) if dice.random() < 0.3 else data_of(dice, dice.randrange(1, 60))
            pieces.append(dice.randbytes(2) + said)
        return Case(number, tuple(pieces))

    def take(self, case: Case) -> int:
        """Have it; now and then the device is another one."""
        number = case.number % len(self._kinds)
        device = self._devices.get(number)
        if device is None or case.pieces[0][-1:] == b"\x77":
            profile, wire = self._kinds[number]
            optional = tuple(name for name, spec in profile.points.items() if spec.optional)
            device = self._devices[number] = Device(1 + number, profile, wire, optional)
        return sum(self._deeds[piece[1] % len(self._deeds)](device, piece) for piece in case.pieces if len(piece) > 2)

    def _scan(self, device: Device, piece: bytes) -> Scan:
        scans = device.scans()
        if not scans or len(scans) > 4 * len(device.points()) + 8:
            raise Wrong(f"{len(scans)} scans of {len(device.points())} channels")
        return scans[piece[0] % len(scans)]

    def _answered(self, device: Device, piece: bytes) -> int:
        """It says what was asked for, in good order."""
        scan = self._scan(device, piece)
        question = device.ask(scan)
        request = _pdu(device, question)
        count = request[3] << 8 | request[4]
        size = 2 * count if request[0] > 2 else (count + 7) // 8
        said = piece[2:]
        data = (said * (size // len(said) + 1))[:size]
        return _land(device, scan, self._found(device, question, bytes((request[0], size)) + data), asked=True)

    def _refused(self, device: Device, piece: bytes) -> int:
        scan = self._scan(device, piece)
        question = device.ask(scan)
        code = piece[2] & 0x0F if piece[2] < 0xE0 else piece[2]
        pdu = bytes((_pdu(device, question)[0] | 0x80, code))
        if device.wire == "tcp" and code == codec.SILENT:  # a gateway speaks for a unit that says nothing
            device.learn(scan, b"")
            return 0
        return _land(device, scan, self._found(device, question, pdu))

    def _found(self, device: Device, question: Question, pdu: bytes) -> bytes:
        found = question.find(_enveloped(device, question, pdu))
        if found is None or found.answer != pdu:
            raise Wrong(f"a good answer was not taken: {pdu.hex()} to {question.request.hex()}")
        return pdu

    def _raw(self, device: Device, piece: bytes) -> int:
        """Anything at all, as if `find` had let it pass."""
        scan = self._scan(device, piece)
        device.ask(scan)
        return _land(device, scan, piece[2:] if piece[0] & 7 else b"")

    def _silent(self, device: Device, piece: bytes) -> int:
        device.learn(self._scan(device, piece), b"")
        return 0

    def _prepared(self, device: Device, _: bytes) -> int:
        return len(device.prepare()) and 0

    def _written(self, device: Device, piece: bytes) -> int:
        """Told something, and it answers."""
        writable = [point.name for point in device.points() if point.writable]
        if not writable:
            return 0
        value: Any = (True, False, 7, -3.5, "x", math.inf, math.nan, 1 << 70)[piece[2] & 7]
        try:
            question = device.write(writable[piece[0] % len(writable)], value)
            refused = piece[2] & 0x30 == 0x30
            pdu = bytes((_pdu(device, question)[0] | 0x80, piece[2] & 7)) if refused else _pdu(device, question)[:5]
            device.accept(question, self._found(device, question, pdu))
        except DriverError as error:
            explained(error)
            return 0
        return 1

    def _other(self, device: Device, piece: bytes) -> int:
        """An answer comes when the device, which has learnt meanwhile, asks for something else."""
        scan = self._scan(device, piece)
        question = device.ask(scan)
        request = _pdu(device, question)
        device.learn(scan, bytes((request[0] | 0x80, 2)))
        device.ask(self._scan(device, piece[1:]))
        return _land(device, scan, request[:1] + bytes((len(piece) - 2,)) + piece[2:])


def _pdu(device: Device, question: Question) -> bytes:
    if device.profile.framing == "ascii":
        return bytes.fromhex(question.request[3:-4].decode())
    return question.request[7:] if device.wire == "tcp" else question.request[1:-2]


def _enveloped(device: Device, question: Question, pdu: bytes) -> bytes:
    message = bytes((device.unit,)) + pdu
    if device.profile.framing == "ascii":
        return b":" + (message + bytes((-sum(message) & 0xFF,))).hex().upper().encode() + b"\r\n"
    if device.wire == "tcp":
        return question.request[:4] + len(message).to_bytes(2, "big") + message
    return codec.sealed(message)


def _land(device: Any, scan: Scan, answer: bytes, *, asked: bool = False) -> int:
    """As `daemon.field.landing` does. `asked`: it is just as long as what was asked for."""
    good, refused = 0, False
    try:
        good = sampled(device.read(scan, answer), scan)
    except DriverError as error:
        explained(error)
        refused = True
        if asked and "bytes of data" in str(error):
            raise Wrong(f"it asks for something else than it reads: {error}") from error
    raw = getattr(device, "raw", None)
    if raw is not None:
        told: Mapping[str, str] = raw(scan, answer)
        if not all(type(text) is str and len(text) <= _TEXT for text in told.values()):
            raise Wrong(f"raw: {told}")
    if isinstance(device, Learner) and (refused or not scan.points):
        device.learn(scan, answer)
    return good


def modbus(names: Sequence[str] = ()) -> Units:
    """By these profiles, or all, and by the invented one."""
    return Units([invented(), *shipped(names)])


# Meters


def _judged(device: Any, scan: Scan, judging: Callable[[bytes, bytes], str], frame: bytes, answer: bytes) -> str:
    """Also reads what was taken."""
    _land(device, scan, answer)
    return judging(frame, answer)


def _subjects(devices: Sequence[Any], answer: Callable[..., bytes], judged: Any) -> Iterator[Subject]:
    for device in devices:
        for scan in device.scans():
            subject = meter_subject(device.ask(scan), answer, judged)
            subject.judge = partial(_judged, device, scan, subject.judge)
            yield subject


class Meters(Stream):
    """Answers of meters, found and read; now and then anything at all is read, as if it had been found."""

    def __init__(self, devices: Sequence[Any], subjects: Sequence[Subject]) -> None:
        """Of one protocol."""
        super().__init__(subjects, 640, b"\x68\x16\xfe\x91\x81\xaa\x33\x00")
        self._scans = [(device, scan) for device in devices for scan in device.scans()]

    def take(self, case: Case) -> int:
        """Feed it."""
        taken = super().take(case)
        if not taken:
            device, scan = self._scans[case.number % len(self._scans)]
            _land(device, scan, case.pieces[-1])
        return taken


def dlt645() -> Meters:
    """DL/T 645."""
    devices = dlt645_devices()
    return Meters(devices, list(_subjects(devices, dlt645_answer, judge.dlt645)))


def cjt188() -> Meters:
    """CJ/T 188."""
    devices = cjt188_devices()
    return Meters(devices, list(_subjects(devices, cjt188_answer, judge.cjt188)))


def meter_subjects() -> list[Subject]:
    """Questions of both protocols, whose answers are read as well."""
    return [
        *_subjects(dlt645_devices(), dlt645_answer, judge.dlt645),
        *_subjects(cjt188_devices(), cjt188_answer, judge.cjt188),
    ]
