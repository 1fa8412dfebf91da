"""Frames of SIA DC-09: checked with openssl and a published CRC, and with rubbish."""

import subprocess
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.feeds.carriers.sia_frames import Reply, Sender, crc, frame, read, stamp

AT = datetime(2026, 11, 21, 18, 0, 5, tzinfo=UTC)
CLEAR = Sender("1A2B", "0", None, None)
KEY = b"0123456789abcdef"


def test_crc_is_the_one_of_every_table() -> None:
    """CRC-16/ARC, check value of the ASCII digits 1 to 9."""
    assert crc(b"123456789") == 0xBB3D
    assert crc(b"") == 0


def test_time_is_gmt() -> None:
    """Month before day, no zone."""
    assert stamp(AT.astimezone(timezone(timedelta(hours=8)))) == "18:00:05,11-21-2026"


def test_a_frame_in_clear() -> None:
    """Length and CRC count from the first quote to the last character before the carriage return."""
    made = frame(CLEAR, "SIA-DCS", 7, "#1A2B|Nri1/FA12]", AT)
    body = b'"SIA-DCS"0007L0#1A2B[#1A2B|Nri1/FA12]_18:00:05,11-21-2026'
    assert made == b"\n%04X%04X%b\r" % (crc(body), len(body), body)
    assert b"R1AL0" in frame(CLEAR._replace(receiver="1A"), "NULL", 0, "]", AT)


@pytest.mark.parametrize("key", [KEY, KEY + b"89abcdef", KEY * 2])
def test_openssl_reads_what_is_encrypted(key: bytes) -> None:
    """AES-CBC without a vector: padding, a bar, the content, the time; never the same twice."""
    made = frame(CLEAR._replace(key=key), "SIA-DCS", 7, "#1A2B|Nri1/FA12]", AT)
    assert made[9:].startswith(b'"*SIA-DCS"0007L0#1A2B[')
    sealed = bytes.fromhex(made[1:-1].partition(b"[")[2].decode())
    command = ["openssl", "enc", "-d", f"-aes-{len(key) * 8}-cbc", "-K", key.hex(), "-iv", "0" * 32, "-nopad"]
    clear = subprocess.run(command, input=sealed, capture_output=True, check=True, timeout=10).stdout
    padding, _, content = clear.partition(b"|")
    assert content == b"#1A2B|Nri1/FA12]_18:00:05,11-21-2026"
    assert 1 <= len(padding) <= 16
    assert padding.isalnum()
    assert made != frame(CLEAR._replace(key=key), "SIA-DCS", 7, "#1A2B|Nri1/FA12]", AT)


def framed(body: bytes) -> bytes:
    return b"%04X%04X%b" % (crc(body), len(body), body)


def test_answers() -> None:
    """In clear, encrypted, and as pysiaalarm writes them."""
    assert read(framed(b'"ACK"0007R1L0#1A2B[]'), None) == Reply("ACK", 7, False, None)
    assert read(framed(b'"ACK"0007NoneL0#1A2B[]'), None).word == "ACK"
    assert read(framed(b'"NAK"0000R0L0A0[]_18:00:05,11-21-2026'), KEY) == Reply("NAK", 0, False, AT)
    sealed = frame(CLEAR._replace(key=KEY), "ACK", 7, "]", AT)
    assert read(sealed.strip(), KEY) == Reply("ACK", 7, True, AT)


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (b"", "no frame"),
        (b'"NAK"', "no frame"),
        (framed(b'"ACK"0007L0#1A2B[]')[:-1], "characters, and"),
        (framed(b'"ACK"0007L0#1A2B[]').replace(b"7L", b"8L"), "CRC"),
        (framed(b'"HEY"0007L0#1A2B[]'), "no answer"),
        (framed(b'"*ACK"0007L0#1A2B[00'), "cannot be decrypted"),
        (framed(b'"*ACK"0007L0#1A2B[zz'), "cannot be decrypted"),
        (frame(CLEAR._replace(key=b"x" * 16), "ACK", 7, "]", AT).strip(), "cannot be decrypted"),
    ],
)
def test_what_is_no_answer(found: bytes, why: str) -> None:
    """It says what is wrong with it."""
    with pytest.raises(ValueError, match=why):
        read(found, KEY)


@given(st.binary(max_size=200), st.booleans())
def test_rubbish_is_refused_and_nothing_else(found: bytes, well_framed: bool) -> None:
    """ValueError or an answer: nothing else comes out of strangers' bytes."""
    try:
        reply = read(framed(found) if well_framed else found, KEY)
    except ValueError:
        return
    assert reply.word in {"ACK", "NAK", "DUH", "RSP"}


@given(st.from_regex(rb'"\*?(ACK|NAK|DUH|RSP)"[0-9]{4}[^\[]{0,10}\[[0-9A-F\]_:,-]{0,80}', fullmatch=True))
def test_what_looks_like_an_answer(body: bytes) -> None:
    """The same, one step further in: times that are none, ciphers that are none."""
    try:
        reply = read(framed(body), KEY)
    except ValueError:
        return
    assert 0 <= reply.sequence <= 9999
