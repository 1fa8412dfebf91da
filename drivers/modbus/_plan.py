"""Which channels are read together, and what a device taught about that by refusing."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

from drivers.modbus._points import Channel
from drivers.modbus._settling import Settling
from drivers.modbus.codec import READS, Table, read_pdu
from drivers.modbus.point import BITS
from drivers.modbus.profile import Profile
from gatehouse.driver import Scan, ScanClass

BRIDGE = 10
"""Registers: to read so many for nothing takes no longer than another exchange, which costs a request of 8 characters,
5 around the answer and twice 3.5 of silence, 2 characters a register; and the device's own delay besides."""
_TALKATIVE = (ScanClass.MEASURE, ScanClass.SLOW)

_Group = tuple[ScanClass, float, Table, frozenset[int]]


@dataclass(frozen=True, slots=True)
class Block:
    """Channels that are always read together: they share registers, or one says whether the others count."""

    channels: tuple[Channel, ...]
    start: int
    end: int

    @property
    def key(self) -> str:
        """Its name: that of its first channel."""
        return self.channels[0].name


@dataclass(frozen=True, slots=True)
class Read:
    """One planned exchange."""

    scan: Scan
    pdu: bytes
    first: int
    size: int
    """Bytes of data in its answer."""
    blocks: tuple[Block, ...]
    following: str
    """The block after it that it might have been read with."""
    waits: frozenset[int]
    """The entries of `settle` that come first."""
    table: Table
    own: str = ""
    """Its first block, where blocks of other scans come along."""

    @property
    def channels(self) -> list[Channel]:
        """What it brings."""
        return [channel for block in self.blocks for channel in block.channels]

    @property
    def gaps(self) -> bool:
        """Registers are read that nobody wants."""
        return any(before.end < after.start for before, after in pairwise(self.blocks))


@dataclass
class Planner:
    """The reads of one device, as far as it is known what it lets itself be asked."""

    profile: Profile
    channels: Mapping[str, Channel]
    settling: Settling
    reads: dict[str, Read] = field(init=False)
    tries: dict[str, Read] = field(init=False, default_factory=dict)
    """Reads that were refused and split, by the name of the scan that asks for all of it once more."""
    _cuts: set[str] = field(init=False, default_factory=set)
    """Blocks before which a read ends."""
    _fared: dict[str, bool] = field(init=False, default_factory=dict)
    """Blocks of what is tried: whether they were answered."""
    _round: int = field(init=False, default=0)
    _lonely: set[str] = field(init=False, default_factory=set)
    """Blocks whose read was refused when others came along in it."""
    _alone: dict[Table, set[int]] = field(init=False)
    """Addresses that are to be left alone: reading them may do something."""
    _guarded: dict[str, list[str]] = field(init=False)
    """Channel -> those that only count if it is true."""

    def __post_init__(self) -> None:
        """Plan. ValueError when what belongs together is too long for one exchange.

        All devices of a product begin with the very same plan: until one of them learns, it is kept once."""
        key, shared = ("plan", *self.channels), self.profile.shared
        if key not in shared:
            self._survey()
            self.plan()
            shared[key] = self._alone, self._guarded, self.reads
        self._alone, self._guarded, self.reads = shared[key]

    def _survey(self) -> None:
        self._alone, self._guarded = {table: set() for table in READS}, {}
        for name, (entry, index) in self.profile.channels.items():
            if name not in self.channels:
                left = Channel(name, self.profile.points[entry], index)
                self._alone[left.spec.table].update(range(left.address, left.end))
        for channel in self.channels.values():
            if channel.spec.only_if is not None:
                guard = self.profile.partner(channel.spec.only_if, channel.spec, channel.index)
                self._guarded.setdefault(guard, []).append(channel.name)
        for channel in self.channels.values():
            self._alone[channel.spec.table].difference_update(range(channel.address, channel.end))

    def plan(self) -> None:
        """Neighbours of one table, class and period together, as far as the limits and the device allow."""
        self.reads = {}
        groups: dict[_Group, list[Channel]] = {}
        for channel in self.channels.values():
            if not channel.spec.self_clearing:
                groups.setdefault(self._group(channel), []).append(channel)
        for group in sorted(groups, key=lambda group: (*group[:3], sorted(group[3]))):
            for read in self._runs(group, groups[group]):
                self.reads[read.scan.name] = read
        whole: dict[str, Read] = {}
        for read in self.reads.values():
            sociable = (
                read.scan.kind in _TALKATIVE and read.table not in BITS and read.blocks[0].key not in self._lonely
            )
            planned = self._in_company(read, whole) if sociable else read
            whole[planned.scan.name] = planned
        self.reads = whole

    def scans(self) -> Iterator[Scan]:
        """All exchanges that are wanted now; those that are only tried bring nothing."""
        for read in self.reads.values():
            yield read.scan
        for name, read in self.tries.items():
            yield Scan(name=name, kind=read.scan.kind, period=read.scan.period, points=())

    def rename(self) -> None:
        """The same reads under other names: what was remembered of their answers counts no more."""
        self._round += 1
        self.tries.clear()
        self.plan()

    def noted(self, read: Read, *, well: bool) -> None:
        """While something is tried: remember how its parts fared."""
        if well or len(read.blocks) == 1:
            self._fared.update((block.key, well) for block in read.blocks)

    def refused(self, read: Read) -> bool:
        """Leave out what came along; else split it at its gaps where there are any, or into its blocks. False when it
        is one block already."""
        if self._left_alone(read):
            return True
        if not self._split(read, gaps_only=read.gaps):
            return False
        for block in read.blocks:
            self._fared.pop(block.key, None)
        self.tries[f"{read.scan.name}, whole once more"] = read
        return True

    def unanswered(self, read: Read) -> bool:
        """Leave out what came along, or split what bridges gaps: some devices do not even refuse."""
        return self._left_alone(read) or self._split(read, gaps_only=True)

    def tried(self, name: str, *, well: bool) -> bool:
        """What was split was asked for as a whole again; True when that is the end of it.

        Where it is answered, the refusal was a passing one. Else those neighbours that answer are joined again."""
        read = self.tries[name]
        fared = [self._fared.get(block.key) for block in read.blocks]
        if None in fared and not well:
            return False
        for (before, after), (left, right) in zip(pairwise(read.blocks), pairwise(fared), strict=True):
            if well or (left and right and before.end == after.start):
                self._cuts.discard(after.key)
        del self.tries[name]
        self.plan()
        return True

    def gave_up(self, name: str) -> bool:
        """What was split is not even answered as a whole."""
        del self.tries[name]
        return True

    def _split(self, read: Read, *, gaps_only: bool) -> bool:
        cuts = {after.key for before, after in pairwise(read.blocks) if before.end < after.start or not gaps_only}
        if cuts:
            self._cuts |= cuts | {read.following}
            self.plan()
        return bool(cuts)

    def _left_alone(self, read: Read) -> bool:
        if read.own:
            self._lonely.add(read.own)
            self.plan()
        return bool(read.own)

    def _in_company(self, read: Read, planned: Mapping[str, Read]) -> Read:
        """With what is read next to it more often, where that lengthens it by less than an exchange costs: as often as
        this is read, the other need not be."""
        also: list[Block] = []
        start, end = read.blocks[0].start, read.blocks[-1].end
        others = [other for other in self.reads.values() if self._keeps_company(other, read)]
        while next_to := [other for other in others if other.blocks[-1].end == start or other.blocks[0].start == end]:
            other = next_to[0]
            others.remove(other)
            first, last = min(start, other.blocks[0].start), max(end, other.blocks[-1].end)
            reached = self._reach(first, last, read.table)
            if reached[1] - reached[0] <= self._most(read.table):
                also, start, end = [*also, *other.blocks], first, last
        if not also:
            return read
        first, last = self._reach(start, end, read.table)
        name = self._name(read.table, (first, last), read.scan.period, read.scan.kind, {**self.reads, **planned})
        scan = replace(read.scan, name=name, also=tuple(channel.name for block in also for channel in block.channels))
        blocks = tuple(sorted((*read.blocks, *also), key=lambda block: block.start))
        pdu = read_pdu(read.table, first, last - first)
        return replace(
            read, scan=scan, pdu=pdu, first=first, size=2 * (last - first), blocks=blocks, own=read.blocks[0].key
        )

    def _keeps_company(self, other: Read, read: Read) -> bool:
        above = other.scan.kind < ScanClass.MEASURE and other.scan.period < read.scan.period
        return above and (other.table, other.waits) == (read.table, read.waits) and other.size <= 2 * BRIDGE

    def _group(self, channel: Channel) -> _Group:
        spec, waits = channel.spec, self.settling.waits(channel.name)
        if spec.only_if is not None:
            waits |= self.settling.waits(self.profile.partner(spec.only_if, spec, channel.index))
        waits = waits.union(*(self.settling.waits(name) for name in self._guarded.get(channel.name, ())))
        return spec.scan_class, spec.period, spec.table, waits

    def _blocks(self, channels: Collection[Channel]) -> Iterator[Block]:
        """In the order of their addresses; each is a whole."""
        spans = sorted(self._span(channel) for channel in channels)
        merged: list[tuple[int, int]] = []
        for start, end in spans:
            if merged and start < merged[-1][1]:
                merged[-1] = merged[-1][0], max(end, merged[-1][1])
            else:
                merged.append((start, end))
        ordered = sorted(channels, key=lambda channel: channel.address)
        at = 0
        for start, end in merged:
            first = at
            while at < len(ordered) and ordered[at].address < end:
                at += 1
            yield Block(tuple(ordered[first:at]), start, end)

    def _span(self, channel: Channel) -> tuple[int, int]:
        """Its own registers, up to those of what says whether it counts."""
        if channel.spec.only_if is None:
            return channel.address, channel.end
        guard = self.channels[self.profile.partner(channel.spec.only_if, channel.spec, channel.index)]
        return min(channel.address, guard.address), max(channel.end, guard.end)

    def _runs(self, group: _Group, channels: Collection[Channel]) -> Iterator[Read]:
        """As many blocks together as may be."""
        run: list[Block] = []
        for block in self._blocks(channels):
            if run and not self._joins(run, block, group):
                yield self._read(run, group, block.key)
                run = []
            run.append(block)
        yield self._read(run, group, "")

    def _joins(self, run: list[Block], block: Block, group: _Group) -> bool:
        if block.key in self._cuts or block.start - run[-1].end > self._most_bridged(group):
            return False
        bridged = range(run[-1].end, block.start)
        if any(address in self._alone[group[2]] for address in bridged):
            return False
        first, last = self._reach(run[0].start, block.end, group[2])
        return last - first <= self._most(group[2])

    def _most_bridged(self, group: _Group) -> int:
        written = self.profile.limits.bridge
        if written is not None:
            return written
        return BRIDGE if group[0] in _TALKATIVE and group[2] not in BITS else 0

    def _most(self, table: Table) -> int:
        limits = self.profile.limits
        return limits.bits if table in BITS else limits.registers

    def _reach(self, first: int, end: int, table: Table) -> tuple[int, int]:
        """Where a read begins and ends, made even where the device wants it."""
        if self.profile.limits.even and table not in BITS:
            return first & ~1, end + (end & 1)
        return first, end

    def _read(self, run: list[Block], group: _Group, following: str) -> Read:
        kind, period, table, waits = group
        first, last = self._reach(run[0].start, run[-1].end, table)
        if last - first > self._most(table):
            names = ", ".join(channel.name for block in run for channel in block.channels)
            raise ValueError(f"profile: {names} belong together and need {last - first}, more than {self._most(table)}")
        name = self._name(table, (first, last), period, kind, self.reads)
        points = tuple(channel.name for block in run for channel in block.channels)
        size = (last - first + 7) // 8 if table in BITS else 2 * (last - first)
        scan = Scan(name=name, kind=kind, period=period, points=points)
        return Read(scan, read_pdu(table, first, last - first), first, size, tuple(run), following, waits, table)

    def _name(
        self, table: Table, reach: tuple[int, int], period: float, kind: ScanClass, taken: Collection[str]
    ) -> str:
        """What it is remembered by: what is asked otherwise has another one."""
        name = f"{table} {reach[0]}-{reach[1] - 1} every {period:g} s"
        if self._round:
            name += f" ({self._round + 1})"
        while name in taken:  # the same registers for another class, or before they are settled
            name += f", {kind.name.lower()}"
        return name
