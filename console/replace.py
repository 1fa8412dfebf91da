"""`gatehouse replace`, from the difference over the trial to the watch, and back."""

import contextlib
import difflib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from console import replacing
from console.client import RefusedError, UnreachableError
from console.reload import Reload, site_of
from console.replacing import Replacing
from console.screen import Screen
from console.show_probe import ShowProbe
from console.words_reload import said

if TYPE_CHECKING:
    from console.client import Client

_STYLES = {"+": "green", "-": "red", "@": "cyan"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be another."""

    values: dict[str, Any] = field(default_factory=dict)
    texts: tuple[str, ...] = ()
    """KEY=VALUE."""
    dropped: frozenset[str] = frozenset()
    back: bool = False
    """What was before the last replacement, instead of all this."""


class Replace(Screen):
    """One replacement on one terminal."""

    def __init__(  # noqa: PLR0917 - what, where, by whom
        self,
        client: "Client",
        device: str,
        site: Path | None,
        wires: Path | None,
        state: Path,
        by: str,
        language: str,
    ) -> None:
        """Through the daemon, where one runs; RefusedError, UnreachableError."""
        super().__init__(language)
        self._client, self._device, self._wires, self._state, self._by = client, device, wires, state, by
        self._runs = _running(client, needed=site is None)
        if site is not None and self._runs is not None and site.resolve() != self._runs.resolve():
            raise RefusedError(f"守护进程运行的是 {self._runs}。 The daemon runs another site file, {self._runs}.")
        self._its = Replacing(self._runs or Path(site or "."), device)

    def run(self, wish: Wish, watch: float, confirm: Callable[[str], bool] | None, *, untried: bool) -> int:
        """Show, check, try, ask, write, apply; 0 done, 1 refused or taken back, 2 faults."""
        kept, after = self._wanted(wish)
        if after == self._its.text:
            self._tell("same", device=self._device)
            return 0
        self._difference(after)
        if faults := self._its.faults(after, self._wires):
            self._channels(after)
            for fault in faults:
                self.line(fault.text("en" if self.language == "en" else "zh"), "red")
            self._tell("wrong", "bold red", count=len(faults))
            return 2
        good = untried or self._tries(after)
        if untried:
            self._tell("untried", "yellow")
        if not good and confirm is None:
            self._tell("replace_refused", "bold red")
            return 1
        if confirm is not None and not confirm(self._said("replace_ask" if good else "replace_ask_failed")):
            return 1
        return self._carry_out(after, watch, kept)

    def _wanted(self, wish: Wish) -> tuple[Path | None, str]:
        if wish.back:
            return self._its.last(self._state)
        return None, self._its.edited(wish.values, wish.texts, wish.dropped)

    def _difference(self, after: str) -> None:
        name = str(self._its.file)
        before = self._its.text.splitlines()
        for line in difflib.unified_diff(before, after.splitlines(), name, name, n=1, lineterm=""):
            self.line(Text(line, _STYLES.get(line[:1], "") if line[:3] not in ("+++", "---") else "bold"))

    def _channels(self, after: str) -> None:
        """What the site names and the new device calls otherwise."""
        rows = self._its.rows(after)
        if not rows:
            return
        grid = self.grid("channel", "channel", "channel", "channel")
        grid.title = self._said("channels")
        for column, key in zip(grid.columns, ("channel", "instead", "used"), strict=True):
            column.header = self._said(key)
        for row in rows:
            grid.add_row(row.channel, row.instead or Text(self._said("gone"), "red"), ", ".join(row.used))
        self.console.print(grid)

    # Trying

    def _tries(self, after: str) -> bool:
        """Read all of the new device; whether that went well."""
        events = self._tried_by_daemon(after) if self._runs else self._its.tried(after, self._wires)
        self._tell("tried", "bold")
        good = ShowProbe(self._device, self.language).run(events) == 0
        if not good:
            self._tell("failed", "bold red")
        return good

    def _tried_by_daemon(self, after: str) -> Iterator[dict[str, Any]]:
        path = f"/v1/devices/{self._device}/trial"
        for line in self._client.stream(path, file=str(self._its.file), text=after):
            event = json.loads(line)
            if event["event"] != "plan":
                yield event
                continue
            self._tell("plan", "bold")
            Reload(self._client, self._by, self.language).show(event)
            if event["refusal"]:
                raise RefusedError(" ".join(event["refusal"].values()))

    # Changing

    def _carry_out(self, after: str, watch: float, undone: Path | None) -> int:
        kept = self._its.write(after, self._state, self._by)
        self._tell("written", file=self._its.file, kept=kept)
        if self._runs is None:
            self._tell("no_daemon")
            good = True
        else:
            good = self._applies(watch)
        if good and undone is not None:
            replacing.forget(undone)
        if undone is not None or not good:
            replacing.forget(kept)
        if not good:
            self._restore(after)
        return 0 if good else 1

    def _restore(self, after: str) -> None:
        """The file says again what runs, and the daemon is told to look: there is nothing left to be applied."""
        back = self._its.restore(after)
        self._tell("restored" if back else "not_ours", "bold", file=self._its.file)
        with contextlib.suppress(RefusedError, UnreachableError):
            Reload(self._client, self._by, self.language).proposal()

    def _applies(self, watch: float) -> bool:
        reload = Reload(self._client, self._by, self.language)
        try:
            proposal = reload.proposal()
            if proposal["faults"] or proposal["refusal"]:
                reload.show(proposal)
                return False
            return bool(proposal["empty"]) or reload.apply(proposal, watch)
        except (RefusedError, UnreachableError) as error:
            self.line(str(error), "bold red")
            return False

    def _tell(self, key: str, style: str = "", **values: object) -> None:
        self.line(self._said(key, **values), style)

    def _said(self, key: str, **values: object) -> str:
        return said(key, self.language, **values)


def _running(client: "Client", *, needed: bool) -> Path | None:
    """The site file of the daemon; None where none runs and none is needed. RefusedError, UnreachableError."""
    try:
        return Path(site_of(client))
    except UnreachableError:
        if needed:
            raise
    return None
