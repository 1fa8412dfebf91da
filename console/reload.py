"""`gatehouse reload`: shows what a changed site file would touch, asks, applies it, and stays until it is kept."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.text import Text

from console.client import RefusedError
from console.words import word

if TYPE_CHECKING:
    from console.client import Client

_STYLES = {"+": "green", "-": "red", "~": "yellow"}
_BUSY = ("applying", "watching")
PATH = "/v1/reload"


class Reload:
    """One reload, seen from the terminal."""

    def __init__(self, client: "Client", by: str, language: str) -> None:
        """In a person's name, in `zh` or `en`."""
        self._client, self._by, self._language = client, by, language
        self._console = Console(highlight=False, soft_wrap=True)

    def proposal(self) -> dict[str, Any]:
        """What the site file, as it is now, would change. RefusedError with all of its faults."""
        found: dict[str, Any] = self._client.send(PATH, by=self._by)
        if found["faults"]:
            raise RefusedError("\n".join(fault[self._language] for fault in found["faults"]))
        return found

    def show(self, proposal: dict[str, Any]) -> None:
        """The plan, line by line."""
        if proposal["empty"]:
            self._say("reload_nothing")
        for change in proposal["changes"]:
            line = f"{change['sign']} {change['subject']}  {change['text'][self._language]}"
            self._console.print(Text(line, style=_STYLES[change["sign"]]))
        for device, seconds in proposal["unread"].items():
            self._console.print(Text(self._word("reload_unread").format(device=device, seconds=seconds), style="dim"))
        if proposal["refusal"]:
            self._console.print(Text(proposal["refusal"][self._language], style="bold red"))

    def apply(self, proposal: dict[str, Any], watch: float) -> bool:
        """Apply what was shown, and stay until it is kept; False when it was taken back. RefusedError."""
        self._client.send(PATH, by=self._by, accept=proposal["number"], watch=watch)
        shown = ""
        with self._console.status(self._word("applying")) as status:
            for line in self._client.follow(PATH, follow=True):
                found = json.loads(line)
                if found["state"] not in _BUSY:
                    break
                text = self._progress(found)
                if self._console.is_terminal:
                    status.update(text)
                elif found["state"] != shown:
                    self._console.print(text)
                shown = found["state"]
        return self._end(found)

    def _end(self, found: dict[str, Any]) -> bool:
        kept = bool(found["state"] == "kept")
        self._console.print(Text(self._word(found["state"]), style="bold green" if kept else "bold red"))
        for each in found["worse"]:
            self._console.print(Text(f"  {each['what']}: {each['text'][self._language]}", style="red"))
        return kept

    def _progress(self, found: dict[str, Any]) -> str:
        return self._word(found["state"]).format(left=found["left"])

    def _say(self, key: str) -> None:
        self._console.print(self._word(key))

    def _word(self, key: str) -> str:
        return word(key, self._language)


def reload(
    client: "Client",
    by: str,
    language: str,
    watch: float,
    confirm: Callable[[str], bool] | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Propose, ask, apply, watch; 0 kept or nothing to do, 1 not applied or taken back. Without `confirm`: yes."""
    it = Reload(client, by, language)
    proposal = it.proposal()
    if as_json:
        typer.echo(json.dumps(proposal, ensure_ascii=False, indent=1))
    else:
        it.show(proposal)
    if proposal["empty"] or dry_run:
        return 0
    if proposal["refusal"]:
        return 1
    if confirm is not None and not confirm(word("reload_ask", language)):
        return 1
    return 0 if it.apply(proposal, watch) else 1
