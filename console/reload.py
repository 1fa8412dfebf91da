"""A reload on the terminal: shows what a changed site file would touch, applies it, and stays until it is kept."""

import json
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from console.client import RefusedError
from console.words_reload import said

if TYPE_CHECKING:
    from console.client import Client

_STYLES = {"+": "green", "-": "red", "~": "yellow"}
_BUSY = ("applying", "watching")
PATH = "/v1/reload"


class Reload:
    """One reload."""

    def __init__(self, client: "Client", by: str, language: str) -> None:
        """In a person's name, in `zh` or `en`."""
        self._client, self._by, self._language = client, by, language
        self._console = Console(highlight=False, soft_wrap=True)

    def proposal(self) -> dict[str, Any]:
        """What the site file, as it is now, would change."""
        found: dict[str, Any] = self._client.send(PATH, by=self._by)
        return found

    def show(self, proposal: dict[str, Any]) -> None:
        """The plan, line by line; all faults instead, where there are any."""
        for fault in proposal["faults"]:
            self._print(fault[self._language], "red")
        if proposal["empty"]:
            self._print(self._said("nothing"))
        for change in proposal["changes"]:
            self._print(
                f"{change['sign']} {change['subject']}  {change['text'][self._language]}", _STYLES[change["sign"]]
            )
        for device, seconds in proposal["unread"].items():
            self._print(self._said("unread", device=device, seconds=seconds), "dim")
        if proposal["refusal"]:
            self._print(proposal["refusal"][self._language], "bold red")

    def apply(self, proposal: dict[str, Any], watch: float) -> bool:
        """Apply what was shown, and stay until it is kept; False when it was taken back. RefusedError."""
        self._client.send(PATH, by=self._by, accept=proposal["number"], watch=watch)
        shown, found = "", {"state": "idle", "worse": []}
        with self._console.status(self._said("applying")) as status:
            for line in self._client.follow(PATH, follow=True):
                found = json.loads(line)
                if found["state"] not in _BUSY:
                    break
                text = self._said(found["state"], **found)
                if self._console.is_terminal:
                    status.update(text)
                elif found["state"] != shown:
                    self._print(text)
                shown = found["state"]
        kept = self._end(found)
        if kept:
            self._show_silent({each["subject"] for each in proposal["changes"] if each["sign"] != "-"})
        return kept

    def _show_silent(self, changed: set[str]) -> None:
        """The devices that were added or changed and do not answer: the watch looks at what was good before."""
        for line in self._client.get("/v1/status", only="lines").get("lines", {}).values():
            for name, its in line["devices"].items():
                if f"devices.{name}" in changed and its["online"] is False:
                    self._print(self._said("silent", device=name, why=its["text"][self._language]), "bold yellow")

    def _end(self, found: dict[str, Any]) -> bool:
        kept = bool(found["state"] == "kept")
        self._print(self._said(found["state"]), "bold green" if kept else "bold red")
        for each in found["worse"]:
            self._print(f"  {each['what']}: {each['text'][self._language]}", "red")
        return kept

    def _print(self, text: str, style: str = "") -> None:
        self._console.print(Text(text, style=style))

    def _said(self, key: str, **values: object) -> str:
        return said(key, self._language, **values)


def site_of(client: "Client") -> str:
    """The site file that a daemon runs. RefusedError, UnreachableError."""
    site = client.get(PATH).get("site")
    if not isinstance(site, str):
        raise RefusedError("守护进程版本太旧，不能重新载入。 This daemon is too old to reload.")
    return site
