"""Modbus units, described by profiles: `{line: gate, driver: modbus, profile: waveshare/rtu-relay-d, unit: 1}`."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle
from math import inf
from typing import Annotated

from pydantic import Field

from drivers.modbus import ascii, codec  # noqa: A004 - the framing's name
from drivers.modbus._decode import Samples, bad, layout
from drivers.modbus._explain import explain, places
from drivers.modbus._factors import Factors
from drivers.modbus._plan import Planner, Read
from drivers.modbus._points import Channel, channels, encoded
from drivers.modbus._settling import Settling
from drivers.modbus.point import channel_names
from drivers.modbus.profile import Prepare, Profile
from gatehouse.demands import Pulse
from gatehouse.driver import DriverError, Question, Sample, Scan, ScanClass, Wire
from gatehouse.points import Point, Value

__all__ = ["Device", "explain"]

_REFUSED = (2, 3)
"""Exceptions by which a device says that it has nothing there, or not so much of it."""
_NUMBERS = 4
"""Transactions of one read on TCP, in turn: an answer that comes a second time is later than three others.
After a miss they are others."""
_NOTICED = 90.0
"""Seconds within which it is asked something, so that its silence is reported within 100 s."""
_SETTLING = 60.0
"""Seconds, for the load of a line: what settles something is read when the device comes, and hardly ever again."""
_SETTLED = "found to be as the profile says; read next"
_NOT_SETTLED = "not settled yet that it is what its profile says"


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
    _settling: Settling = field(init=False, repr=False)
    _planner: Planner = field(init=False, repr=False)
    _factors: Factors = field(init=False, repr=False)
    _reads: dict[str, Read] = field(init=False, repr=False)
    _current: dict[str, Read] = field(init=False, repr=False)
    _decoders: dict[str, Callable[[bytes], Samples]] = field(init=False, repr=False, default_factory=dict)
    _asked: dict[str, Iterator[Question]] = field(init=False, repr=False, default_factory=dict)
    _settled_by: dict[str, int] = field(init=False, repr=False, default_factory=dict)
    """Scans that were asked for an entry of `settle` instead."""
    _transaction: int = field(init=False, repr=False, default=0)
    _begun: bool = field(init=False, repr=False, default=False)
    """It has answered something."""
    _moved: str = field(init=False, repr=False, default="")
    """Factors that have just changed."""
    _manners: codec.Manners = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Plan the reads. ValueError when the settings make no sense."""
        if not 1 <= self.unit <= 255:
            raise ValueError(f"unit {self.unit} is no address; write one from 1 to 247 (some boards: up to 255)")
        if self.wire == "tcp" and self.profile.framing == "ascii":
            raise ValueError(
                f"profile: {self.profile.model} speaks Modbus ASCII, which there is none of on Modbus TCP; "
                "write the line with serial or rtu_over_tcp"
            )
        _check_also(self.profile, self.also)
        self._channels = channels(self.profile, self.also)
        self._settling, self._factors = Settling(self.profile), Factors(self.profile, self._channels)
        self._planner = Planner(self.profile, self._channels, self._settling)
        self._reads = self._current = self._planner.reads
        if min((read.scan.period for read in self._reads.values()), default=inf) > _NOTICED:
            raise ValueError(
                f"profile: nothing of {self.profile.model} is read within {_NOTICED:g} s, so its silence would be "
                f"noticed too late; give one of its points a period of {_NOTICED:g}s or less"
            )
        limits = self.profile.limits
        self._manners = codec.Manners(
            limits.patience + self.slower, limits.worst + self.slower, limits.gap, limits.usual
        )

    def renumber(self) -> None:
        """Other transactions from now on: a gateway that queues questions may answer one many seconds late."""
        if self.wire == "tcp":
            self._asked.clear()

    def points(self) -> Sequence[Point]:
        """Its channels."""
        return [channel.point() for channel in self._channels.values()]

    def scans(self) -> Sequence[Scan]:
        """Its channels, read together where class, period and limits allow; what has to be settled comes first.

        Before it has answered anything these are all that there will be, so that a line can be reckoned; then only what
        has to be settled, until it is. Whatever is asked meanwhile, `ask` asks for that."""
        wanted = list(self._planner.scans())
        place = self._settling.first()
        if place is None or not wanted:
            return wanted
        kind = min(scan.kind for scan in wanted)
        settling = Scan(name=f"settle {place + 1}", kind=kind, period=_SETTLING, points=())
        return [settling] if self._begun else [replace(settling, kind=ScanClass.SLOW), *wanted]

    def ask(self, scan: Scan) -> Question:
        """The question of a scan, or what has to be settled before; the same again and again, on TCP in turn."""
        read = self._reads.get(scan.name) or self._planner.tries.get(scan.name)
        if read is None:
            place = self._settling.first()
        else:
            place = self._settling.outstanding(read.waits) if read.waits else None
        if read is None or place is not None:
            self._settled_by[scan.name] = place or 0
            settling = self._question(self._settling.pdu(place or 0))
            # The load of a line is reckoned with what comes afterwards, which is longer.
            longest = self._question(read.pdu).expected if read else 0
            return replace(settling, expected=max(settling.expected, longest))
        if self._settled_by:
            self._settled_by.pop(scan.name, None)
        questions = self._asked.get(scan.name)
        if questions is None:
            numbers = range(_NUMBERS if self.wire == "tcp" else 1)
            questions = self._asked[scan.name] = cycle([self._question(read.pdu) for _ in numbers])
        return next(questions)

    def read(self, scan: Scan, answer: bytes) -> Mapping[str, Sample]:
        """Samples by channel; DriverError names a Modbus exception, or what is not as the profile expects it."""
        read, self._begun = self._reads.get(scan.name), True
        if scan.name in self._settled_by:
            self._settling.judge(self._settled_by[scan.name], answer)
            return {name: bad(_SETTLED) for name in scan.points}
        if read is None:  # it is only tried
            return {}
        if self._settling.outstanding(read.waits) is not None:  # it came back while this was under way
            return {name: bad(_NOT_SETTLED) for name in scan.points}
        if self._planner.tries:
            self._planner.noted(read, well=not codec.refuses(answer))
        data = codec.checked(answer)[1:]
        if len(data) != read.size:
            raise DriverError(f"{len(data)} bytes of data instead of {read.size}")
        decode = self._decoders.get(scan.name)
        if decode is None:
            decode = self._decoders[scan.name] = self._decoder(read)
        return decode(data)

    def raw(self, scan: Scan, answer: bytes) -> Mapping[str, str]:
        """Address and registers of each channel, for people; nothing where something was settled instead."""
        read = self._reads.get(scan.name)
        settled = read is None or scan.name in self._settled_by
        return {} if read is None or settled else places(read.pdu, answer, read.channels)

    def learn(self, scan: Scan, answer: bytes) -> bool:
        """What was settled, and what was refused or not answered; True when the scans are others now."""
        refused = codec.refuses(answer)
        if scan.name in self._settled_by:
            return self._learn_settled(scan)
        if scan.name in self._planner.tries:
            changed = self._planner.tried(scan.name, well=not refused) if answer else self._planner.gave_up(scan.name)
        elif scan.name not in self._planner.reads:
            return False
        elif not answer:
            changed = self._planner.unanswered(self._reads[scan.name])
        elif refused:
            changed = answer[1] in _REFUSED and self._planner.refused(self._reads[scan.name])
        else:
            changed = self._learn_moved()
        self._remember()
        return changed

    def write(self, channel: str, value: Value | Pulse) -> Question:
        """Switch a coil, pulse it by the device's own flash, or set a register."""
        place = self._channels.get(channel)
        if place is None or not place.spec.writable:
            writable = ", ".join(name for name, other in self._channels.items() if other.spec.writable) or "nothing"
            raise DriverError(f"{channel} cannot be written on {self.profile.model}; {writable} can")
        if self._settling.outstanding(self._settling.waits(channel)) is not None:
            raise DriverError(f"{channel}: {_NOT_SETTLED}")
        if place.spec.self_clearing and value is not True:
            raise DriverError(f"{channel} is the push of a button, which clears itself: only true can be written to it")
        if isinstance(value, Pulse):
            return self._question(self._pulse(place, value))
        if place.spec.table == "coil":
            if not isinstance(value, bool):
                raise DriverError(f"{channel} is a switch: true or false, not {value!r}")
            return self._question(codec.write_coil_pdu(place.address, 0xFF00 if value != place.spec.inverted else 0))
        try:
            word = encoded(place.spec, value)
        except (ValueError, OverflowError) as error:  # infinity overflows
            raise DriverError(f"{channel}: {error}") from error
        return self._question(self._register_pdu(place.address, word))

    def accept(self, question: Question, answer: bytes) -> None:
        """Return when the device said yes: the answer was found by its exact echo, so only exceptions are left."""
        codec.checked(answer)

    def prepare(self) -> Sequence[Question]:
        """The writes of the profile's `prepare`. What was settled is to be settled anew: it may be another device."""
        self._begun = True
        self._settling.forget()
        self._factors.forget()
        self._decoders.clear()
        entries = [entry for entry in self.profile.prepare if self.profile.owed(entry, self._channels)]
        return [self._question(pdu) for entry in entries for pdu in self._prepare_pdus(entry)]

    def _learn_settled(self, scan: Scan) -> bool:
        """True when something else is to be settled now, or all is; and when it must be, and values are asked for."""
        first = self._settling.first()
        return first is not None if scan.points else first != self._settled_by[scan.name]

    def _learn_moved(self) -> bool:
        """What was multiplied by something else is read anew under other names: the same bytes mean otherwise."""
        moved, self._moved = bool(self._moved), ""
        if moved:
            self._planner.rename()
        return moved

    def _remember(self) -> None:
        """The reads of now and of just before: an answer may still come to one of those."""
        before = self._current
        self._current = self._planner.reads
        self._reads = {**before, **self._current}
        for kept in (self._asked, self._decoders, self._settled_by):
            for name in kept.keys() - self._reads.keys() - self._planner.tries.keys():
                del kept[name]

    def _decoder(self, read: Read) -> Callable[[bytes], Samples]:
        """From the data of its answer to samples, with all that one of them means for another."""
        names = [channel.name for channel in read.channels]
        orders, shared = self._settling.orders(names), self.profile.shared
        key = ("layout", read.first, *names, *orders.items())
        if key not in shared:
            shared[key] = layout(read.channels, read.first, orders)
        decode: Callable[[bytes], Samples] = shared[key].decoder()
        guards = [
            (channel.name, self.profile.partner(channel.spec.only_if, channel.spec, channel.index))
            for channel in read.channels
            if channel.spec.only_if is not None
        ]
        reckoned = self._factors.among(names)
        if not guards and not reckoned:
            return decode

        def whole(data: bytes) -> Samples:
            samples = decode(data)
            for name, guard in guards:
                if samples[guard].value is not True:
                    samples[name] = bad(f"{guard} says that it does not count now")
            moved = self._factors.apply(reckoned, samples)
            if moved and not self._factors.depending(moved) <= set(names):
                self._moved = ", ".join(sorted(moved))
                raise DriverError(f"{self._moved} changed: what is multiplied by it is read anew")
            return samples

        return whole

    def _pulse(self, place: Channel, pulse: Pulse) -> bytes:
        flash = place.flash(pulse.value != place.spec.inverted)
        if flash is None:
            state = "on" if pulse.value else "off"
            raise DriverError(f"{place.name}: {self.profile.model} has no pulse {state} of its own")
        spec, address = flash
        if not pulse.seconds <= spec.most * spec.step:
            raise DriverError(
                f"{place.name}: {pulse.seconds:g} s is beyond the longest pulse, {spec.most * spec.step:g} s"
            )
        return codec.write_coil_pdu(address, max(1, round(pulse.seconds / spec.step)))

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
        if self.profile.framing == "ascii":
            return ascii.question(self.unit, pdu, self._manners)
        return codec.question(self.wire, self.unit, pdu, self._transaction, self._manners)


def _check_also(profile: Profile, also: Collection[str]) -> None:
    known = {
        name for entry, spec in profile.points.items() if spec.optional for name in (entry, *channel_names(entry, spec))
    }
    for name in also:
        if name not in known:
            raise ValueError(f"also: {name} is no optional point of {profile.model}; it has {sorted(known) or 'none'}")
