from collections.abc import Callable

import pytest

from simulators.clock import HandClock
from simulators.modbus import Responder, checksum
from simulators.unit import Unit

Talk = Callable[[Unit, str], str | None]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def talk() -> Talk:
    """Send hex to a unit as an RTU frame, with its checksum added; its answer as hex, without."""
    responder = Responder("rtu")

    def exchange(unit: Unit, request: str) -> str | None:
        if not unit.hears():
            return None
        answer = responder.answer(unit, checksum(bytes.fromhex(request)))
        if answer is None:
            return None
        assert checksum(answer[:-2]) == answer
        return answer[:-2].hex(" ").upper()

    return exchange
