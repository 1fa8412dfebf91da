"""Frames and the faults of strangers in words: every driver's `explain`, and the Chinese that is made of it."""

from collections.abc import Callable, Sequence
from random import Random
from string import Formatter

from bench.fuzz.answers import meter_subjects
from bench.fuzz.cases import Case, Wrong, rubbish, spoiled
from bench.fuzz.finders import modbus_subjects
from bench.fuzz.listeners import frame
from bench.fuzz.stream import Subject
from daemon.feeds.phrases import PHRASES, phrase
from daemon.plugins.wire import MOST_TEXT, plain
from daemon.technician_api import clearest
from drivers import _blueprint, cjt188, dlt645, modbus, rdm6300

_EXPLAINS: Sequence[Callable[[bytes], str]] = (
    modbus.explain, dlt645.explain, cjt188.explain, rdm6300.explain, _blueprint.explain,
)  # fmt: skip
_ALPHABET = b"\x68\x16\xfe\x3a\x0d\x0a\x02\x03\x01\x04\x83\x00#>"


class Explanations:
    """Any frame, explained by any driver."""

    budget = 0.05

    def __init__(self) -> None:
        """Frames of every protocol."""
        self._subjects: list[Subject] = [*modbus_subjects("rtu"), *modbus_subjects("tcp"), *modbus_subjects("ascii")]
        self._subjects += meter_subjects()

    def make(self, dice: Random) -> Case:
        """A request, an answer, or what is left of it."""
        subject, roll = dice.choice(self._subjects), dice.random()
        if roll < 0.25:
            data = subject.question.request if roll < 0.1 else subject.good(dice)
        elif roll < 0.5:
            data = subject.near(dice)
        elif roll < 0.85:
            data = spoiled(dice, subject.near(dice), subject.question.request)
        else:
            data = rubbish(dice, _ALPHABET) if roll < 0.95 else frame(dice.randbytes(5))
        return Case(0, (data,))

    def take(self, case: Case) -> int:
        """Have it explained."""
        data = b"".join(case.pieces)
        texts = [explain(data) for explain in _EXPLAINS]
        for text in texts:
            if type(text) is not str or len(text) > 5 * len(data) + 200:
                raise Wrong(f"explained as {text!r:.200}")
            if not text.isprintable():
                raise Wrong(f"explained with what a terminal would obey: {text!r:.200}")
        clearest(texts)
        return sum(" bytes that are no " not in text for text in texts)


class Phrases:
    """What a driver says, honest or not, put into Chinese: templates in templates, and what looks like them."""

    budget = 0.05

    def __init__(self) -> None:
        """The words that the templates are made of."""
        self._templates = list(PHRASES)
        gaps = [[text for text, *_ in Formatter().parse(template) if text] for template in self._templates]
        self._words = [word for words in gaps for word in words]

    def make(self, dice: Random) -> Case:
        """A text."""
        roll = dice.random()
        if roll < 0.3:
            text = "".join(dice.choices(self._words, k=dice.choice((1, 2, 5, 20))))
        elif roll < 0.8:
            text = self._filled(dice, 5)
        elif roll < 0.9:
            text = dice.choice((": ", ", ", "; ", "a: ", "read ", "unit 1: ")) * dice.choice((3, 40, 200))
        else:
            text = rubbish(dice, "：: {},%\x1b".encode()).decode("utf-8", "replace")
        return Case(0, (text[:1000].encode("utf-8", "replace"),))

    def _filled(self, dice: Random, depth: int) -> str:
        text = dice.choice(self._templates)
        for _ in range(4):
            begin, end = text.find("{"), text.find("}")
            if begin < 0 or end < begin:
                break
            inner = self._filled(dice, depth - 1) if depth and dice.random() < 0.6 else dice.choice(self._words)
            text = text[:begin] + inner.replace("{", "").replace("}", "") + text[end + 1 :]
        return text

    def take(self, case: Case) -> int:
        """Say it in both languages."""
        text = plain(case.pieces[0].decode("utf-8", "replace"))
        if len(text) > MOST_TEXT or not text.isprintable():
            raise Wrong(f"plain: {text!r:.200}")
        said = phrase(text, "zh")
        if type(said) is not str or type(phrase(text, "en")) is not str or len(said) > 2 * MOST_TEXT + 200:
            raise Wrong(f"{said!r:.200}")
        return int(said != text)
