"""Reading the JSON of a control request, key by key, with refusals that teach."""

from collections.abc import Mapping
from typing import Any, TypeVar

_T = TypeVar("_T")


class ControlError(Exception):
    """A request that cannot be served; the text says what would be right."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


class Ask:
    """The JSON of a request: every key is taken once, none may be left over."""

    def __init__(self, body: object) -> None:
        if not isinstance(body, dict):
            raise ControlError('a JSON object is wanted, such as {"device": "io1", ...}')
        self._left: dict[str, Any] = dict(body)
        self._known: list[str] = []

    def one(self, key: str, kind: type[_T], default: _T | None = None) -> _T:
        """A value of a type; required when there is no default."""
        self._known.append(key)
        if key not in self._left:
            if default is None:
                raise ControlError(f"{key!r} is missing ({kind.__name__})")
            return default
        value = self._left.pop(key)
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind:
            raise ControlError(f"{key}: {kind.__name__} is wanted, found {value!r}")
        return value

    def maybe(self, key: str, kind: type[_T]) -> _T | None:
        """A value of a type, or None when it is not said."""
        self._known.append(key)
        if self._left.get(key) is None:
            self._left.pop(key, None)
            return None
        return self.one(key, kind)

    def any(self, key: str) -> object:
        """A required value of whatever type."""
        self._known.append(key)
        if key not in self._left:
            raise ControlError(f"{key!r} is missing")
        return self._left.pop(key)

    def name(self, key: str, among: Mapping[str, _T]) -> _T:
        """Something by its name."""
        name = self.one(key, str)
        if name not in among:
            raise ControlError(f"no {key} {name!r}; there are: {', '.join(among) or 'none'}", 404)
        return among[name]

    def done(self) -> None:
        """Refuse what nobody asked for."""
        if self._left:
            known = ", ".join(dict.fromkeys(self._known))
            raise ControlError(f"unknown: {', '.join(self._left)}; known here: {known}")
