"""Over the local API an export is written down first; without a name and a reason personal data stays here."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from daemon.clock import SystemClock
from daemon.export.routes import routes
from daemon.journal.journal import Journal
from daemon.recorder import Recorder
from tests.unit.daemon.journal.desk import running


class Face:
    """A journal, and the way to it."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        app = Starlette(routes=routes(Recorder(journal.append, SystemClock()), journal))
        self._transport = httpx2.ASGITransport(app=app)

    async def post(self, **words: Any) -> tuple[int, dict[str, Any]]:
        async with httpx2.AsyncClient(transport=self._transport, base_url="http://x") as client:
            answer = await client.post("/v1/journal/exports", json=words)
            return answer.status_code, answer.json()


@pytest.fixture
async def face(tmp_path: Path) -> AsyncIterator[Face]:
    async with running(tmp_path / "journal.db") as journal:
        await journal.standing()
        yield Face(journal)


async def test_it_is_durable_before_the_answer_comes(face: Face) -> None:
    assert await face.post(by="王敏", reason="调取", tier=2, format="xlsx", file="a.xlsx") == (200, {"recorded": 1})
    (event,) = await face.journal.read(0)
    assert event.kind == "journal.exported"
    assert event.content["by"].startswith("王敏 (")
    assert (event.content["tier"], event.content["format"], event.content["file"]) == (2, "xlsx", "a.xlsx")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"by": "王敏", "tier": 2}, "--by and --reason"),
        ({"by": "王敏", "tier": 7}, "A tier is 0 to 3, not 7"),
        ({"by": ""}, "by must not be empty"),
        ({"who": "x"}, "Send a JSON object with by"),
    ],
)
async def test_what_may_not_be_is_explained_and_nothing_is_written(face: Face, words: dict[str, Any], why: str) -> None:
    status, answer = await face.post(**words)
    assert (status, why in answer["error"]) == (400, True), answer
    assert face.journal.head == 0


async def test_a_journal_that_cannot_be_written_lets_nothing_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.export.record.PATIENCE", 0.05)
    async with running(tmp_path / "away" / "journal.db") as journal:
        status, answer = await Face(journal).post(by="王敏")
    assert status == 503
    assert "日志暂时写不了" in answer["error"]
