"""What comes too late on a connection that numbers its questions tells how long its gateway keeps one waiting."""

from dataclasses import replace

from daemon.field.lag import Lag
from drivers.modbus import codec

MANNERS = codec.Manners(0.3, 0.6, 0.0)
PDU = codec.read_pdu("holding", 7, 1)


def question(transaction: int) -> codec.Question:
    return codec.tcp_question(5, PDU, transaction, MANNERS)


def answer(transaction: int, pdu: bytes) -> bytes:
    return transaction.to_bytes(2, "big") + b"\0\0" + (1 + len(pdu)).to_bytes(2, "big") + b"\x05" + pdu


def test_a_late_answer_tells_how_long_the_next_ones_are_to_be_waited_for() -> None:
    lag = Lag()
    assert lag.patience(0.3, 10.0) == 0.3
    lag.missed(question(1), 10.0)
    lag.missed(question(2), 10.4)
    lag.heard(answer(1, b"\x83\x0b"), 11.0)  # the gateway gave its unit a second
    assert 1.0 < lag.patience(0.3, 11.0) < 1.5
    lag.heard(answer(2, b"\x03\x02\x00\x07"), 12.0)
    assert 1.6 < lag.patience(0.3, 12.0) < 2.0
    assert lag.patience(3.0, 12.0) == 3.0


def test_what_belongs_to_nothing_that_was_asked_tells_nothing() -> None:
    lag = Lag()
    lag.missed(question(1), 10.0)
    for frame in (b"", b"\xff" * 300, answer(2, b"\x83\x0b"), answer(1, b"\x84\x0b"), answer(1, b"\x03")):
        lag.heard(frame, 11.0)
    lag.attach()
    lag.heard(answer(1, b"\x83\x0b"), 11.0)
    assert lag.patience(0.3, 11.0) == 0.3


def test_a_standstill_is_no_habit_and_a_habit_is_forgotten() -> None:
    lag = Lag()
    lag.missed(question(1), 10.0)
    lag.heard(answer(1, b"\x83\x0b"), 15.0)
    assert lag.patience(0.3, 15.0) == 0.3
    lag.took(1.0, 20.0)
    assert lag.patience(0.3, 600.0) > 1
    assert lag.patience(0.3, 620.0) == 0.3


def test_a_driver_that_raises_over_somebody_elses_answer_harms_nobody() -> None:
    def find(_: bytes) -> None:
        raise ZeroDivisionError

    lag = Lag()
    lag.missed(replace(question(1), find=find), 10.0)
    lag.missed(question(2), 10.4)
    lag.heard(answer(2, b"\x83\x0b"), 11.0)
    assert lag.patience(0.3, 11.0) == 0.3, "this one is lost for it"
    lag.heard(answer(2, b"\x83\x0b"), 11.2)
    assert lag.patience(0.3, 11.0) > 0.8
