"""Values that are to be multiplied by other values of the same device, such as the ratios of its transformers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite, prod

from drivers.modbus._decode import Samples, bad, digits
from drivers.modbus._points import Channel
from drivers.modbus.profile import Profile
from gatehouse.driver import Sample
from gatehouse.points import Quality


@dataclass
class Factors:
    """What multiplies what, and the factors as last read."""

    profile: Profile
    channels: Mapping[str, Channel]
    _known: dict[str, float] = field(init=False, default_factory=dict)
    _seen: dict[str, float] = field(init=False, default_factory=dict)
    """As they were when they were last good."""
    of: dict[str, tuple[str, ...]] = field(init=False, default_factory=dict)
    """Channel -> its factors."""
    _order: list[str] = field(init=False)
    """Factors and what they multiply, each after those that it needs."""
    _decimals: dict[str, int | None] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Sort them."""
        for name, channel in self.channels.items():
            if channel.spec.times:
                partners = (self.profile.partner(factor, channel.spec, channel.index) for factor in channel.spec.times)
                self.of[name] = tuple(partners)
        order: dict[str, None] = {}
        for name in self.of:
            self._sort(name, order)
        self._order = list(order)
        for name in self._order:
            self._decimals[name] = self._digits(name)

    def among(self, names: Iterable[str]) -> list[str]:
        """Those of these channels that are factors or have some, in the order in which they are reckoned."""
        wanted = set(names)
        return [name for name in self._order if name in wanted]

    def apply(self, names: Iterable[str], samples: Samples) -> set[str]:
        """Multiply, and remember; the factors that are others than they were, or none any more."""
        moved: set[str] = set()
        for name in names:
            sample = samples[name]
            if name in self.of and sample.quality is Quality.GOOD:
                sample = samples[name] = self._product(name, sample)
            value = self._usable(name, sample)
            if value is None:
                if self._known.pop(name, None) is not None:
                    moved.add(name)
                continue
            self._known[name] = value
            if self._seen.setdefault(name, value) != value:
                self._seen[name] = value
                moved.add(name)
        return moved

    def _usable(self, name: str, sample: Sample) -> float | None:
        """To reckon with: a ratio of 0 would make a good 0 of any current."""
        spec, value = self.channels[name].spec, sample.value
        if sample.quality is not Quality.GOOD or not isinstance(value, int | float):
            return None
        low, high = (limit if limit is not None else value for limit in (spec.low, spec.high))
        return value if low <= value <= high else None

    def forget(self) -> None:
        """It may be another device by now."""
        self._known.clear()
        self._seen.clear()

    def depending(self, factors: Iterable[str]) -> set[str]:
        """All channels that any of these factors multiplies."""
        wanted = set(factors)
        return {name for name, of in self.of.items() if not wanted.isdisjoint(of)}

    def _sort(self, name: str, order: dict[str, None]) -> None:
        for factor in self.of.get(name, ()):
            self._sort(factor, order)
        order.setdefault(name)

    def _digits(self, name: str) -> int | None:
        """Decimals of a channel; None where it has the seven digits of a float32, or factors that have."""
        decimals = [self._decimals[factor] for factor in self.of.get(name, ())]
        spec = self.channels[name].spec
        decimals.append(None if spec.form == "float32" else digits(spec))
        return None if None in decimals else sum(count for count in decimals if count is not None)

    def _product(self, name: str, sample: Sample) -> Sample:
        missing = [factor for factor in self.of[name] if factor not in self._known]
        if missing or isinstance(sample.value, str) or sample.value is None:
            return bad(f"it is multiplied by {' and '.join(missing)}, not read yet or implausible")
        value = sample.value * prod(self._known[factor] for factor in self.of[name])
        decimals = self._decimals[name]
        if not isfinite(value):
            return bad("multiplied it is beyond all numbers")
        if decimals is None:
            return Sample(float(f"{value:.7g}"))
        return Sample(round(value, decimals) if isinstance(value, float) else value)
