"""On SIGHUP the site file is checked again: a fault is an alarm; a good file waits for a restart to be applied."""

import asyncio
from collections.abc import Callable

import structlog

from daemon.annunciator import own
from daemon.config.faults import Fault
from gatehouse.alarms import Condition, Severity

log = structlog.get_logger()

Check = Callable[[], Fault | None]
"""Looks at the site file as it is now; the first fault, None when there is none. It runs in a thread."""


def faulty(fault: Fault | None) -> Condition:
    """The alarm of a site file that cannot be run, in the technician's two languages."""
    said = {"why": fault.text("en"), "why_zh": fault.text("zh")} if fault else {}
    return own("config.faulty", "config_faulty", "config", fault is not None, Severity.P3, **said)


class Recheck:
    """Checks when it is asked to. What runs is not touched."""

    def __init__(self, check: Check, raise_own: Callable[[Condition], None]) -> None:
        """Tell of faults through `raise_own`."""
        self._check = check
        self._raise_own = raise_own
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Check soon; asked twice meanwhile is asked once."""
        self._asked.set()

    async def run(self) -> None:
        """Check for ever, each time that it is asked."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            fault = await asyncio.to_thread(self._check)
            if fault:
                log.error("site file is faulty, going on with what runs", fault=str(fault))
            else:
                log.info("site file is good, restart to apply it")
            self._raise_own(faulty(fault))
