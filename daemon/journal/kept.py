"""Small states that parts of the daemon keep beside the events, on their way to the disk."""

from collections.abc import Mapping

MOST_KEPT = 64 * 1024
"""Bytes of one kept state."""

Pending = dict[str, tuple[int, bytes | None]]
"""State by key; None forgets it. Each stands behind so many lines of the queue."""


class Kept:
    """What was kept since the last commit: the latest state of each key, never ahead of the events before it."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._pending: Pending = {}

    def __bool__(self) -> bool:
        """Something is not durable yet."""
        return bool(self._pending)

    def put(self, key: str, state: bytes | None, behind: int) -> None:
        """Take a state; ValueError when it is too large."""
        if state is not None and len(state) > MOST_KEPT:
            raise ValueError(f"the state {key!r} has {len(state)} bytes; at most {MOST_KEPT} are kept")
        self._pending[key] = behind, state

    def due(self, covered: int) -> Pending:
        """All that may be written along with the lines up to `covered`."""
        return {key: (behind, state) for key, (behind, state) in self._pending.items() if behind <= covered}

    def settle(self, written: Pending) -> None:
        """These are on the disk."""
        self._pending = {key: it for key, it in self._pending.items() if written.get(key) != it}

    def over(self, durable: Mapping[str, bytes], prefix: str) -> dict[str, bytes]:
        """All states whose key begins so, the latest of each."""
        states: dict[str, bytes | None] = {**durable, **{key: state for key, (_, state) in self._pending.items()}}
        return {key: state for key, state in states.items() if state is not None and key.startswith(prefix)}
