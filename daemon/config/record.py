"""How long the record is kept, and how much room it may take: `journal:` of a site file."""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from daemon.config.document import Document
from daemon.config.faults import Fault
from daemon.config.strict import STRICT
from daemon.journal.retention import CLASSES, Class, Retention
from rules._settings import Amount, Duration, Quantity

_DAY = 86400
_LONGEST = 100 * 366
_UNITS = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(MB|GB|TB)\s*\Z")
_YEAR = 365
"""Days of fire history that GB/T 45839-2025 5.9.5 wants of a box that stands alone."""


def _size(raw: object) -> int:
    if type(raw) is int:  # a default of the program, not of the file
        return raw
    match = _SIZE.match(raw) if isinstance(raw, str) else None
    if match is None or (size := round(float(match[1]) * _UNITS[match[2]])) < 10**8:
        raise PydanticCustomError("size", "write a size of at least 100 MB, such as 8 GB")
    return size


def _at_least(name: Class) -> AfterValidator:
    promise = CLASSES[name]

    def check(seconds: float) -> float:
        days, part = divmod(seconds, _DAY)
        if part or not promise.least <= days <= _LONGEST:
            context = {"least": f"{promise.least}d", "source": promise.source}
            raise PydanticCustomError("kept_too_short", "keep it for whole days, {least} or more: {source}", context)
        return seconds

    return AfterValidator(check)


def _percent(amount: Amount) -> Amount:
    if amount.unit != "%" or not 50 <= amount.number <= 99.5:
        raise PydanticCustomError("disk_percent", "write 50 % to 99.5 %")
    return amount


Size = Annotated[int, BeforeValidator(_size), WithJsonSchema({"type": "string", "examples": ["8 GB"]})]
Percent = Annotated[Quantity, AfterValidator(_percent)]


class Keep(BaseModel):
    """`keep:` of `journal:`; days by class."""

    model_config = STRICT

    alarm: Annotated[Duration, _at_least("alarm")] = CLASSES["alarm"].days * _DAY * 1.0
    """The life of alarms and who was called: the history of fires."""
    drill: Annotated[Duration, _at_least("drill")] = CLASSES["drill"].days * _DAY * 1.0
    """Drills and walk tests, and all that belongs to them."""
    access: Annotated[Duration, _at_least("access")] = CLASSES["access"].days * _DAY * 1.0
    """Who came in where."""
    operations: Annotated[Duration, _at_least("operations")] = CLASSES["operations"].days * _DAY * 1.0
    """Orders, outputs, faults of devices, configuration, and whatever is of no other class."""
    patrol: Annotated[Duration, _at_least("patrol")] = CLASSES["patrol"].days * _DAY * 1.0
    network: Annotated[Duration, _at_least("network")] = CLASSES["network"].days * _DAY * 1.0
    """Subscribers and connections."""
    record: Annotated[Duration, _at_least("record")] = CLASSES["record"].days * _DAY * 1.0
    """What the journal says of itself: starts, cuts, exports."""


class Room(BaseModel):
    """`size:` of `journal:`; the most that a class may take of the disk. Nothing goes sooner than its least days."""

    model_config = STRICT

    alarm: Size | None = None
    drill: Size | None = None
    access: Size | None = None
    operations: Size | None = None
    patrol: Size | None = None
    network: Size | None = None
    record: Size | None = None
    all: Size | None = None
    """Of all classes together."""


class Record(BaseModel):
    """`journal:`"""

    model_config = STRICT

    keep: Keep = Keep()
    size: Room = Room()
    full: Percent = Amount(95.0, "%")
    """So much of the disk in use is an alarm."""
    thin: Percent = Amount(98.0, "%")
    """From here on all but alarms makes room sooner than promised."""

    def settings(self) -> dict[str, str]:
        """Everything that is said, each in one word."""
        said = {f"keep.{name}": f"{getattr(self.keep, name) / _DAY:g}d" for name in CLASSES}
        said |= {"full": f"{self.full.number:g} %", "thin": f"{self.thin.number:g} %"}
        sizes = {name: getattr(self.size, name) for name in type(self.size).model_fields}
        return said | {f"size.{name}": f"{size / 10**9:g} GB" for name, size in sizes.items() if size is not None}

    def retention(self) -> Retention:
        """The same for the journal."""
        sizes = {name: size for name in CLASSES if (size := getattr(self.size, name)) is not None}
        return Retention(
            days={name: round(getattr(self.keep, name) / _DAY) for name in CLASSES},
            bytes=sizes,
            most_bytes=self.size.all or 0,
            alarm_at=self.full.number,
            thin_at=self.thin.number,
        )


def check_record(record: Record, document: Document) -> None:
    """Find what contradicts itself in a section that is sound by itself."""
    if record.thin.number <= record.full.number:
        where = ("journal", "thin") if ("journal", "thin") in document.values else ("journal", "full")
        document.fault(where, "thin_first", thin=f"{record.thin.number:g} %", full=f"{record.full.number:g} %")


def warnings(record: Record, document: Document) -> Iterator[Fault]:
    """What is allowed only where others keep the same."""
    days = round(record.keep.alarm / _DAY)
    if days < _YEAR:
        where = ("journal", "keep", "alarm")
        yield document.place(where).fault(where, "fire_history_short", days=f"{days}d", year=f"{_YEAR}d")
