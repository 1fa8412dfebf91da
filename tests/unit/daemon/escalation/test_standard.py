"""The usual ladder: siren and patrol at once, the group at 30 s, manager and police at 60, all others at 180."""

from dataclasses import replace

from daemon.escalation.directory import Address, Directory, Person
from daemon.escalation.ladder import choose
from daemon.escalation.standard import standard


def directory(**roles: tuple[str, ...]) -> Directory:
    people = {name: Person(id=name, name=name, roles=its, phone=Address("1")) for name, its in roles.items()}
    channels = {"gsm": "sms", "call": "voice", "chat": "wecom"}
    return Directory(people=people, channels=channels, groups=frozenset({"chat"}))


FULL = directory(wang=("patrol",), li=("manager",), chen=("neighbour",))


def test_life_climbs_from_the_post_to_ever_wider_circles() -> None:
    ladder = choose(standard(FULL), 1, "zones.b12", "fire")
    assert ladder is not None
    assert [(step.after, step.ring, step.post, step.by, step.police, step.sirens) for step in ladder.steps] == [
        (0, ("patrol",), (), (), False, True),
        (30, ("patrol",), ("chat",), (), False, False),
        (60, ("manager",), (), ("call", "gsm"), True, False),
        (180, ("neighbour",), (), (), False, False),
    ]
    assert ladder.steps[-1].repeat is not None
    assert ladder.steps[-1].times is None, "on and on, until somebody answers"


def test_where_gas_is_nothing_rings() -> None:
    ladder = choose(standard(FULL), 1, "zones.b12", "gas")
    assert ladder is not None
    assert not any(step.sirens or step.outputs for step in ladder.steps)


def test_every_severity_reaches_somebody_and_equipment_only_the_group() -> None:
    ladders = standard(FULL)
    assert all(choose(ladders, severity, "", "any") for severity in (1, 2, 3, 4))
    assert [step.ring for step in choose(ladders, 4, "", "any").steps] == [()]
    alone = standard(replace(FULL, groups=frozenset()))
    assert choose(alone, 4, "", "any") is None
    assert choose(alone, 3, "", "any").steps[0].ring == ("patrol",)


def test_without_roles_everybody_is_called_at_once_and_again() -> None:
    ladder = choose(standard(directory(wang=(), li=())), 1, "", "sos")
    assert ladder is not None
    assert ladder.steps[0].ring == ladder.steps[-1].ring == ("wang", "li")


def test_without_people_or_channels_there_is_none() -> None:
    assert standard(Directory()) == standard(replace(FULL, channels={})) == ()
