"""The slave's side of Modbus. Framing, checksums and packets are pymodbus's: another hand than our drivers'.

pymodbus's own request handler is left out on purpose: it answers for units that do not exist, and mistakes on a shared
RTU line are its business, not a device's. Its framers, packets and their execution are used as they are.
"""

import struct
from collections.abc import Coroutine
from typing import Any, Literal, cast

from pymodbus.constants import ExcCodes
from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerBase, FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU, ExceptionResponse, ModbusPDU
from pymodbus.pdu.register_message import WriteSingleRegisterRequest, WriteSingleRegisterResponse

from simulators.unit import RefusalError, Unit

Framing = Literal["rtu", "tcp"]

_FUNCTIONS = (1, 2, 3, 4, 5, 6, 15, 16)
"""All that these devices know; pymodbus would answer some twenty more."""


class _Store:
    """What pymodbus's packets ask for values: one unit, for the length of one request."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit

    async def async_getValues(  # noqa: N802 - pymodbus's name
        self, _unit: int, function: int, address: int, count: int = 1
    ) -> list[bool] | list[int] | ExcCodes:
        try:
            match function:
                case 1:
                    return self.unit.read_coils(address, count)
                case 2:
                    return self.unit.read_inputs(address, count)
                case 3:
                    return self.unit.read_holding(address, count)
                case 4:
                    return self.unit.read_registers(address, count)
        except RefusalError as refusal:
            return refusal.code
        return [0] * count if function == 16 else ExcCodes.ILLEGAL_FUNCTION  # pymodbus reads back what it wrote

    async def async_setValues(  # noqa: N802 - pymodbus's name
        self, _unit: int, function: int, address: int, values: list[Any]
    ) -> ExcCodes | None:
        try:
            match function:
                case 15:
                    self.unit.write_coils(address, values)
                case 16:
                    self.unit.write_block(address, values)
                case _:
                    return ExcCodes.ILLEGAL_FUNCTION
        except RefusalError as refusal:
            return refusal.code
        return None


def _unit(context: object) -> Unit:
    if not isinstance(context, _Store):
        raise TypeError(f"{context!r} is no store of ours")
    return context.unit


class _RawCoil(ModbusPDU):
    """FC05 with its sixteen bits kept: pymodbus's own packet makes a bool of them and echoes that."""

    function_code = 5
    rtu_frame_size = 8
    value = 0

    def encode(self) -> bytes:
        return struct.pack(">HH", self.address, self.value)

    def decode(self, data: bytes) -> None:
        self.address, self.value = struct.unpack(">HH", data[:4])

    async def datastore_update(self, context: object, device_id: int) -> ModbusPDU:
        try:
            _unit(context).write_coil(self.address, self.value)
        except RefusalError as refusal:
            return ExceptionResponse(self.function_code, refusal.code)
        return self


class _EchoedRegister(WriteSingleRegisterRequest):
    """FC06 answered with an echo: pymodbus's own packet reads the register back, which some devices cannot."""

    async def datastore_update(self, context: object, device_id: int) -> ModbusPDU:
        try:
            _unit(context).write_holding(self.address, self.registers[0])
        except RefusalError as refusal:
            return ExceptionResponse(self.function_code, refusal.code)
        return WriteSingleRegisterResponse(address=self.address, registers=self.registers)


def _finish(steps: Coroutine[Any, Any, ModbusPDU]) -> ModbusPDU:
    """Run a coroutine that never waits: none of ours does, and pymodbus only wraps them."""
    try:
        steps.send(None)
    except StopIteration as end:
        return cast(ModbusPDU, end.value)
    raise RuntimeError("a simulated unit waited in the middle of a request")


class Responder:
    """Turns one request frame into one answer frame."""

    def __init__(self, framing: Framing) -> None:
        decoder = DecodePDU(True)
        decoder.register(_RawCoil)
        decoder.register(_EchoedRegister)
        decoder.pdu_table = {code: decoder.pdu_table[code] for code in _FUNCTIONS}
        self._framer: FramerBase = FramerRTU(decoder) if framing == "rtu" else FramerSocket(decoder)
        self._unit_at = 0 if framing == "rtu" else 6

    def addressed(self, frame: bytes) -> int | None:
        """The unit that a frame names; None when it is too short to."""
        return frame[self._unit_at] if len(frame) > self._unit_at + 1 else None

    def answer(self, unit: Unit, frame: bytes) -> bytes | None:
        """Let the unit execute a frame; None when it is no sound request."""
        function = frame[self._unit_at + 1]
        try:
            _, request = self._framer.handleFrame(frame, 0, 0)
        except ModbusException:
            known = function in _FUNCTIONS
            return self._refuse(frame, function, ExcCodes.ILLEGAL_VALUE if known else ExcCodes.ILLEGAL_FUNCTION)
        if isinstance(request, ExceptionResponse):
            return None  # an answer of somebody else
        if request is None:
            return self._refuse(frame, function, ExcCodes.ILLEGAL_FUNCTION) if self._whole(frame) else None
        if request.dev_id != frame[self._unit_at]:
            return None  # pymodbus found a frame further on, behind noise; a device would not
        answer = _finish(request.datastore_update(cast(Any, _Store(unit)), request.dev_id))
        answer.dev_id, answer.transaction_id = request.dev_id, request.transaction_id
        return self._framer.buildFrame(answer)

    def _whole(self, frame: bytes) -> bool:
        if not isinstance(self._framer, FramerRTU):
            return False  # FramerSocket hands over every whole frame
        return len(frame) >= 4 and FramerRTU.check_CRC(frame[:-2], int.from_bytes(frame[-2:], "big"))

    def _refuse(self, frame: bytes, function: int, code: ExcCodes) -> bytes:
        refusal = ExceptionResponse(function & 0x7F, code, device_id=frame[self._unit_at])
        if self._unit_at:
            refusal.transaction_id = int.from_bytes(frame[:2], "big")
        return self._framer.buildFrame(refusal)


def checksum(frame: bytes) -> bytes:
    """A frame with its RTU checksum, as pymodbus computes it."""
    return frame + FramerRTU.compute_CRC(frame).to_bytes(2, "big")
