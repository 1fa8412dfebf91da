"""What people do in a timetable: the verbs of the operator and of the desk, in somebody's name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from daemon.operator import RefusedError
from daemon.rehearsal.stage import Stage
from gatehouse.demands import Passage


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that a person does."""

    verb: str
    target: str
    by: str
    more: Mapping[str, Any] = field(default_factory=dict)
    """What is said besides: a verdict, a length of time, a reason."""

    def act(self, stage: Stage) -> None:
        """Do it; RefusedError when it may not be done."""
        _VERBS[self.verb].act(stage, self)

    @property
    def unsaid(self) -> str:
        """What should be said besides and is not, or is said and means nothing; empty when all is well."""
        verb = _VERBS[self.verb]
        missing = set(verb.needs) - self.more.keys()
        strange = self.more.keys() - {*verb.needs, *verb.may}
        return ", ".join(sorted(missing) or sorted(strange))


@dataclass(frozen=True, slots=True)
class _Verb:
    act: Callable[[Stage, Deed], object]
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()


def _open(stage: Stage, deed: Deed) -> None:
    name = deed.target.rpartition(".")[2]
    if deed.target.startswith("lanes."):
        stage.operator.move_lane(name, Passage.OPEN, "test", deed.by)
    else:
        stage.operator.open_door(name, "test", deed.by)


def _close(stage: Stage, deed: Deed) -> None:
    if not deed.target.startswith("lanes."):
        raise RefusedError(f"{deed.target}：门到时自己上锁。 A door locks by itself when its time is over.")
    stage.operator.move_lane(deed.target.rpartition(".")[2], Passage.CLOSED, "test", deed.by)


def _verify(stage: Stage, deed: Deed) -> None:
    verdict = str(deed.more["verdict"]).lower()  # YAML reads true and false as what they are
    stage.desk.verify(deed.target, verdict, str(deed.more.get("cause", "")), deed.by, str(deed.more.get("note", "")))


_VERBS: Mapping[str, _Verb] = {
    "acknowledge": _Verb(lambda stage, deed: stage.desk.acknowledge(deed.target, deed.by)),
    "reset": _Verb(lambda stage, deed: stage.desk.reset(deed.target, deed.by)),
    "reset_zone": _Verb(lambda stage, deed: stage.operator.reset_zone(deed.target.rpartition(".")[2], deed.by)),
    "silence": _Verb(lambda stage, deed: stage.desk.silence(deed.target, deed.by)),
    "verify": _Verb(_verify, ("verdict",), ("cause", "note")),
    "assign": _Verb(lambda stage, deed: stage.desk.assign(deed.target, str(deed.more["to"]), deed.by), ("to",)),
    "on_site": _Verb(lambda stage, deed: stage.desk.on_site(deed.target, deed.by)),
    "close_case": _Verb(
        lambda stage, deed: stage.desk.close(deed.target, deed.by, str(deed.more.get("note", ""))), (), ("note",)
    ),
    "shelve": _Verb(
        lambda stage, deed: stage.desk.shelve(deed.target, deed.more["for"], str(deed.more["why"]), deed.by),
        ("for", "why"),
    ),
    "unshelve": _Verb(lambda stage, deed: stage.desk.unshelve(deed.target, deed.by)),
    "disable": _Verb(
        lambda stage, deed: stage.desk.disable(deed.target, deed.more["for"], str(deed.more["why"]), deed.by),
        ("for", "why"),
    ),
    "enable": _Verb(lambda stage, deed: stage.desk.enable(deed.target, deed.by)),
    "open": _Verb(_open),
    "close": _Verb(_close),
    "restart": _Verb(lambda stage, deed: stage.restart()),
}
VERBS = tuple(_VERBS)
