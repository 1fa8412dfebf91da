"""Expression: a condition of one's own over points, in CEL, as people know it from alerting rules.

    pump-room-hot: {kind: expression, when: pump.temperature > 60.0, for: 2m, priority: 3, text: 水泵房温度过高}
    sump-dry: {kind: expression, when: pump.running && sump.depth < dry, limits: {dry: 20 cm}, text: 空转, latch: true}
    stuffy:   {kind: expression, when: pump.temperature > 35.0, for: 1m, text: 闷热, output: outputs.fan, value: on}

The alarm stands while `when` has been true for `for`; with `latch` a named person has to end it. `output` is then
told `value`, as a schedule would: no expression frees doors, those have rules of their own. Text and value are checked
where the site is loaded, units too; `docs/expressions.md` says what can be written.

Stale, uncertain or never-read points: where they count the condition cannot be judged, so it neither raises nor clears,
the time goes on, and what was wanted of the output is given up. Whoever wants it otherwise asks for `.age`,
`.quality` or `.last` of a point. What cannot be judged for `patience` is an alarm of its own (`.unjudged`), unless the
device is known to be away, which `device_silent` says. A fault in the calculation counts just the same: never as true.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from gatehouse.alarms import Condition, Severity
from gatehouse.demands import Demand, Priority
from gatehouse.points import Point
from gatehouse.rule import Scene
from rules._formula import Formula, formula
from rules._heads import online
from rules._limits import Limited
from rules._settings import Duration, OnOff, Refers
from rules._watch import Lasting, switch
from rules._wishes import Wish

_LEVELS = {"schedule": Priority.SCHEDULE, "protection": Priority.PROTECTION}
_LOOK = 1.0
"""Seconds between two looks at a condition that asks for ages."""


@dataclass(kw_only=True, eq=False)
class Rule:
    """One condition."""

    name: str
    when: str
    """The condition, such as pump.temperature > 60.0 && pump.running."""
    text: str
    """What the alarm is called."""
    words: Mapping[str, Point | None]
    """The points of the site, by what an expression calls them; filled in."""
    limits: Mapping[str, Limited] = field(default_factory=dict)
    """Numbers with units, by the names that `when` gives them: {hot: 60 °C, late: 5m}."""
    for_: Duration = 0.0
    """How long it must be true."""
    priority: Severity = Severity.P3
    """1 life, 2 intrusion or damage, 3 this shift, 4 equipment."""
    latch: bool = False
    """True: a named person has to end the alarm."""
    zone: Annotated[str, Refers("zone")] | None = None
    """Where it is, as `zones.b12`."""
    output: Annotated[str, Refers("switch")] | None = None
    """A siren, lamp or fan that is told `value` while the alarm's condition holds."""
    value: OnOff = True
    """on or off."""
    level: Literal["schedule", "protection"] = "schedule"
    """How strongly: as a schedule, or as what protects equipment, above every operator."""
    patience: Duration = 60.0
    """How long it may not be possible to judge it."""
    _formula: Formula = field(init=False)
    _lasting: Lasting = field(init=False, default_factory=Lasting)
    _seen: tuple[object, ...] = field(init=False, default=())
    _answer: tuple[bool | None, str] = field(init=False, default=(None, "never read"))
    _start: float | None = field(init=False, default=None)
    _look_at: float = field(init=False, default=float("-inf"))

    def __post_init__(self) -> None:
        """FormulaError, a ValueError, with all that is wrong with the condition."""
        if not self.text.strip():
            raise ValueError("`text` is empty; say in a few words what has happened when this alarm comes")
        self._formula = formula(self.when, self.words, self.limits)
        used = set(self._formula.points)
        self.words = {word: point for word, point in self.words.items() if point is not None and point.name in used}

    @property
    def title(self) -> str:
        """What people call `rules.<name>`."""
        return self.text

    @property
    def inputs(self) -> Collection[str]:
        """All points that it names, and whether their devices answer."""
        return online(self._formula.points)

    @property
    def outputs(self) -> Collection[str]:
        """The output."""
        return () if self.output is None else (self.output,)

    @property
    def wishes(self) -> Collection[Wish]:
        """The output's value."""
        if self.output is None:
            return ()
        return (Wish(output=self.output, value=self.value, priority=_LEVELS[self.level]),)

    def judge(self, scene: Scene) -> Iterator[Demand | Condition]:
        """Judge the condition, when anything in it may have changed."""
        holds, why = self._judged(scene)
        due = self._lasting.due(scene, "holds", holds is True, self.for_) if holds is not None else None
        subject = self.zone or f"rules.{self.name}"
        seen = scene.saw(*self._formula.points) | {"text": self.text, "when": self.when, "for": self.for_}
        yield Condition(
            alarm=f"{self.name}.alarm",
            active=due,
            severity=self.priority,
            kind="expression",
            subject=subject,
            latch=self.latch,
            evidence=seen,
        )
        away = any(switch(scene, point) is False for point in self.inputs if point.endswith(".online"))
        lost = self._lasting.due(scene, "lost", holds is None and not away, self.patience)
        yield Condition(
            alarm=f"{self.name}.unjudged",
            active=lost if holds is not None or lost else None,
            severity=Severity.P4,
            kind="expression_unjudged",
            subject=subject,
            evidence=seen | {"why": why},
        )
        if due and self.output is not None:
            yield Demand(
                output=self.output,
                value=self.value,
                priority=_LEVELS[self.level],
                issuer=self.name,
                reason="expression",
            )

    def _judged(self, scene: Scene) -> tuple[bool | None, str]:
        """The answer; calculated anew only where a value or its quality moved, or an age may have."""
        self._start = scene.now if self._start is None else self._start
        readings = [scene.read(point) for point in self._formula.points]
        seen = tuple((reading.value, reading.quality, reading.count) for reading in readings)
        if seen != self._seen or (self._formula.ages and scene.now >= self._look_at):
            self._seen, self._answer = seen, self._formula.judge(scene, self._start)
            self._look_at = scene.now + _LOOK
        if self._formula.ages:
            scene.wake(self._look_at)
        return self._answer
