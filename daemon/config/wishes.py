"""Rules that could want opposite things of one output with the same strength: who wins would be chance."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

from daemon.config.document import Document
from daemon.config.faults import Both, Where
from daemon.feeds.texts import ACTIONS, LEVELS, Text
from gatehouse.points import Value
from gatehouse.rule import Rule
from rules._wishes import Wish, Wishful


def contradictions(document: Document, rules: Sequence[Rule]) -> None:
    """A fault for every two rules that contradict each other, at the one that is written by hand or stands later."""
    by_output: dict[str, list[tuple[Rule, Wish]]] = defaultdict(list)
    for rule in rules:
        if isinstance(rule, Wishful):
            for wish in rule.wishes:
                by_output[wish.output].append((rule, wish))
    for wishes in by_output.values():
        for one, wish, other, against in _pairs(wishes):
            where, first = _where(one), _where(other)
            document.fault(
                where,
                "rules_contradict",
                at_key=True,
                value=".".join(map(str, where)),
                other=".".join(map(str, first)),
                first=document.place(first, at_key=True),
                output=wish.output,
                wish=_wanted(wish),
                against=_wanted(against),
                level=_both(LEVELS[wish.priority]),
            )


def _pairs(wishes: Sequence[tuple[Rule, Wish]]) -> Iterator[tuple[Rule, Wish, Rule, Wish]]:
    """Each two rules that contradict each other, once; the one to be blamed first."""
    told: set[frozenset[str]] = set()
    for (one, wish), (other, against) in combinations(wishes, 2):
        pair = frozenset((one.name, other.name))
        if len(pair) == 2 and pair not in told and wish.contradicts(against):
            told.add(pair)
            yield other, against, one, wish


def _where(rule: Rule) -> Where:
    """What implies it: `doors.north` of `doors.north.access`, or the rule itself."""
    parts = rule.name.split(".")
    return (parts[0], parts[1]) if len(parts) > 2 else ("rules", rule.name)


def _wanted(wish: Wish) -> Both:
    text = _action(wish.output, wish.value)
    return Both(f"not {text.en}", f"不要{text.zh}") if wish.veto else _both(text)


def _action(output: str, value: Value) -> Text:
    word = {True: "on", False: "off"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    return ACTIONS.get((output.partition(".")[0], word)) or Text(word, word)


def _both(text: Text) -> Both:
    return Both(text.en, text.zh)
