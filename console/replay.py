"""`gatehouse replay`: recorded readings against changed rules. The command; what it does stands in `replaying`."""

from pathlib import Path
from typing import Annotated

import typer

from console.options import STATE, JsonOpt, LangOpt, Language, SiteArg, StateOpt


def replay(  # noqa: PLR0917 - typer calls it by name
    site: SiteArg,
    since: Annotated[str, typer.Option("--from", help="从何时，小区当地时间，如 2026-11-21T14:00。 From when on.")],
    until: Annotated[str, typer.Option("--to", help="到何时。 Up to when.")],
    state: StateOpt = STATE,
    before: Annotated[
        Path | None,
        typer.Option(help="与此旧站点比，默认上次正确的副本。 Compare with this old site; else the last good copy."),
    ] = None,
    journal: Annotated[
        bool, typer.Option("--journal", help="与日志里真实发生的比。 Compare with what really happened.")
    ] = False,
    tolerance: Annotated[float, typer.Option(help="相差几秒算同时。 Seconds that count as the same.")] = 1.0,
    lang: LangOpt = Language.ZH,
    json_: JsonOpt = False,
) -> None:
    """用记录的读数重演改过的规则，看会有什么不同。 What changed rules would have done; exit 0 the same, 1 not."""
    from console import replaying

    wish = replaying.Wish(since=since, until=until, before=before, journal=journal, tolerance=tolerance)
    raise typer.Exit(replaying.run(site, state, wish, lang.value, as_json=json_))
