"""Which messages phones have still to confirm: delivered and read come from the phone itself, or do not come."""

from collections import OrderedDict
from dataclasses import dataclass

from daemon.channels.message import Receipt, ReceiptState, Report
from daemon.clock import Clock

MOST = 4096
"""Messages that may wait for a receipt; the oldest goes first."""


@dataclass(slots=True)
class _Waiting:
    guard: str
    reports: list[Report]
    due: float = float("inf")
    """Monotonic second after which the phone counts as not reached."""


class Receipts:
    """By key of the message and guard."""

    def __init__(self, within: float, clock: Clock) -> None:
        """`within`: seconds between the broker's word and the phone's."""
        self._within, self._clock = within, clock
        self._waiting: OrderedDict[tuple[str, str], _Waiting] = OrderedDict()

    def expect(self, key: str, guard: str, report: Report) -> Report:
        """Wait for the phone's receipts of a message; hand what this returns to the outbox."""
        its = self._waiting.setdefault((key, guard), _Waiting(guard, []))
        its.reports.append(report)
        while len(self._waiting) > MOST:
            self._waiting.popitem(last=False)

        def heard(receipt: Receipt) -> None:
            report(receipt)
            if receipt.state is ReceiptState.SENT:
                its.due = self._clock.monotonic() + self._within
            elif receipt.state is ReceiptState.FAILED:
                self._waiting.pop((key, guard), None)

        return heard

    def came(self, key: str, guard: str, state: ReceiptState) -> bool:
        """The phone says so; False when nobody here waits for it."""
        its = self._waiting.get((key, guard))
        if its is None:
            return False
        its.due = float("inf")
        if state is ReceiptState.READ:
            del self._waiting[key, guard]
        self._tell(its, Receipt(state, "", self._clock.utc()))
        return True

    def sweep(self) -> None:
        """Phones that have not confirmed in time were not reached; a receipt that comes late still counts."""
        now = self._clock.monotonic()
        for its in list(self._waiting.values()):
            if its.due <= now:
                its.due = float("inf")
                why = f"the phone has not confirmed it within {self._within:g} s"
                self._tell(its, Receipt(ReceiptState.FAILED, why, self._clock.utc()))

    def take_over(self, old: "Receipts") -> None:
        """Go on waiting for what another has waited for."""
        self._waiting.update(old._waiting)  # noqa: SLF001 - its own kind

    @staticmethod
    def _tell(its: _Waiting, receipt: Receipt) -> None:
        for report in its.reports:
            report(receipt)
