"""Every order is answered exactly once, the important ones first."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from daemon.field.writes import MOST, Command, Order, Writes


class Queue(RuleBasedStateMachine):
    """Any history of the queue: nothing is lost, nothing is answered twice, nothing unimportant goes first."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = Writes()
        self.answers: list[list[str]] = []
        self.taken: list[Order] = []
        self.now = 0.0

    @rule(priority=st.integers(1, 16), device=st.sampled_from("ab"), copies=st.sampled_from([1, 1, 1, 200]))
    def put(self, priority: int, device: str, copies: int) -> None:
        for _ in range(copies):
            done: list[str] = []
            self.answers.append(done)
            command = Command(
                device=device, channel="x", value=True, permit=str, done=done.append, priority=priority
            )  # fmt: skip
            self.writes.put(command, self.now)

    @precondition(lambda self: not self.taken)  # a line has one exchange at a time
    @rule(ready=st.sets(st.sampled_from("ab")))
    def take(self, ready: set[str]) -> None:
        order = self.writes.next(lambda device: device in ready)
        if order is not None:
            assert order.command.device in ready
            rest = []
            while (other := self.writes.next(lambda device: device in ready)) is not None:
                rest.append(other)
            assert all(order.rank <= other.rank for other in rest)
            for other in rest:
                self.writes.retry(other)
            order.tries += 1
            self.taken.append(order)

    @rule(again=st.booleans())
    def end(self, again: bool) -> None:
        if self.taken:
            order = self.taken.pop()
            if again:
                self.writes.retry(order)
            else:
                order.command.done("")

    @rule(seconds=st.floats(0, 5))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.writes.give_up("down", self.now)

    @rule(device=st.sampled_from("ab"))
    def fault(self, device: str) -> None:
        self.writes.give_up_device(device, "broken")

    @invariant()
    def each_is_waiting_taken_or_answered_once(self) -> None:
        answered = [done for done in self.answers if done]
        assert all(len(done) == 1 for done in answered)
        assert len(self.writes) + len(self.taken) + len(answered) == len(self.answers)
        assert len(self.writes) <= MOST + 1


TestQueue = Queue.TestCase
TestQueue.settings = settings(max_examples=30, stateful_step_count=30)
