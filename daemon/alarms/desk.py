"""What a named person does about alarms: each verb answers in words, and each is an event. Nobody is anonymous here."""

from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from daemon.alarms.annunciator import Annunciator
from daemon.alarms.finding import find
from daemon.alarms.lives import after_close, after_reset
from daemon.alarms.shelving import Disabled
from daemon.alarms.targets import target_of
from daemon.clock import Clock
from daemon.config.load import Plan
from daemon.engine import Engine
from daemon.feeds.phrases import phrase
from daemon.feeds.texts import CAUSES, STATES, VERDICTS, Text
from daemon.operator import RefusedError, UnknownError
from gatehouse.alarms import Alarm, AlarmState, Severity, Verdict

MOST = 500
"""Things that may be set apart at a time: more is no care of alarms any more."""
_SHORTEST = 60.0


class Desk:
    """The verbs of the guard's seat, the technician's visit and the patrol's phone."""

    def __init__(self, engine: Engine, plan: Callable[[], Plan], clock: Clock) -> None:
        """`plan` as it is by now."""
        self._engine, self._plan, self._clock = engine, plan, clock

    @property
    def book(self) -> Annunciator:
        """The alarms themselves."""
        return self._engine.annunciator

    @property
    def causes(self) -> dict[str, Text]:
        """Why an alarm may be false here: the site's own list, or the usual one."""
        own = self._plan().site.alarms.false_causes
        return {word: Text(text, text) for word, text in own.items()} if own else dict(CAUSES)

    # Knowing

    def acknowledge(self, alarm: str, by: str) -> str:
        """Take notice: whoever is being called is called no more for this occurrence."""
        return self._each(alarm, by, "acknowledge", lambda its: self.book.acknowledge(self._standing(its), by))

    def reset(self, alarm: str, by: str) -> str:
        """Let a latched alarm go."""
        return self._each(alarm, by, "reset", lambda its: self._reset(its, by))

    def _reset(self, alarm: Alarm, by: str) -> Alarm:
        after_reset(alarm, by)
        return self.book.reset(self._standing(alarm), by)

    def _standing(self, alarm: Alarm) -> str:
        """Its name, while this very occurrence stands: "I know" of an earlier one says nothing of what rose since."""
        stands = self.book.standing.get(alarm.condition.alarm)
        if stands is None:
            raise ValueError("it is back to normal")
        if stands.occurrence != alarm.occurrence:
            raise ValueError(f"it has risen again since, as {stands.occurrence}")
        return alarm.condition.alarm

    def silence(self, target: str, by: str) -> str:
        """Stop the sounders where an alarm or an incident is, of a zone, or of `all`. The next alarm sounds again."""
        standing = list(self.book.standing.values())
        if target == "all":
            places = {alarm.condition.subject for alarm in standing}
        elif target in self._plan().titles:
            places = {target}
        else:
            places = {alarm.condition.subject for alarm in find(self.book, target)}
        loud = [alarm for alarm in standing if alarm.condition.subject in places and not alarm.silenced_by]
        if not loud:
            staged = next((alarm for alarm in standing if alarm.drill and alarm.condition.subject in places), None)
            raise self._refused(target, staged, "silence", "nothing is sounding there", by)
        for alarm in loud:
            self.book.silence(alarm.condition.alarm, by)
        self._engine.judge_all()
        return (
            f"已消音：{_ids(loud)}。未确认的仍须确认，再有报警会再响。 "
            "Silenced; it is not acknowledged by that, and the next alarm sounds again."
        )

    # Handling

    def verify(self, alarm: str, verdict: str, cause: str, by: str, note: str = "") -> str:
        """Say whether it was true, false (with a cause of the list) or a test. Who says so knows of it."""

        def act(its: Alarm) -> Alarm:
            _still_open(its)
            found = _verdict(verdict)
            word = self._cause(cause) if found is Verdict.FALSE else ""
            done = self.book.handle(its, "alarm.verified", by, why=self._said(word), verdict=found, cause=word,
                                    verified_by=by, note=note or its.handling.note)  # fmt: skip
            return self._knows(done, by)

        return self._each(alarm, by, "verify", act)

    def _cause(self, cause: str) -> str:
        """The word of a cause that a person named by its word or its text. ValueError."""
        for word, text in self.causes.items():
            if cause in (word, text.zh, text.en):
                return word
        if not cause:
            raise ValueError(f"a false alarm needs a cause; say one of: {_words(self.causes)}")
        raise ValueError(f"{cause!r} is no cause of this site; say one of: {_words(self.causes)}")

    def _said(self, word: str) -> str | None:
        """What an event tells of a cause: ours are put into the reader's language, the site's own stand as they are."""
        text = self.causes.get(word)
        return word if text == CAUSES.get(word) else text.zh if text else None

    def assign(self, alarm: str, to: str, by: str) -> str:
        """Send somebody. That is not yet an acknowledgement: he has to answer."""

        def act(its: Alarm) -> Alarm:
            _still_open(its)
            if not to.strip():
                raise ValueError("say to whom")
            return self.book.handle(its, "alarm.assigned", by, assigned_to=to.strip(), assigned_by=by)

        said = self._each(alarm, by, "assign", act)
        return f"已派 {to.strip()}，待其应答。 {to.strip()} is sent and has to answer.\n{said}"

    def on_site(self, alarm: str, by: str) -> str:
        """Say that one is there. Who is there knows of it."""

        def act(its: Alarm) -> Alarm:
            _still_open(its)
            return self._knows(self.book.handle(its, "alarm.on_site", by, on_site_by=by), by)

        return self._each(alarm, by, "on_site", act)

    def close(self, alarm: str, by: str, note: str = "") -> str:
        """End a case that is back to normal and was verified. It stays in the journal."""

        def act(its: Alarm) -> Alarm:
            after_close(its, by, note)
            if not its.open:
                raise ValueError("it needs no close")
            return self.book.close(its.occurrence, by, note)

        return self._each(alarm, by, "close", act, closing=True)

    def _knows(self, alarm: Alarm, by: str) -> Alarm:
        stands = self.book.standing.get(alarm.condition.alarm)
        if alarm.acknowledged_by or stands is None or stands.occurrence != alarm.occurrence:
            return alarm
        return self.book.acknowledge(alarm.condition.alarm, by)

    # Setting apart

    def shelve(self, alarm: str, seconds: float, why: str, by: str) -> str:
        """Set one alarm apart for a while. P1 is refused."""

        def act(its: Alarm) -> Alarm:
            if its.condition.alarm not in self.book.standing or its.state is AlarmState.NORMAL:
                raise ValueError("it is back to normal")
            self._limited(seconds, self._plan().site.alarms.shelve, why)
            return self.book.shelving.shelve(its, seconds, why, by)

        self._each(alarm, by, "shelve", act)
        until = self._local(seconds)
        return (
            f"{alarm}：已搁置到 {until}，其间照常判断和记录，升为 P1 立即恢复报警。 "
            f"Shelved until {until}; judged and recorded meanwhile, and back at once should it become P1."
        )

    def unshelve(self, alarm: str, by: str) -> str:
        """Take it back before its time."""
        return self._each(alarm, by, "unshelve", lambda its: self.book.shelving.unshelve(its, by))

    def disable(self, target: str, seconds: float, why: str, by: str) -> str:
        """Put a sensor, a device, a zone, anything alarms are about, or an alarm out of service. P1 alarms go on."""
        full = target_of(target, self._plan(), self.book)
        standing = self.book.standing.get(full)
        try:
            self._limited(seconds, self._plan().site.alarms.disable, why)
            if Severity.P1 in (self.book.judged.get(full), standing.condition.severity if standing else None):
                raise ValueError("it is P1: life safety is not set apart")
        except ValueError as error:
            raise self._refused(full, standing, "disable", str(error), by) from error
        self.book.shelving.disable(full, seconds, why, by)
        self._engine.judge_all()
        until = self._local(seconds)
        return (
            f"{full}：已屏蔽到 {until}，其间照常判断和记录；P1 报警不受影响。 "
            f"Disabled until {until}; judged and recorded meanwhile. P1 alarms of it still call."
        )

    def enable(self, target: str, by: str) -> str:
        """Back into service before its time."""
        disabled = self.book.shelving.disabled
        matches = [each for each in disabled if each == target or each.endswith(f".{target}")]
        if target in disabled:
            matches = [target]
        if len(matches) != 1:
            known = "、".join(disabled) or "无 none"
            raise UnknownError(f"{target!r} 没有被屏蔽；已屏蔽的有：{known}。 It is not disabled; these are: {known}.")
        self.book.shelving.enable(matches[0], by)
        self._engine.judge_all()
        return f"{matches[0]}：已解除屏蔽。 Back in service."

    @property
    def disabled(self) -> Sequence[Disabled]:
        """All that is out of service, the one that comes back first at the top."""
        return sorted(self.book.shelving.disabled.values(), key=lambda entry: entry.until)

    def _limited(self, seconds: float, most: float, why: str) -> None:
        """ValueError without a reason, when it is too long, or when too much is set apart already."""
        if not why.strip():
            raise ValueError("it needs a reason")
        if not _SHORTEST <= seconds <= most:
            raise ValueError(f"from {_span(_SHORTEST)} to {_span(most)}; the site file sets the most")
        apart = sum(alarm.suspended is not None for alarm in self.book.standing.values())
        if apart + len(self.book.shelving.disabled) >= MOST:
            raise ValueError(f"{MOST} things are set apart already; take some back first")

    def _local(self, seconds: float) -> str:
        """The instant so many seconds from now, as people here read it."""
        zone = ZoneInfo(self._plan().site.site.timezone)
        return datetime.fromtimestamp(self._clock.utc().timestamp() + seconds, zone).strftime("%m-%d %H:%M")

    # All of them

    def _each(self, name: str, by: str, verb: str, act: Callable[[Alarm], Alarm], *, closing: bool = False) -> str:
        """Do it to all that the name means; refused when it can be done to none of them."""
        done, refused = [], []
        for alarm in find(self.book, name, closing=closing):
            try:
                done.append(act(alarm))
            except ValueError as error:
                refused.append((alarm, str(error)))
            except KeyError:
                refused.append((alarm, "it is back to normal"))
        if not done:
            alarm, why = refused[0]
            raise self._refused(alarm.condition.alarm, alarm, verb, why, by)
        self._engine.judge_all()
        return _told(done, len(refused))

    def _refused(self, name: str, alarm: Alarm | None, verb: str, why: str, by: str) -> RefusedError:
        """Written down, and ready to be raised."""
        content = {"command": verb, "reason": f"{name}: {why}", "by": by}
        subject, drill = (alarm.condition.subject, alarm.drill) if alarm else (name, "")
        emit = self._engine.recorder.emit
        emit("command.refused", subject, actor=f"person:{by}", content=content, drill=drill)
        return RefusedError(f"{name}：未执行，{phrase(why, 'zh')}。 Not done: {phrase(why, 'en')}.")


def _still_open(alarm: Alarm) -> None:
    if alarm.handling.closed_by:
        raise ValueError(f"already closed by {alarm.handling.closed_by}")


def _verdict(word: str) -> Verdict:
    for verdict in Verdict:
        if word in (verdict, VERDICTS[verdict].zh):
            return verdict
    raise ValueError(f"{word!r} is no verdict; say one of: {_words(VERDICTS)}")


def _state(alarm: Alarm) -> Text:
    """How it stands, as an answer to whoever has just done something."""
    if alarm.handling.closed_by:
        return Text("已归档", "closed")
    if alarm.state is AlarmState.NORMAL and alarm.open and alarm.handling.verdict:
        return Text("已恢复，已核实，请归档", "back to normal and verified; close it")
    if alarm.state is AlarmState.NORMAL and alarm.open:
        return Text("已恢复，未结案，请核实归档", "back to normal; verify and close it")
    return STATES[alarm.state]


def _told(done: Sequence[Alarm], refused: int) -> str:
    """How things stand now."""
    if len(done) == 1:
        state, name = _state(done[0]), done[0].condition.alarm
        zh, en = f"{name}：{state.zh}", f"It is {state.en} now"
    else:
        zh, en = f"{len(done)} 个报警：{_ids(done)}", f"Done for {len(done)} alarms"
    if refused:
        zh, en = f"{zh}；另有 {refused} 个未能执行", f"{en}; {refused} more could not be"
    return f"{zh}。 {en}."


def _ids(alarms: Sequence[Alarm]) -> str:
    shown = "、".join(alarm.condition.alarm for alarm in alarms[:5])
    return shown + (f" … (+{len(alarms) - 5})" if len(alarms) > 5 else "")


def _words(texts: dict[str, Text]) -> str:
    """`cooking 油烟, steam 水汽`."""
    return ", ".join(f"{word} {text.zh}" if text.zh != word else word for word, text in texts.items())


def _span(seconds: float) -> str:
    """A length of time as it is written in a site file."""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g}{unit}"
    return f"{seconds:g}s"
