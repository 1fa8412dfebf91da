"""Lamps: lit from dusk to dawn by the position of the sun, earlier when a light sensor finds it gloomy.

    street: {kind: lamps, lamps: [outputs.lamps], dusk: -10m, dawn: 5m, rest: 01:00-05:00}
    porch:  {kind: lamps, lamps: [outputs.porch], light: climate.lux, dark: 20 lx, bright: 60 lx, for: 2m}

Where the estate lies stands under `site:` (`latitude`, `longitude`) or here. `twilight` says how low the sun must be:
sunset (0.8°), civil (6°, the default: now lamps are needed), nautical (12°); `dusk` and `dawn` move the two ends. Where
the sun does not set, or does not rise, the lamps stay out, or lit. In `rest` hours they rest, sensor or not.

The light sensor can only add light: below `dark` for `for` the lamps are lit before their time, above `bright` for as
long they go out again, and at night they burn whatever it says, because a lamp may shine on it. It is heard only while
the sun stands lower than 15°: what is dark at noon is its lens, and that is a sensor fault.

Stale, uncertain or never-read sensor: the sun alone decides; after `patience` it is a sensor fault. It trusts the wall
clock and looks at it again every minute, because a clock can be set.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BeforeValidator, TypeAdapter, WithJsonSchema

from gatehouse.alarms import Condition
from gatehouse.demands import Demand, Priority
from gatehouse.rule import Scene
from rules._heads import Faults, online
from rules._hours import Hours
from rules._settings import Below, Duration, Judges, PointName, Quantity, Refers
from rules._stages import measured
from rules._sun import dark, height
from rules._watch import Lasting
from rules._wishes import Wish

_DEPTHS = {"sunset": 0.833, "civil": 6.0, "nautical": 12.0}
_BROAD_DAY = 15.0
_LOOK = 60.0
_MOST_SHIFT = 7200.0
_LENGTH = TypeAdapter(Duration)


def _shift(raw: object) -> object:
    earlier = isinstance(raw, str) and raw.lstrip().startswith("-")
    seconds: float = _LENGTH.validate_python(raw.lstrip()[1:] if isinstance(raw, str) and earlier else raw)
    return -seconds if earlier else seconds


Shift = Annotated[float, BeforeValidator(_shift), WithJsonSchema({"type": "string", "examples": ["-10m", "5m"]})]


@dataclass(kw_only=True, eq=False)
class Rule:
    """Lamps that go on and off together."""

    name: str
    lamps: tuple[Annotated[str, Refers("switch")], ...]
    """The outputs that light them."""
    latitude: float | None = None
    """Degrees north; south is less than nothing. Without it that of the site."""
    longitude: float | None = None
    """Degrees east; west is less than nothing. Without it that of the site."""
    twilight: Literal["sunset", "civil", "nautical"] = "civil"
    """How low the sun must be."""
    dusk: Shift = 0.0
    """How much later than that they go on: 10m; earlier: -10m. At most 2h."""
    dawn: Shift = 0.0
    """How much later than that they go off; earlier: -10m. At most 2h."""
    rest: Hours | None = None
    """Hours in which they are not lit at all, such as 01:00-05:00."""
    light: PointName | None = None
    """A light sensor that looks at the sky."""
    dark: Annotated[Quantity, Judges("light"), Below("bright")] | None = None
    """As little light as this lights them before dusk."""
    bright: Annotated[Quantity, Judges("light")] | None = None
    """As much light as this ends that."""
    for_: Duration = 120.0
    """How long the light must stay so."""
    patience: Duration = 600.0
    """How long the sensor may be unreadable, or dark in broad day."""
    _look_at: float = field(init=False, default=float("-inf"))
    _night: bool = field(init=False, default=False)
    _day: bool = field(init=False, default=False)
    _gloomy: bool = field(init=False, default=False)
    _lasting: Lasting = field(init=False, default_factory=Lasting)
    _faults: Faults = field(init=False, default_factory=Faults)

    def __post_init__(self) -> None:
        """ValueError when the settings make no rule."""
        if not self.lamps:
            raise ValueError("`lamps` is empty; name the outputs that light them, such as [outputs.lamps]")
        if self.latitude is None or self.longitude is None:
            raise ValueError("nobody knows where the estate lies; write latitude: 31.2, longitude: 121.5 under `site:`")
        if not (-90 <= self.latitude <= 90 and -180 <= self.longitude <= 180):
            raise ValueError(f"latitude {self.latitude:g}, longitude {self.longitude:g} is no place on earth")
        if max(abs(self.dusk), abs(self.dawn)) > _MOST_SHIFT:
            raise ValueError("`dusk` and `dawn` are moved by at most 2h; for fixed hours there is the kind `schedule`")
        if len({self.light is None, self.dark is None, self.bright is None}) > 1:
            raise ValueError("`light`, `dark` and `bright` belong together, such as dark: 20 lx, bright: 60 lx")

    @property
    def inputs(self) -> Collection[str]:
        """The light sensor, and whether its device answers."""
        return () if self.light is None else online([self.light])

    @property
    def outputs(self) -> Collection[str]:
        """The lamps."""
        return self.lamps

    @property
    def wishes(self) -> Collection[Wish]:
        """On, outside of the hours of rest."""
        week = None if self.rest is None else self.rest.outside
        return [Wish(output=lamp, value=True, priority=Priority.SCHEDULE, week=week) for lamp in self.lamps]

    def judge(self, scene: Scene) -> Iterator[Demand | Condition]:
        """Want light at night, and when it is gloomy."""
        self._look(scene)
        gloomy = False
        if self.light is not None:
            value = measured(scene, self.light)
            gloomy = self._judge_light(scene, self.light, value)
            blind = value is None or (self._day and self._is_dark(scene, self.light, value))
            yield self._faults.judge(scene, self.name, f"rules.{self.name}", self.light, not blind, self.patience)
        rests = self.rest is not None and self.rest.contains(scene.wall)
        if (self._night or gloomy) and not rests:
            reason = "dusk" if self._night else "gloom"
            for lamp in self.lamps:
                yield Demand(output=lamp, value=True, priority=Priority.SCHEDULE, issuer=self.name, reason=reason)

    def _look(self, scene: Scene) -> None:
        """Where the sun stands, once a minute and when the hours of rest begin or end."""
        if scene.now >= self._look_at:
            assert self.latitude is not None and self.longitude is not None  # noqa: S101, PT018 - held by __post_init__
            here = self.latitude, self.longitude
            self._night = dark(scene.wall, here, _DEPTHS[self.twilight], self.dusk, self.dawn)
            self._day = height(scene.wall, here) > _BROAD_DAY
            change = None if self.rest is None else self.rest.next_change(scene.wall)
            left = _LOOK if change is None else change.timestamp() - scene.wall.timestamp()
            self._look_at = scene.now + min(left, _LOOK)
        scene.wake(self._look_at)

    def _judge_light(self, scene: Scene, light: str, value: float | None) -> bool:
        """Whether it is too dark without lamps; what cannot be read, or is dark in broad day, lights none."""
        assert self.dark is not None and self.bright is not None  # noqa: S101, PT018 - held by __post_init__
        heard = value is not None and not self._day
        unit = scene.image.points[light].unit
        darkens = heard and value is not None and value <= self.dark.into(unit)
        brightens = heard and value is not None and value > self.bright.into(unit)
        if self._lasting.due(scene, "dark", darkens, self.for_):
            self._gloomy = True
        if self._lasting.due(scene, "bright", brightens, self.for_) or not heard:
            self._gloomy = False
        return self._gloomy

    def _is_dark(self, scene: Scene, light: str, value: float) -> bool:
        return self.dark is not None and value <= self.dark.into(scene.image.points[light].unit)
