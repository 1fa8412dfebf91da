"""Gas: heads that give a contact or a concentration; each is a P1 alarm of its own and can shut a valve, start a fan.

    b12-gas:   {kind: gas, heads: [io4.input1, io4.input2], faults: [io4.input3], zone: b12}
    boiler:    {kind: gas, levels: [boiler.gas], low: 10 %LEL, valve: outputs.gas-valve, valve_shut: io4.input8}
    garage-co: {kind: gas, levels: [garage.co], low: 50 ppm, alarm: 150 ppm, fan: outputs.garage-fan}

A contact alarms when it closes: its head has decided. A concentration alarms in two stages, `low` (a warning, P2, not
latching) and `alarm` (P1). GB/T 50493-2019 5.5.2 wants the first stage at 25 %LEL or less and the second at 50 %LEL or
less (as trade pages quote it); `alarm` is 25 %LEL unless you write another. For toxic gases write both in ppm.

`alarm` latches until a named person resets it, head by head; until then the valve stays shut and the fan runs, at the
level of life safety, also over a restart. With `valve_shut`, the valve's own contact, a valve that is not known to be
shut `travel` after it was told so is an alarm of its own (P1). After the reset this rule merely wants nothing more of
the valve: take one that only a hand on site can open again. The fan must be explosion-proof, its motor and its switch
outside the room: nothing in a room with gas may be switched, and this rule has no siren, no lamp and no bell.

Stale, uncertain, never read or impossible value: raises and clears nothing, shuts and opens nothing, and no alarm of
that head can be reset. After `patience`, or when its fault contact says so, it is a sensor fault, unless the whole
device is away, which `device_silent` says. Beyond its range a sensor is in fault, not in alarm: it came through the
stages on its way there.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from gatehouse.alarms import Condition, Severity
from gatehouse.demands import Demand, Priority
from gatehouse.rule import Scene
from rules._heads import Faults, device, distinct, located, named, online, paired, standing, where
from rules._settings import Amount, Below, Duration, Judges, OnOff, PointName, Quantity, Refers
from rules._stages import Stage, measured
from rules._watch import Lasting, switch
from rules._wishes import Wish

_RETURNS = 0.8
"""Part of a stage below which it is left."""
_ALARM = Amount(25, "%LEL")
_LONGEST = 30.0
"""Seconds from threshold to alarm that GB/T 45839 allows on site."""


@dataclass(kw_only=True, eq=False)
class Rule:
    """One kitchen, boiler room, garage or riser."""

    life: ClassVar[bool] = True

    name: str
    heads: tuple[PointName, ...] = ()
    """Contacts that are true on gas."""
    levels: tuple[PointName, ...] = ()
    """Concentrations."""
    low: Annotated[Quantity, Judges("levels"), Below("alarm")] | None = None
    """The first stage of `levels`."""
    alarm: Annotated[Quantity, Judges("levels")] = _ALARM
    """The second stage of `levels`."""
    for_: Duration = 0.0
    """How long a concentration must stay there; at most 30s."""
    faults: tuple[PointName, ...] = ()
    """Fault contacts: one for all, or one for each of heads and then levels."""
    places: tuple[str, ...] = ()
    """What people call the place of each of heads and then levels: 2楼厨房."""
    zone: Annotated[str, Refers("zone")] | None = None
    """Where it is, as `zones.b12`; without it the alarm names the device."""
    valve: Annotated[str, Refers("switch")] | None = None
    """The output that shuts the gas off."""
    shut: OnOff = True
    """What that output is when the valve is shut: off for a valve that is held open by current."""
    valve_shut: PointName | None = None
    """True while the valve is shut."""
    travel: Duration = 10.0
    """How long the valve may take."""
    fan: Annotated[str, Refers("switch")] | None = None
    """An explosion-proof fan."""
    patience: Duration = 10.0
    """How long a head may be unreadable before that is a fault."""
    _stages: dict[str, Stage] = field(init=False, default_factory=dict)
    _faults: Faults = field(init=False, default_factory=Faults)
    _places: dict[str, str] = field(init=False, default_factory=dict)
    _contacts: dict[str, str] = field(init=False, default_factory=dict)
    """The fault contact of each head."""
    _lasting: Lasting = field(init=False, default_factory=Lasting)

    def __post_init__(self) -> None:
        """ValueError when the settings make no rule."""
        if not self.heads and not self.levels:
            raise ValueError("nothing is watched; give `heads` (contacts) or `levels` (concentrations)")
        if self.low is not None and not self.levels:
            raise ValueError("`low` is a stage of `levels`; contacts have none")
        if self.valve_shut is not None and self.valve is None:
            raise ValueError("`valve_shut` watches a valve, and there is no `valve`")
        if self.valve is not None and self.valve == self.fan:
            raise ValueError(f"{self.valve} cannot be both `valve` and `fan`")
        if self.for_ > _LONGEST:
            raise ValueError(f"`for` is {self.for_:g} s; a gas alarm must sound within {_LONGEST:g} s")
        distinct([*self.heads, *self.levels])
        self._contacts = paired([*self.heads, *self.levels], self.faults)
        self._places = located([*self.heads, *self.levels], self.places)

    @property
    def subject(self) -> str:
        """The zone, or else the device of the first head."""
        return self.zone or f"devices.{device((*self.heads, *self.levels)[0])}"

    @property
    def inputs(self) -> Collection[str]:
        """Heads, their fault contacts, the valve's contact, and whether their devices answer."""
        extra = () if self.valve_shut is None else (self.valve_shut,)
        return online((*self.heads, *self.levels, *self.faults, *extra))

    @property
    def outputs(self) -> Collection[str]:
        """Valve and fan."""
        return tuple(output for output in (self.valve, self.fan) if output is not None)

    @property
    def wishes(self) -> Collection[Wish]:
        """The valve shut, the fan on."""
        wanted = ((self.valve, self.shut), (self.fan, True))
        return [
            Wish(output=output, value=value, priority=Priority.LIFE_SAFETY)
            for output, value in wanted
            if output is not None
        ]

    def judge(self, scene: Scene) -> Iterator[Demand | Condition]:
        """Judge every head by itself; shut and vent while an alarm of any stands."""
        gas = False
        for condition in self._conditions(scene):
            gas |= condition.active is True and condition.kind == "gas" and condition.alarm not in scene.apart
            yield condition
        acts = gas or standing(scene, f"{self.name}.alarm.")
        if self.valve_shut is not None:
            yield self._valve(scene, self.valve_shut, acts)
        if acts:
            yield from self._demands()

    def _conditions(self, scene: Scene) -> Iterator[Condition]:
        known = {}
        for point in self.heads:
            state = switch(scene, point)
            known[point] = state is not None
            yield self._condition(scene, point, "alarm", state, {})
        for point in self.levels:
            value = measured(scene, point)
            known[point] = value is not None
            yield from self._concentration(scene, point, value)
        for point, its in known.items():
            place = self._where(scene, point)
            yield self._faults.judge(
                scene, self.name, self.subject, point, its, self.patience, self._contacts.get(point), place
            )

    def _concentration(self, scene: Scene, point: str, value: float | None) -> Iterator[Condition]:
        unit = scene.image.points[point].unit
        for word, amount in (("low", self.low), ("alarm", self.alarm)):
            if amount is None:
                continue
            limit, stage = amount.into(unit), self._stages.setdefault(named(word, point), Stage())
            if value is not None:
                stage.judge(scene, value, limit, limit * _RETURNS, self.for_)
            seen = {"threshold": limit, "unit": unit, "for": self.for_}
            yield self._condition(scene, point, word, None if value is None else stage.reached, seen)

    def _condition(self, scene: Scene, point: str, word: str, active: bool | None, seen: dict[str, Any]) -> Condition:
        alarm = word == "alarm"
        return Condition(
            alarm=named(f"{self.name}.{word}", point),
            active=active,
            severity=Severity.P1 if alarm else Severity.P2,
            kind="gas" if alarm else "gas_low",
            subject=self.subject,
            latch=alarm,
            evidence=scene.saw(point) | {"input": point, "where": self._where(scene, point)} | seen,
        )

    def _where(self, scene: Scene, point: str) -> str:
        return where(scene, point, self._places)

    def _valve(self, scene: Scene, contact: str, acts: bool) -> Condition:
        shut = switch(scene, contact)
        late = self._lasting.due(scene, "valve", acts and shut is not True, self.travel)
        return Condition(
            alarm=f"{self.name}.valve",
            active=late if late or shut is not None or not acts else None,
            severity=Severity.P1,
            kind="valve_open",
            subject=self.subject,
            evidence=scene.saw(contact) | {"output": self.valve, "travel": self.travel},
        )

    def _demands(self) -> Iterator[Demand]:
        for output, value in ((self.valve, self.shut), (self.fan, True)):
            if output is not None:
                yield Demand(output=output, value=value, priority=Priority.LIFE_SAFETY, issuer=self.name, reason="gas")
