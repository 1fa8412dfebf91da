"""What counts as a guard's word, and what does not."""

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.patrol.command import LARGEST, RefusedCommandError, public_key, read
from tests.unit.daemon.patrol.pens import Pen, order, urlsafe

PEN, OTHER = Pen(), Pen()
GOOD = PEN.sign(order())


def refusal(body: bytes, *keys: bytes) -> str:
    with pytest.raises(RefusedCommandError) as refused:
        read(body, keys or (PEN.public,))
    return refused.value.why


def test_a_signed_command_is_read() -> None:
    command = read(GOOD + b"\n", [OTHER.public, PEN.public])
    assert (command.do, command.guard, command.id) == ("take", "li", "12345678")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "unsigned"),
        (json.dumps(order()).encode(), "unsigned"),
        (b"a.b", "unsigned"),
        (b"\xff\xfe.\x00.", "unsigned"),
        (GOOD.replace(b".", b". ", 1), "unsigned"),
        (f"{urlsafe(b'not json')}.{urlsafe(b'{}')}.{urlsafe(b'x')}".encode(), "unsigned"),
        (b"x" * (LARGEST + 1), "too_large"),
        (OTHER.sign(order()), "signature"),
        (GOOD.rpartition(b".")[0] + b"." + urlsafe(bytes(64)).encode(), "signature"),
        (PEN.sign(order(), {"alg": "none"}), "algorithm"),
        (PEN.sign(order(), {"alg": "HS256"}), "algorithm"),
        (PEN.sign(order(), {"alg": "EdDSA", "crit": ["b64"], "b64": False}), "unsigned"),
        (PEN.sign(b"[]"), "form"),
        (PEN.sign(b"{" * 2000), "form"),
        (PEN.sign(b'{"id":"12345678","note":"\xff\xfe"}'), "form"),
        (PEN.sign(order("open")), "form"),
        (PEN.sign(order(id="short")), "form"),
        (PEN.sign(order() | {"at": "2026-11-21T10:00:00"}), "form"),
        (PEN.sign(order(door="north")), "form"),
        (PEN.sign(order(note="x" * 201)), "form"),
    ],
)
def test_anything_else_is_refused_for_its_reason(body: bytes, why: str) -> None:
    assert refusal(body) == why


def test_without_keys_nobody_is_believed() -> None:
    with pytest.raises(RefusedCommandError, match="signature"):
        read(GOOD, ())


@given(st.data())
def test_no_change_of_a_signed_command_is_believed(data: st.DataObject) -> None:
    """One character for another: it may stand for the same bytes, but never for other ones."""
    at = data.draw(st.integers(0, len(GOOD) - 1))
    body = bytearray(GOOD)
    body[at] = data.draw(st.integers(0, 255))
    try:
        command = read(bytes(body), (PEN.public,))
    except RefusedCommandError:
        return
    assert command == read(GOOD, (PEN.public,))


@given(st.binary(max_size=300))
def test_noise_is_refused_and_breaks_nothing(noise: bytes) -> None:
    assert refusal(noise) in {"unsigned", "algorithm", "signature"}


@pytest.mark.parametrize("text", ["", "abc", "A" * 44, PEN.text[:-4], "中文"])
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(ValueError, match=r"bytes|padding|ASCII|more than"):
        public_key(text)


def test_what_is_one() -> None:
    assert public_key(PEN.text) == PEN.public


def test_the_documents_lines_of_openssl_make_a_command_that_is_believed(tmp_path: Path) -> None:
    text = (Path(__file__).parents[4] / "docs" / "patrol.md").read_text("utf-8")
    script = text.split("```sh\n")[1].split("```")[0]
    subprocess.run(["sh", "-ec", script], cwd=tmp_path, check=True, capture_output=True)
    key = public_key((tmp_path / "phone.pub").read_text())
    command = read((tmp_path / "command").read_bytes(), [key])
    assert (command.do, command.guard) == ("help", "li")
    assert (command.expires - command.at).total_seconds() == 120
