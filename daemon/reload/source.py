"""Where a site is written, how it is read, and what of it has proved itself."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from daemon.alarms.annunciator import own
from daemon.config import lastgood
from daemon.config import load as config
from daemon.config.faults import Fault
from daemon.config.load import Plan
from daemon.config.secrets import Secrets
from gatehouse.alarms import Condition, Severity

_TRIAL = "on-trial"


def faulty(fault: Fault | None) -> Condition:
    """The alarm of a site file that cannot be run, in the technician's two languages."""
    said = {"why": fault.text("en"), "why_zh": fault.text("zh")} if fault else {}
    return own("config.faulty", "config_faulty", "config", fault is not None, Severity.P3, **said)


def rolled_back(why: str, **seen: object) -> Condition:
    """The alarm of a change that was taken back; without a reason there is none."""
    said = {"why": why} | seen if why else {}
    return own("config.rolled_back", "config_rolled_back", "config", bool(why), Severity.P3, **said)


DIED = "the daemon ended before this site had proved itself"


@dataclass(frozen=True, slots=True)
class Source:
    """A site's own files, and the state folder where the proven copy of them is kept."""

    site: Path
    state: Path
    secrets: Secrets
    wires: Path | None = None

    def load(self, instead: Mapping[Path, str] = MappingProxyType({})) -> Plan:
        """The plan of the files as they are now, or might be `instead`; ConfigError with all of their faults."""
        return config.load(self.site, wires=self.wires, secrets=self.secrets, instead=instead)

    def begin_trial(self, plan: Plan) -> None:
        """Note that these files are being tried: until they are kept, a start runs the last good copy. OSError."""
        self._note(f"{self._digest(plan)}\n{DIED}\n")

    def fail_trial(self, why: str) -> None:
        """Note why they were not kept. OSError."""
        digest = (self.state / _TRIAL).read_text(encoding="utf-8").partition("\n")[0]
        self._note(f"{digest}\n{why}\n")

    def end_trial(self) -> None:
        """What is in the files may be run. OSError."""
        (self.state / _TRIAL).unlink(missing_ok=True)

    def failed(self, plan: Plan) -> str:
        """Why these very files, which were tried, were not kept; empty for others."""
        try:
            digest, _, why = (self.state / _TRIAL).read_text(encoding="utf-8").partition("\n")
            return why.strip() if digest == self._digest(plan) else ""
        except (OSError, UnicodeDecodeError):
            return ""

    def _note(self, text: str) -> None:
        fresh = self.state / f"{_TRIAL}.new"
        fresh.write_text(text, encoding="utf-8")
        lastgood.sync(fresh)
        fresh.rename(self.state / _TRIAL)
        lastgood.sync(self.state)

    def keep(self, plan: Plan) -> None:
        """Copy the files as the last good ones. OSError."""
        lastgood.keep(self.site, _cards(plan), self.state)

    def _digest(self, plan: Plan) -> str:
        digest = hashlib.sha256()
        for part in _parts(self.site, _cards(plan)):
            digest.update(len(part).to_bytes(8, "big") + part)
        return digest.hexdigest()


def _cards(plan: Plan) -> str | None:
    return plan.site.access.cards if plan.site.access else None


def _parts(site: Path, cards: str | None) -> Iterator[bytes]:
    for file in lastgood.files(site, cards):
        yield str(file).encode()
        yield file.read_bytes()
