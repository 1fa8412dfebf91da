"""Which alarms a person means: by id, by its ending, by one occurrence, or by a whole incident."""

from collections.abc import Iterable, Mapping

from daemon.alarms.annunciator import Annunciator
from daemon.config.faults import listed
from daemon.operator import RefusedError, UnknownError
from gatehouse.alarms import Alarm


def find(book: Annunciator, name: str, *, closing: bool = False) -> list[Alarm]:
    """All that the name means: several only for an incident. What stands comes first, or the cases where one closes.

    UnknownError when there is none, RefusedError when it may be any of several.
    """
    standing, cases = list(book.standing.values()), list(book.cases.values())
    pools = (cases, standing) if closing else (standing, cases)
    for pool in pools:
        if found := [alarm for alarm in pool if alarm.condition.alarm == name]:
            return [_only(name, {alarm.occurrence: alarm for alarm in found})]
    everything = [*standing, *cases]
    for alarm in everything:
        if alarm.occurrence == name:
            return [alarm]
    if found := [alarm for alarm in everything if alarm.incident == name]:
        return found
    for pool in pools:
        if found := [alarm for alarm in pool if _ends_so(alarm, name)]:
            ids = {alarm.condition.alarm for alarm in found}
            by_name = {alarm.condition.alarm if len(ids) > 1 else alarm.occurrence: alarm for alarm in found}
            return [_only(name, by_name)]
    raise UnknownError(_unknown(name, everything))


def _ends_so(alarm: Alarm, name: str) -> bool:
    return alarm.condition.alarm.endswith(f".{name}") or alarm.occurrence.endswith(f"-{name.removeprefix('-')}")


def _only(name: str, found: Mapping[str, Alarm]) -> Alarm:
    if len(found) > 1:
        raise RefusedError(
            f"{name!r} 指的不止一个报警，请写其中一个：{listed(found)}。 It may be any of these; name one."
        )
    return next(iter(found.values()))


def _unknown(name: str, there: Iterable[Alarm]) -> str:
    known = listed(sorted({alarm.condition.alarm for alarm in there}))
    return (
        f"没有叫 {name!r} 的未恢复或未结案的报警，现有：{known or '无'}。 "
        f"No such alarm stands or is open; there are: {known or 'none'}."
    )
