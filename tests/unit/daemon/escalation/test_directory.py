"""Who a name means, how each person is reached, and that nobody is called twice."""

from datetime import UTC, datetime

from daemon.escalation.climb import Target
from daemon.escalation.directory import Address, Directory, Person
from daemon.escalation.ladder import Step
from daemon.escalation.rota import Rota, Shift
from rules._hours import WeeklyHours

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NIGHT = datetime(2026, 11, 23, 23, tzinfo=UTC)


def person(name: str, *roles: str, phone: str = "", **addresses: str) -> Person:
    ways = {key: Address(text) for key, text in addresses.items()}
    return Person(id=name, name=name.title(), roles=roles, addresses=ways, phone=Address(phone) if phone else None)


DIRECTORY = Directory(
    people={
        "wang": person("wang", "patrol", phone="1"),
        "li": person("li", "patrol", "manager", wecom="li", sms="2", phone="3"),
        "mute": person("mute"),
    },
    rotas={
        "gate": Rota("gate", "", (Shift("day", WeeklyHours.parse("08:00-20:00"), ("wang",)),), fallback="second"),
        "second": Rota("second", "", (), fallback="manager"),
    },
    channels={"gsm": "sms", "call": "voice", "chat": "wecom"},
    groups=frozenset({"chat"}),
)


def test_a_telephone_serves_all_channels_that_take_one_and_addresses_go_first() -> None:
    assert DIRECTORY.channels_of("wang") == ("gsm", "call")
    assert DIRECTORY.channels_of("li") == ("chat", "gsm", "call")
    assert DIRECTORY.address("li", "gsm") == Address("2")
    assert DIRECTORY.address("li", "call") == Address("3")
    assert DIRECTORY.address("wang", "chat") is None
    assert DIRECTORY.channels_of("nobody") == DIRECTORY.channels_of("mute") == ()


def test_a_step_calls_each_person_once_by_the_channels_that_reach_him() -> None:
    step = Step(ring=("gate", "patrol", "mute"), by=("call", "chat"), post=("chat",))
    assert DIRECTORY.targets(step, NOON, ["nobody"]) == [
        Target("", ("chat",)),
        Target("wang", ("call",)),
        Target("li", ("call", "chat")),
        Target("mute", ()),
    ]
    assert [target.person for target in DIRECTORY.targets(step, NOON, ["wang"])] == ["", "li", "mute"]


def test_when_nobody_is_on_shift_the_fallback_is_called_through_any_number_of_rotas() -> None:
    assert DIRECTORY.called(["gate"], NIGHT) == ["li"]
    assert DIRECTORY.everyone(["gate"]) == ["wang", "li"]


def test_a_name_given_at_a_desk_is_the_person_whom_colleagues_mean() -> None:
    assert DIRECTORY.who_is("Li (root)") == DIRECTORY.who_is("li") == "li"
    assert DIRECTORY.who_is("路人 (root)") == "路人"


def test_addresses_are_not_shown() -> None:
    assert "***" in str(Address("13800000000"))
    assert "138" not in repr(Address("13800000000")) + str(Address("13800000000"))
    assert str(Address("phone", secret=True)) == "!secret phone"
