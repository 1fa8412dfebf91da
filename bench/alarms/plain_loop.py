"""The program of `plain`, for its own environment's Python: plain_loop.py PORT BROKER UNITS MEASURES [--back-off]."""

import asyncio
import json
import sys
import time

import paho.mqtt.client as paho
from pymodbus import ModbusException
from pymodbus.client import AsyncModbusSerialClient

PERIOD = 10.0
"""Seconds in which every block of measures is wanted once, and between two tries of a dead unit with back-off."""


class Bus:
    """One serial line, one request at a time."""

    def __init__(self, port: str, units: int, *, back_off: bool) -> None:
        self._client = AsyncModbusSerialClient(port, baudrate=9600, timeout=0.3, retries=0)
        self._misses = dict.fromkeys(range(1, units + 1), 0)
        self._rests = dict.fromkeys(self._misses, 0.0)
        self._back_off = back_off

    async def ask(self, unit: int, address: int, registers: int) -> list[int] | None:
        """What it says; None when it does not, or is left alone for a while."""
        if self._rests[unit] > time.monotonic():
            return None
        if not self._client.connected:
            await self._client.connect()
        try:
            answer = await self._client.read_input_registers(address, count=registers, device_id=unit)
        except ModbusException:
            self._misses[unit] += 1
            if self._back_off and self._misses[unit] >= 3:
                self._rests[unit] = time.monotonic() + PERIOD
            return None
        self._misses[unit] = 0
        return None if answer.isError() else answer.registers


async def poll(port: str, broker: int, units: int, measures: int, *, back_off: bool) -> None:
    """For ever: a ring of alarm registers, and after every fifth a block of measures where one is due."""
    mqtt = paho.Client(paho.CallbackAPIVersion.VERSION2)
    mqtt.connect("127.0.0.1", broker)
    mqtt.loop_start()
    bus = Bus(port, units, back_off=back_off)
    known: dict[int, bool] = {}
    due = {unit: time.monotonic() + PERIOD * unit / units for unit in range(1, units + 1)}
    turn = 0
    while True:
        for unit in due:
            registers = await bus.ask(unit, 0, 1)
            if registers and (alarm := registers[0] >= 500) != known.get(unit):
                known[unit] = alarm
                mqtt.publish(f"plain/{unit}", json.dumps({"alarm": alarm}), qos=1)
            turn += 1
            late = min(due, key=due.__getitem__)
            if turn % 5 == 0 and due[late] <= time.monotonic():
                due[late] += PERIOD
                await bus.ask(late, 1, measures)
        await asyncio.sleep(0)  # with every unit resting nothing above would wait


if __name__ == "__main__":
    asyncio.run(poll(sys.argv[1], *map(int, sys.argv[2:5]), back_off="--back-off" in sys.argv))
