"""Echo, silence and quarantine, one exchange at a time."""

import asyncio
from collections import Counter

import pytest

from daemon.field.exchange import Exchanges
from daemon.field.matter import Matter, NoAnswerError, NotPermittedError
from drivers.modbus import codec
from gatehouse.driver import Found, Question
from tests.unit.daemon.bus import LoopClock, play, until

MANNERS = codec.Manners(0.1, 0.3, 0.0)
READ = codec.read_pdu("holding", 0, 2)
READ_FRAME = codec.sealed(b"\x01" + READ)
GOOD = codec.sealed(b"\x01\x03\x04\x00\x07\x00\x08")
COIL = codec.write_coil_pdu(0, 0xFF00)


def question(pdu: bytes = READ) -> Question:
    return codec.rtu_question(1, pdu, MANNERS)


class Peer:
    """Brings what it was told to, after each request."""

    lost = ""

    def __init__(self) -> None:
        self.exchanges = Exchanges(LoopClock(), "serial", 9600, 10)
        self.script: list[list[tuple[float, bytes]]] = []
        self.sent: list[float] = []

    def send(self, _request: bytes) -> None:
        loop = asyncio.get_running_loop()
        self.sent.append(loop.time())
        for delay, data in self.script.pop(0) if self.script else ():
            loop.call_later(delay, self.exchanges.hear, data)

    async def ask(self, asked: Question | None = None, **more: object) -> bytes:
        self.counts: Counter[str] = Counter()
        return await self.exchanges.ask(asked or question(), self.counts, **more)  # type: ignore[arg-type]


def peer() -> Peer:
    one = Peer()
    one.exchanges.attach(one)  # type: ignore[arg-type]
    return one


def test_between_two_exchanges_there_are_three_and_a_half_characters_of_silence() -> None:
    async def story() -> None:
        one = peer()
        one.script = [[(0.02, GOOD)]] * 2
        await one.ask()
        end = asyncio.get_running_loop().time()
        await one.ask()
        assert one.sent[1] - end == pytest.approx(3.5 * 10 / 9600, abs=1e-4)

    play(story)


@pytest.mark.parametrize(("baud", "silence"), [(1200, 0.0292), (19200, 0.00182), (38400, 0.00175), (115200, 0.00175)])
def test_the_silence_of_each_rate(baud: int, silence: float) -> None:
    async def story() -> None:
        one = peer()
        one.exchanges = Exchanges(LoopClock(), "serial", baud, 10)
        one.exchanges.attach(one)  # type: ignore[arg-type]
        one.script = [[(0.02, GOOD)]] * 2
        await one.ask()
        end = asyncio.get_running_loop().time()
        await one.ask()
        assert one.sent[1] - end == pytest.approx(silence, abs=1e-4)

    play(story)


def test_after_a_miss_the_line_is_in_quarantine_and_late_bytes_are_counted() -> None:
    async def story() -> None:
        one = peer()
        one.script = [[(0.25, GOOD)], [(0.02, GOOD)]]
        with pytest.raises(NoAnswerError, match="no answer"):
            await one.ask()
        await one.ask()
        assert one.sent[1] - one.sent[0] >= 0.3
        assert one.exchanges.tally == {"late": len(GOOD)}

    play(story)


def test_a_short_probe_frees_the_line_for_others() -> None:
    async def story() -> None:
        one = peer()
        one.script = [[], [(0.02, GOOD)]]
        with pytest.raises(NoAnswerError):
            await one.ask(short=True)
        await one.ask()
        assert one.sent[1] - one.sent[0] < 0.2

    play(story)


@pytest.mark.parametrize("late", [GOOD, GOOD[3:]], ids=["whole", "ruins"])
@pytest.mark.parametrize("at", [0.18, 0.2, 0.22])
def test_what_is_heard_after_a_short_probe_hints_at_who_was_probed(at: float, late: bytes) -> None:
    """While another is asked, in between, and only as long as its answer may come at all."""

    async def story() -> None:
        one = peer()
        other = codec.rtu_question(2, READ, MANNERS)
        answer = codec.sealed(b"\x02\x03\x04\x00\x07\x00\x08")
        one.script = [[(at, late), (0.5, late)], [(0.02, answer)]]
        with pytest.raises(NoAnswerError):
            await one.ask(short=True)
        silent = one.counts
        while asyncio.get_running_loop().time() < one.sent[0] + 0.29:
            one.script = [[(0.02, answer)]]
            await one.ask(other)
            await asyncio.sleep(0.01)
        hints = silent["hints"]
        assert hints >= 1
        await asyncio.sleep(0.5)
        assert silent["hints"] == hints

    play(story)


def test_half_an_answer_is_named() -> None:
    async def story() -> None:
        one = peer()
        one.script = [[(0.02, GOOD[:5])]]
        with pytest.raises(NoAnswerError, match=r"only half an answer \(01 03 04 00 07\)"):
            await one.ask()
        assert one.counts == {"half": 1}

    play(story)


def test_an_order_is_asked_for_permission_after_the_wait() -> None:
    async def story() -> None:
        one = peer()
        one.script = [[]]
        with pytest.raises(NoAnswerError):
            await one.ask()
        asked: list[float] = []

        def permit() -> str:
            asked.append(asyncio.get_running_loop().time())
            return "no"

        with pytest.raises(NotPermittedError, match="no"):
            await one.ask(permit=permit)
        assert asked[0] - one.sent[0] >= 0.3, "asked before the quarantine was over"
        assert len(one.sent) == 1

    play(story)


def test_an_echo_is_learnt_from_a_read_and_then_expected_before_a_writes_answer() -> None:
    async def story() -> None:
        one = peer()
        write = question(COIL)
        one.script = [
            [(0.01, question().request + GOOD)],
            [(0.01, write.request), (0.03, write.request)],
            [(0.01, write.request)],
        ]
        await one.ask()
        assert one.exchanges.echo is True
        assert await one.ask(write) == COIL
        with pytest.raises(NoAnswerError):
            await one.ask(write)

    play(story)


def test_noise_before_the_echo_does_not_make_the_echo_an_answer() -> None:
    async def story() -> None:
        one = peer()
        write = question(COIL)
        one.script = [[(0.01, question().request + GOOD)], [(0.01, b"\x00" + write.request)]]
        await one.ask()
        with pytest.raises(NoAnswerError):
            await one.ask(write)

    play(story)


def test_a_stick_that_no_longer_echoes_is_looked_at_twice() -> None:
    async def story() -> None:
        one = peer()
        one.script = [[(0.01, question().request + GOOD)], [(0.01, GOOD)], [(0.01, GOOD)]]
        await one.ask()
        await one.ask()
        assert one.exchanges.echo is None
        await one.ask()
        assert one.exchanges.echo is False

    play(story)


def test_a_doubled_answer_is_thrown_away_in_the_silence() -> None:
    async def story() -> None:
        one = peer()
        one.script = [[(0.02, GOOD), (0.022, GOOD)], [(0.02, GOOD)]]
        await one.ask()
        await one.ask()
        assert one.sent[1] - one.sent[0] == pytest.approx(0.022 + 3.5 * 10 / 9600, abs=1e-4)
        assert one.exchanges.tally == {"stray": len(GOOD)}

    play(story)


def test_an_answer_that_would_pass_for_the_next_question_too_gets_a_longer_silence() -> None:
    """The same unit, function and length, but other registers: a second copy of the first answer must not be theirs."""

    async def story() -> None:
        one = peer()
        other = question(codec.read_pdu("holding", 100, 2))
        theirs = codec.sealed(b"\x01\x03\x04\x00\x64\x00\x65")
        one.script = [[(0.02, GOOD), (0.03, GOOD)], [(0.02, theirs)]]
        await one.ask()
        assert await one.ask(other) == theirs[1:-2]
        assert one.sent[1] - one.sent[0] == pytest.approx(0.03 + 0.02, abs=1e-4)

    play(story)


def test_the_end_of_the_wire_ends_the_exchange() -> None:
    async def story() -> None:
        one = peer()
        asyncio.get_running_loop().call_later(0.01, one.exchanges.end, "unplugged")
        with pytest.raises(ConnectionError, match="unplugged"):
            await one.ask()
        with pytest.raises(ConnectionError, match="unplugged"):
            await one.ask()

    play(story)


# What is known already


def blind(pdu: bytes = READ) -> Question:
    """A question that would not know its answer if it saw it."""

    def find(received: bytes) -> Found | None:
        raise AssertionError(f"{received!r} was looked at")

    real = question(pdu)
    return Question(request=real.request, find=find, expected=real.expected, patience=0.1, worst=0.3)


class Asker:
    """Starts exchanges and keeps what it is told."""

    def __init__(self) -> None:
        self.peer = peer()
        self.peer.exchanges.echo = False
        self.told: list[object] = []
        self.counts: Counter[str] = Counter()

    def start(self, asked: Question, expected: bytes | None = None) -> None:
        def done(answer: bytes, error: Exception | None) -> None:
            self.told.append(error or answer)

        matter = Matter(self.counts, ("u", "x"), done, same=self.told.append)
        self.peer.exchanges.start(asked, matter, asyncio.get_running_loop().time(), expected)


def test_the_very_answer_that_is_expected_is_taken_without_a_look() -> None:
    async def story() -> None:
        one = Asker()
        one.peer.script = [[(0.02, GOOD)]]
        began = asyncio.get_running_loop().time()
        one.start(blind(), GOOD)
        await asyncio.sleep(1)
        assert one.told == [pytest.approx(began + 0.02 + 3.5 * 10 / 9600, abs=1e-4)], "told when, and only once"
        assert [(e.kind, e.data) for e in one.peer.exchanges.ring.entries()] == [("sent", READ_FRAME), ("answer", GOOD)]

    play(story)


@pytest.mark.parametrize(
    "pieces",
    [
        [(0.02, GOOD[:4]), (0.021, GOOD[4:])],
        [(0.02, b"\x00"), (0.021, GOOD)],
        [(0.02, GOOD + GOOD)],
        [(0.02, codec.sealed(b"\x01\x03\x04\x00\x07\x00\x09"))],
    ],
    ids=["pieces", "noise", "doubled", "another"],
)
def test_whatever_else_comes_is_looked_at(pieces: list[tuple[float, bytes]]) -> None:
    async def story() -> None:
        one = Asker()
        one.peer.script = [pieces]
        one.start(question(), GOOD)
        await asyncio.sleep(1)
        assert len(one.told) == 1
        assert one.told[0] == pieces[-1][1][-8:-2] or one.told[0] == GOOD[1:-2]

    play(story)


def test_an_expected_answer_that_comes_before_it_was_asked_for_is_none() -> None:
    """The last one's second copy, in the silence before the same question."""

    async def story() -> None:
        one = Asker()
        one.peer.script = [[(0.02, GOOD), (0.0215, GOOD)], []]
        one.start(question(), GOOD)
        await asyncio.sleep(0.0245)
        assert len(one.told) == 1
        one.start(question(), GOOD)
        await asyncio.sleep(1)
        assert isinstance(one.told[1], NoAnswerError)
        assert one.counts["doubled"] == 1

    play(story)


def test_an_expected_answer_that_is_the_very_request_may_be_its_echo() -> None:
    """On a stick of which it is not known yet whether it echoes."""

    async def story() -> None:
        one, write = Asker(), question(COIL)
        one.peer.exchanges.echo = None
        one.peer.script = [[(0.01, write.request)]]
        one.start(write, write.request)
        await asyncio.sleep(1)
        assert isinstance(one.told[0], NoAnswerError)

    play(story)


def test_a_gateway_that_says_that_nobody_answers_ends_it_at_once() -> None:
    async def story() -> None:
        one = Asker()
        one.peer.exchanges.stream = False
        asked = Question(request=b"?", find=lambda received: Found(len(received), why="silent"), expected=9)
        one.peer.script = [[(0.02, b"nobody")], [(0.02, b"nobody")]]
        began = asyncio.get_running_loop().time()
        for n in (1, 2):
            one.start(asked)
            await until(lambda: len(one.told) >= n)  # noqa: B023 - awaited in the same round
        assert asyncio.get_running_loop().time() - began < 0.05, "nor is anybody kept waiting for a late answer"
        assert all("the gateway says" in str(error) for error in one.told)

    play(story)


def test_a_wire_that_breaks_while_it_is_written_to_is_told_once() -> None:
    async def story() -> None:
        one = Asker()

        def broken(_: bytes) -> None:
            one.peer.exchanges.end("broken")
            raise ConnectionError("broken")

        one.peer.send = broken  # type: ignore[method-assign]
        one.start(question())
        await asyncio.sleep(1)
        assert [str(error) for error in one.told] == ["broken"]

    play(story)


@pytest.mark.parametrize("script", [[(0.02, GOOD)], []], ids=["answered", "missed"])
def test_the_mistakes_of_those_who_are_told_reach_whoever_owns_the_line(script: list[tuple[float, bytes]]) -> None:
    async def story() -> None:
        failed: list[Exception] = []
        one = peer()
        one.exchanges = Exchanges(LoopClock(), "serial", 9600, 10, failed=failed.append)
        one.exchanges.attach(one)  # type: ignore[arg-type]
        one.script = [script]

        def mistaken(_answer: bytes, _error: Exception | None) -> None:
            raise KeyError("oops")

        one.exchanges.start(question(), Matter(Counter(), ("", ""), mistaken), asyncio.get_running_loop().time())
        await asyncio.sleep(1)
        assert [type(error) for error in failed] == [KeyError]

    play(story)
