"""What can be put out of service, by the name that a person gives it."""

from daemon.alarms.annunciator import Annunciator
from daemon.config.faults import listed, nearest
from daemon.config.load import Plan
from daemon.operator import RefusedError, UnknownError


def target_of(name: str, plan: Plan, book: Annunciator) -> str:
    """The full name of a sensor, a device, a zone, a door or an alarm. UnknownError; RefusedError for several."""
    points = {point.name for point in plan.points}
    known = {*plan.titles, *points, *book.standing, *book.judged}
    if name in known:
        return name
    found = sorted(each for each in known if each.endswith(f".{name}"))
    if len(found) == 1:
        return found[0]
    if found:
        raise RefusedError(
            f"{name!r} 指的不止一个，请写全：{listed(found)}。 It may be any of these; write one in full."
        )
    close = nearest(name, known)
    zh, en = (f"，是不是 {close}？", f"; did you mean {close}?") if close else ("。", ".")
    raise UnknownError(
        f"本站没有 {name!r}{zh} 可屏蔽点位（io1.input8）、设备（devices.io1）、防区（zones.b12）或报警编号。 "
        f"There is no {name!r} here{en} A point, a device, a zone or an alarm's id can be disabled."
    )
