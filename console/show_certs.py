"""How certificates and the time that is left of them look on a screen."""

from collections.abc import Sequence
from datetime import datetime

import typer
from rich.table import Table

from console.authority import SOON, Paper
from console.documents import put_line
from console.screen import Screen

_USES = {"authority": ("证书机构", "authority"), "broker": ("代理", "broker"), "client": ("连接者", "client")}
_HEADS = {"zh": ("名字", "用途", "主机", "有效至", "剩余"), "en": ("name", "use", "hosts", "ends", "left")}


def table(papers: Sequence[Paper], now: datetime, language: str) -> None:
    """One line each, the one that ends first first."""
    if not papers:
        typer.echo(
            "这里没有证书；先运行 gatehouse certs new。" if language == "zh" else "None here; run gatehouse certs new."
        )
        return
    grid = Table(*_HEADS[language], box=None)
    for paper in papers:
        days = paper.days(now)
        style = "red" if days < 0 else "yellow" if days < SOON else ""
        use = _USES[paper.use][language == "en"]
        grid.add_row(
            paper.name, use, " ".join(paper.hosts), f"{paper.ends:%Y-%m-%d}", _left(days, language), style=style
        )
    Screen(language).console.print(grid)


def _left(days: int, language: str) -> str:
    if days < 0:
        return "已过期" if language == "zh" else "over"
    left = f"{days} 天" if language == "zh" else f"{days} days"
    if days < SOON:
        left += "，请续期" if language == "zh" else ", renew it"
    return left


def as_json(papers: Sequence[Paper], now: datetime) -> None:
    """The same for programs."""
    for paper in papers:
        line = {"name": paper.name, "use": paper.use, "hosts": paper.hosts, "ends": paper.ends.isoformat()}
        put_line(line | {"days": paper.days(now), "file": str(paper.file)})
