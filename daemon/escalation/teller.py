"""Composes a message for one person, hands it to its channel's outbox, and writes every receipt into the journal."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from daemon.channels.message import Message, Receipt, ReceiptState, Recipient, Report
from daemon.clock import Clock
from daemon.config.secrets import SecretError
from daemon.escalation import sayings
from daemon.escalation.climb import Ring
from daemon.escalation.directory import Address, Directory
from daemon.recorder import Recorder
from gatehouse.alarms import Alarm, Condition

NO_CHANNEL = "the channel was taken out of the site"
_LONGEST = 60
"""Characters of a place that people wrote."""
NO_ADDRESS = "there is no address for this channel"


class Post(Protocol):
    """An outbox, as far as it is used here."""

    def put(self, message: Message, recipient: Recipient, report: Report) -> None:
        """Take a message and return at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One message of a ladder."""

    key: str
    occurrence: str
    ring: Ring
    alarm: Alarm
    elapsed: float
    drill: bool


class Teller:
    """Knows the outboxes, the addresses, and the words."""

    def __init__(  # noqa: PLR0917 - it stands between people, channels and the journal
        self,
        directory: Directory,
        outboxes: Mapping[str, Post],
        recorder: Recorder,
        titles: Mapping[str, str],
        secret: Callable[[str], bytes],
        clock: Clock,
        zone: ZoneInfo,
    ) -> None:
        """`secret` reads one by its name, or raises SecretError."""
        self.directory = directory
        self.heard: Callable[[Call, Receipt], None] = _nobody
        """Told of every receipt, after its event."""
        self.earnest: Callable[[], bool] = _always_plain
        """Whether people may take an alarm for a drill, so that a real one must say that it is none."""
        self._outboxes, self._recorder, self._titles = outboxes, recorder, titles
        self._secret, self._clock, self._zone = secret, clock, zone

    def change(self, directory: Directory) -> None:
        """Other people and addresses count from now on."""
        self.directory = directory

    def name(self, person: str) -> str:
        """What colleagues call a person; strangers keep the name that they gave."""
        its = self.directory.people.get(person)
        return its.name if its else person

    def place(self, subject: str, language: str) -> str:
        """Where it is, as people say it; what is about the daemon itself is at the box."""
        own = subject if "." in subject else ("this box" if language == "en" else "门卫主机")
        return self._titles.get(subject, own)

    def ring(self, call: Call) -> None:
        """Hand over one message; its receipts are heard."""
        ring, its = call.ring, call.alarm.condition
        person = self.directory.people.get(ring.person)
        language = "en" if person is not None and person.language == "en" else "zh"
        local = call.alarm.raised.astimezone(self._zone)
        place = self.place(its.subject, language)
        head, text = sayings.called(
            its.kind, int(its.severity), place, local, call.elapsed, ring.late, language,  # type: ignore[arg-type] # one of the two
            _where(its),
        )  # fmt: skip
        if call.drill:
            text = sayings.staged(text, language)  # type: ignore[arg-type] # one of the two
        elif self.earnest():
            head, text = sayings.earnest(head, text, language)  # type: ignore[arg-type] # one of the two
        message = Message(call.key, head, text, its.severity, call.drill, occurrence=call.occurrence)
        self.put(ring.person, ring.channel, message, lambda receipt: self._receipt(call, receipt))

    def put(self, person: str, channel: str, message: Message, report: Report) -> None:
        """Hand a message to a channel, for one person or, without a name, for all who read there."""
        outbox = self._outboxes.get(channel)
        address = self.directory.address(person, channel) if person else None
        where = self.resolve(address) if address is not None else ""
        if outbox is None or (person and not where):
            report(Receipt(ReceiptState.FAILED, NO_ADDRESS if outbox is not None else NO_CHANNEL, self._clock.utc()))
            return
        outbox.put(message, Recipient(self.name(person), where), report)

    def confirms(self, channel: str) -> bool:
        """Whether what a channel sends is confirmed by the other end itself, so that `sent` proves nothing yet."""
        return bool(getattr(self._outboxes.get(channel), "confirmed", False))

    def resolve(self, address: Address) -> str:
        """The address itself; empty when its secret cannot be had now."""
        if not address.secret:
            return address.text
        try:
            return self._secret(address.text).decode().strip()
        except (SecretError, UnicodeDecodeError):
            return ""  # a failed message says so, and the next channel is tried at once

    def late(self, call: Call, receipt: Receipt) -> None:
        """A receipt of a message that an earlier run has sent."""
        self._receipt(call, receipt)

    def _receipt(self, call: Call, receipt: Receipt) -> None:
        ring = call.ring
        content: dict[str, Any] = {
            "step": ring.step + 1,
            "ring": ring.ring,
            "person": self.name(ring.person),
            "channel": ring.channel,
            "key": call.key,
        }
        if receipt.why:
            content["why"] = receipt.why
        if receipt.state is ReceiptState.QUEUED:
            content |= {name: value for name, value in (("late", ring.late), ("instead", ring.instead)) if value}
        self.event(f"message.{receipt.state.value}", call.alarm, content)
        self.heard(call, receipt)

    def event(self, kind: str, alarm: Alarm, content: Mapping[str, Any], *, actor: str = "") -> None:
        """Write what happened on a ladder."""
        its = alarm.condition
        told = {"alarm": its.alarm, "alarm_kind": its.kind, "occurrence": alarm.occurrence, **content}
        self._recorder.emit(kind, its.subject, actor=actor, content=told, drill=alarm.drill)

    def note(self, alarm: Alarm) -> None:
        """A line for the police and all who may know of alarms: nobody has answered yet."""
        its = alarm.condition
        content = {"alarm": its.alarm, "alarm_kind": its.kind, "state": alarm.state.value, "count": alarm.count}
        content |= {"occurrence": alarm.occurrence, "incident": alarm.incident, "open": alarm.open}
        severity = int(its.severity)
        emit = self._recorder.emit
        emit("alarm.escalated", its.subject, actor="daemon", severity=severity, content=content, drill=alarm.drill)


def _where(its: Condition) -> str:
    """The head, button or person that a rule names, short enough for a lock screen."""
    where = its.evidence.get("where")
    return where[:_LONGEST] if isinstance(where, str) else ""


def _always_plain() -> bool:
    return False


def _nobody(_call: Call, _receipt: Receipt) -> None:
    """Before anybody listens."""
