"""The log says what happened in one line, tells no secret and holds nobody up."""

import io
import json
import logging
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from daemon import log


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, hidden = root.handlers[:], root.level, set(log._hidden)
    yield
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    root.handlers[:], log._hidden = handlers, hidden
    root.setLevel(level)


def lines(file: io.BytesIO, outlet: log.Outlet) -> list[dict[str, Any]]:
    outlet.drain(5)
    return [json.loads(line) for line in file.getvalue().splitlines()]


def test_a_line_is_json_with_instant_level_and_fields() -> None:
    outlet = log.configure(file=(file := io.BytesIO()))
    structlog.get_logger().warning("line went away", line="gate", 标题="门岗总线")
    (entry,) = lines(file, outlet)
    assert entry.pop("at").endswith("Z")
    assert entry == {"event": "line went away", "level": "warning", "line": "gate", "标题": "门岗总线"}


def test_levels_below_the_wanted_one_are_not_written() -> None:
    outlet = log.configure("warning", file=(file := io.BytesIO()))
    structlog.get_logger().info("nobody asked")
    structlog.get_logger().error("this one matters")
    assert [entry["event"] for entry in lines(file, outlet)] == ["this one matters"]


def test_an_exception_brings_its_traceback_but_not_its_local_variables() -> None:
    outlet = log.configure(file=(file := io.BytesIO()))
    try:
        pin = "7391" * 2
        raise ValueError(f"bad {len(pin)}")
    except ValueError:
        structlog.get_logger().exception("rule failed")
    (entry,) = lines(file, outlet)
    assert "ValueError: bad 8" in entry["exception"]
    assert "73917391" not in file.getvalue().decode()


def test_fields_named_like_secrets_are_withheld() -> None:
    outlet = log.configure(file=(file := io.BytesIO()))
    structlog.get_logger().info("connected", broker="mqtts://a", password="hunter2", client_secret="x" * 9)
    (entry,) = lines(file, outlet)
    assert (entry["password"], entry["client_secret"], entry["broker"]) == ("***", "***", "mqtts://a")


@pytest.mark.parametrize("secret", ["hunter2!", "带中文的密码", 'quo"te\\back', b"\xff\xfe9981"])
@pytest.mark.parametrize("plain", [True, False])
def test_a_kept_secret_appears_nowhere(secret: str | bytes, *, plain: bool) -> None:
    log.keep_secret(secret)
    text = secret.decode("utf-8", "replace") if isinstance(secret, bytes) else secret
    outlet = log.configure(file=(file := io.BytesIO()), plain=plain)
    structlog.get_logger().info(f"connecting with {text}", url=f"mqtt://me:{text}@host", parts=[text])
    logging.getLogger("paho").warning("refused %s", text)
    outlet.drain(5)
    written = file.getvalue().decode()
    assert written.count("***") >= 4
    assert text not in written
    assert json.dumps(text, ensure_ascii=False)[1:-1] not in written


def test_of_a_key_file_every_line_is_kept_but_not_its_frame() -> None:
    log.keep_secret("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\nx9f0\n-----END PRIVATE KEY-----\n")
    assert (
        log.hide(b"-----BEGIN PRIVATE KEY-----|x9f0|MC4CAQAwBQYDK2VwBCIEIA|") == b"-----BEGIN PRIVATE KEY-----|***|***|"
    )


def test_libraries_and_warnings_speak_in_the_same_form() -> None:
    outlet = log.configure(file=(file := io.BytesIO()))
    logging.getLogger("asyncio").error("Task exception was never retrieved", exc_info=ValueError("lost"))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old habit", DeprecationWarning, stacklevel=1)
    first, second = lines(file, outlet)
    assert (first["logger"], first["level"]) == ("asyncio", "error")
    assert "ValueError: lost" in first["exception"]
    assert "old habit" in second["event"]


def test_a_value_that_json_does_not_know_is_no_reason_to_lose_the_line() -> None:
    outlet = log.configure(file=(file := io.BytesIO()))
    structlog.get_logger().info("opened", file=Path("/dev/null"), answer=b"\x01\x03")
    (entry,) = lines(file, outlet)
    assert entry["answer"] == repr(b"\x01\x03")


def test_a_reader_that_reads_nothing_holds_nobody_up_and_hears_of_it_later() -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as reader, os.fdopen(write_end, "wb", buffering=0) as writer:
        outlet = log.configure(file=writer)
        for number in range(20_000):  # far more than the pipe and the queue take
            structlog.get_logger().info("flapping", number=number)
        assert 0 < outlet.lost < 20_000
        heard = {"flapping": 0, "log lines lost": 0}
        while sum(heard.values()) < 20_000:
            entry = json.loads(reader.readline())
            heard[entry["event"]] += entry.get("lines", 1)
        assert heard == {"flapping": 20_000 - outlet.lost, "log lines lost": outlet.lost}
        outlet.drain(5)


def test_lines_taken_by_journald_carry_their_priority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "journal").open("wb") as file:
        stat = os.fstat(file.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{stat.st_dev}:{stat.st_ino}")
        outlet = log.configure(file=file)
        structlog.get_logger().error("journal broken")
        outlet.drain(5)
    assert (tmp_path / "journal").read_bytes().startswith(b'<3>{"event":"journal broken"')
