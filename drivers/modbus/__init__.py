"""Modbus units, described by profiles: `{line: gate, driver: modbus, profile: waveshare/rtu-relay-d, unit: 1}`."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from drivers.modbus import codec
from drivers.modbus._points import Channel, Decoder, channels, decoder, encoded
from drivers.modbus.point import BITS, PointSpec, channel_names
from drivers.modbus.profile import Limits, Prepare, Profile
from gatehouse.demands import Pulse
from gatehouse.driver import DriverError, Question, Sample, Scan, Wire
from gatehouse.points import Point, Value


@dataclass(frozen=True, slots=True)
class _Read:
    """One planned exchange: what it asks, and what to make of the answer."""

    scan: Scan
    pdu: bytes
    decoders: tuple[tuple[str, Decoder], ...]


@dataclass
class Device:
    """A Modbus unit; its profile says what is where."""

    unit: Annotated[int, Field(ge=1, le=255)]
    """Its address: 1 to 247, on some boards up to 255."""
    profile: Profile
    wire: Wire = "serial"
    """Filled in from the line: RTU frames on a serial line or behind a serial server, packets on TCP."""
    also: tuple[str, ...] = ()
    """Optional points of the profile to read and write as well."""
    slower: Annotated[float, Field(ge=0, le=10)] = 0.0
    """Seconds that what stands in between, such as a busy gateway, adds to every answer at worst."""
    _channels: dict[str, Channel] = field(init=False, repr=False)
    _reads: dict[str, _Read] = field(init=False, repr=False)
    _asked: dict[str, Question] = field(init=False, repr=False, default_factory=dict)
    _transaction: int = field(init=False, repr=False, default=0)
    _manners: codec.Manners = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Plan the reads. ValueError when the settings make no sense."""
        if not 1 <= self.unit <= 255:
            raise ValueError(f"unit {self.unit} is no address; write one from 1 to 247 (some boards: up to 255)")
        _check_also(self.profile, self.also)
        self._channels = {channel.name: channel for channel in channels(self.profile, self.also)}
        self._reads = {read.scan.name: read for read in _plan(self._channels.values(), self.profile.limits)}
        limits = self.profile.limits
        self._manners = codec.Manners(
            limits.patience + self.slower, limits.worst + self.slower, limits.gap, limits.usual
        )

    def points(self) -> Sequence[Point]:
        """Its channels."""
        return [channel.point() for channel in self._channels.values()]

    def scans(self) -> Sequence[Scan]:
        """Its channels, read together where class, period and limits allow."""
        return [read.scan for read in self._reads.values()]

    def ask(self, scan: Scan) -> Question:
        """The question of a scan; on a serial line it is the same each time."""
        if self.wire == "tcp":
            return self._question(self._reads[scan.name].pdu)
        question = self._asked.get(scan.name)
        if question is None:
            question = self._asked[scan.name] = self._question(self._reads[scan.name].pdu)
        return question

    def read(self, scan: Scan, answer: bytes) -> Mapping[str, Sample]:
        """Samples by channel; DriverError names a Modbus exception."""
        data = codec.checked(answer)[1:]
        return {name: decode(data) for name, decode in self._reads[scan.name].decoders}

    def write(self, channel: str, value: Value | Pulse) -> Question:
        """Switch a coil, pulse it by the device's own flash, or set a register."""
        place = self._channels.get(channel)
        if place is None or not place.spec.writable:
            writable = ", ".join(name for name, other in self._channels.items() if other.spec.writable) or "nothing"
            raise DriverError(f"{channel} cannot be written on {self.profile.model}; {writable} can")
        if isinstance(value, Pulse):
            return self._question(self._pulse(place, value))
        if place.spec.table == "coil":
            if not isinstance(value, bool):
                raise DriverError(f"{channel} is a switch: true or false, not {value!r}")
            return self._question(codec.write_coil_pdu(place.address, 0xFF00 if value != place.spec.inverted else 0))
        try:
            word = encoded(place.spec, value)
        except ValueError as error:
            raise DriverError(f"{channel}: {error}") from error
        return self._question(self._register_pdu(place.address, word))

    def accept(self, question: Question, answer: bytes) -> None:
        """Return when the device said yes: the answer was found by its exact echo, so only exceptions are left."""
        codec.checked(answer)

    def prepare(self) -> Sequence[Question]:
        """The writes of the profile's `prepare`."""
        return [self._question(pdu) for entry in self.profile.prepare for pdu in self._prepare_pdus(entry)]

    def _pulse(self, place: Channel, pulse: Pulse) -> bytes:
        flash = place.flash(pulse.value != place.spec.inverted)
        if flash is None:
            state = "on" if pulse.value else "off"
            raise DriverError(f"{place.name}: {self.profile.model} has no pulse {state} of its own")
        spec, address = flash
        counts = max(1, round(pulse.seconds / spec.step))
        if counts > spec.most:
            raise DriverError(
                f"{place.name}: {pulse.seconds:g} s is beyond the longest pulse, {spec.most * spec.step:g} s"
            )
        return codec.write_coil_pdu(address, counts)

    def _register_pdu(self, address: int, word: int) -> bytes:
        if self.profile.limits.register_write == "multiple":
            return codec.write_registers_pdu(address, [word])
        return codec.write_register_pdu(address, word)

    def _prepare_pdus(self, entry: Prepare) -> Iterator[bytes]:
        if entry.table == "coil":
            yield codec.write_coils_pdu(entry.address, [bool(value) for value in entry.values])
        elif self.profile.limits.register_write == "multiple":
            yield codec.write_registers_pdu(entry.address, entry.values)
        else:
            for index, value in enumerate(entry.values):
                yield codec.write_register_pdu(entry.address + index, value)

    def _question(self, pdu: bytes) -> Question:
        self._transaction = (self._transaction + 1) & 0xFFFF
        return codec.question(self.wire, self.unit, pdu, self._transaction, self._manners)


def _check_also(profile: Profile, also: Collection[str]) -> None:
    known = {
        name for entry, spec in profile.points.items() if spec.optional for name in (entry, *channel_names(entry, spec))
    }
    for name in also:
        if name not in known:
            raise ValueError(f"also: {name} is no optional point of {profile.model}; it has {sorted(known) or 'none'}")


def _plan(wanted: Collection[Channel], limits: Limits) -> Iterator[_Read]:
    """Neighbours of one table, class and period together, as far as the limits allow."""
    run: list[Channel] = []
    for channel in sorted(wanted, key=_order):
        if run and not _joins(run, channel, limits):
            yield _read(run, limits)
            run = []
        run.append(channel)
    if run:
        yield _read(run, limits)


def _group(spec: PointSpec) -> tuple[int, float, str]:
    return spec.scan_class, spec.period, spec.table


def _order(channel: Channel) -> tuple[tuple[int, float, str], int]:
    return _group(channel.spec), channel.address


def _span(first: int, end: int, limits: Limits, *, bits: bool) -> tuple[int, int]:
    """Where a read begins and ends, made even where the device wants it."""
    if limits.even and not bits:
        return first & ~1, end + (end & 1)
    return first, end


def _joins(run: list[Channel], channel: Channel, limits: Limits) -> bool:
    spec, end = channel.spec, max(member.end for member in run)
    if _group(spec) != _group(run[0].spec) or channel.address > end + (limits.bridge or 0):
        return False
    bits = spec.table in BITS
    first, last = _span(run[0].address, max(end, channel.end), limits, bits=bits)
    return last - first <= (limits.bits if bits else limits.registers)


def _read(run: list[Channel], limits: Limits) -> _Read:
    spec = run[0].spec
    end = max(member.end for member in run)
    first, last = _span(run[0].address, end, limits, bits=spec.table in BITS)
    scan = Scan(
        name=f"{spec.table} {first}-{last - 1} every {spec.period:g} s",
        kind=spec.scan_class,
        period=spec.period,
        points=tuple(member.name for member in run),
    )
    decoders = tuple((member.name, decoder(member, first)) for member in run)
    return _Read(scan, codec.read_pdu(spec.table, first, last - first), decoders)
