"""Questions that show who is there, and all that is heard while they stand."""

import pytest

from daemon.field.knocks import TABLES, Door, Heard, overheard
from drivers.modbus.codec import sealed
from gatehouse.driver import Found, Question


@pytest.mark.parametrize("table", TABLES)
def test_a_knock_reads_one_register_or_bit(table: str) -> None:
    question, _ = Door("rtu").knock(247, table)
    assert question.request[0] == 247
    assert question.request[1] in {1, 2, 3, 4}
    assert question.request[2:6] == bytes((0, 0, 0, 1))


@pytest.mark.parametrize(
    ("answer", "text", "refused", "nobody"),
    [
        ("03020005", "0x0005", False, False),
        ("8302", "exception 2 to function 3: illegal data address", True, False),
        ("830B", "", True, True),
        ("830A", "", True, True),
        ("8304", "exception 4", True, False),
    ],
)
def test_what_an_answer_means(answer: str, text: str, refused: bool, nobody: bool) -> None:
    _, meaning = Door("rtu").knock(1, "holding")
    said = meaning(bytes.fromhex(answer))
    assert said.text.startswith(text)
    assert (said.refused, said.nobody) == (refused, nobody)


def test_a_bit_is_an_answer_too() -> None:
    _, meaning = Door("rtu").knock(1, "coil")
    assert meaning(bytes.fromhex("010101")).text == "1"


def test_what_is_heard_is_kept_and_the_answer_is_not() -> None:
    asked, _ = Door("rtu").knock(3, "holding")
    question, heard = overheard(asked)
    strange, answer = sealed(bytes((9, 3, 2, 0, 5))), sealed(bytes((3, 3, 2, 0, 5)))
    assert question.find(strange + answer) == Found(7, why="foreign")
    assert heard.foreign == [strange]
    found = question.find(answer)
    assert found is not None
    assert found.answer is not None
    assert heard.rest == b""
    assert not heard.garbled


def test_half_a_frame_and_noise_are_garbled() -> None:
    asked, _ = Door("rtu").knock(3, "holding")
    question, heard = overheard(asked)
    assert question.find(b"\x03\x03") is None
    assert heard.garbled
    assert heard.bytes == b"\x03\x03"
    assert Heard([("noise", b"")]).garbled
    assert Heard([("crc", b"\x03")]).garbled
    assert not Heard([("foreign", b"\x09"), ("echo", b"\x01")]).garbled


def test_ascii_and_tcp_have_frames_of_their_own() -> None:
    assert Door("ascii").knock(1, "holding")[0].request == b":010300000001FB\r\n"
    question: Question = Door("tcp").knock(1, "input")[0]
    assert question.request[2:] == bytes((0, 0, 0, 6, 1, 4, 0, 0, 0, 1))
