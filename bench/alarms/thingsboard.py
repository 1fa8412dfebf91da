"""thingsboard-gateway, set up for this: alarms reported on change, no rate limits, shortest batches, no retries."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.alarms.contestant import Place, environment, version
from bench.alarms.street import MEASURES, UNITS

VERSION = "3.8.5"
PYMODBUS = "3.9.2"
"""What its Modbus connector asks for; it would install it itself at its first start."""
ALARM_PERIOD = 1700
"""Milliseconds: its queue grows without end when devices are polled more often than the line can do."""


class Thingsboard:
    """Two entries for each unit, since a period belongs to a whole entry."""

    name = "thingsboard-gateway"
    topics = ("v1/gateway/telemetry", "v1/devices/me/rpc/request/+")

    def __init__(self) -> None:
        self._python = Path()

    def install(self, where: Path) -> str:
        """From the package index."""
        self._python = environment(
            where / "thingsboard", f"thingsboard-gateway=={VERSION}", f"pymodbus=={PYMODBUS}", "pyserial",
            "pyserial-asyncio",
        )  # fmt: skip
        return f"thingsboard-gateway {version(self._python, 'thingsboard-gateway')}, pymodbus {PYMODBUS}"

    def command(self, place: Place) -> list[str]:
        """Write its three files."""
        slaves = [self._slave(place, unit, alarm=alarm) for alarm in (True, False) for unit in range(1, UNITS + 1)]
        gateway = {
            "thingsboard": {
                "host": "127.0.0.1", "port": place.broker, "remoteShell": False, "remoteConfiguration": False,
                "statistics": {"enable": False}, "minPackSendDelayMS": 10, "minPackSizeToSend": 1,
                "checkConnectorsConfigurationInSeconds": 60, "security": {"type": "accessToken", "accessToken": "t"},
                "qos": 1, "reportStrategy": {"type": "ON_CHANGE"},
                "checkingDeviceActivity": {"checkDeviceInactivity": False},
                "rateLimits": "0:0,", "dpRateLimits": "0:0,", "messagesRateLimits": "0:0,",
                "deviceMessagesRateLimits": "0:0,", "deviceRateLimits": "0:0,", "deviceDpRateLimits": "0:0,",
            },
            "storage": {"type": "memory", "read_records_count": 100, "max_records_count": 100000},
            "grpc": {"enabled": False},
            "connectors": [{"type": "modbus", "name": "street", "configuration": "modbus.json"}],
        }  # fmt: skip
        logs = {"version": 1, "root": {"level": "ERROR", "handlers": ["h"]},
                "handlers": {"h": {"class": "logging.StreamHandler"}}}  # fmt: skip
        for name, content in (("modbus", {"master": {"slaves": slaves}}), ("tb_gateway", gateway), ("logs", logs)):
            (place.folder / f"{name}.json").write_text(json.dumps(content))
        main = str(place.folder / "tb_gateway.json")
        code = f"from thingsboard_gateway.tb_gateway import TBGatewayService as T; T({main!r})"
        return ["env", "-C", str(place.folder), str(self._python), "-c", code]  # it writes logs where it stands

    def _slave(self, place: Place, unit: int, *, alarm: bool) -> dict[str, Any]:
        reading = {"functionCode": 4, "address": 0 if alarm else 1, "objectsCount": 1 if alarm else MEASURES}
        reading |= {"tag": "alarm", "type": "16uint"} if alarm else {"tag": "measures", "type": "bytes"}
        return {
            "type": "serial", "method": "rtu", "port": str(place.port), "baudrate": 9600, "stopbits": 1, "bytesize": 8,
            "parity": "N", "timeout": 0.3, "retries": 0, "unitId": unit, "byteOrder": "BIG", "wordOrder": "BIG",
            "deviceName": f"unit{unit}", "deviceType": "default", "pollPeriod": ALARM_PERIOD if alarm else 10_000,
            "connectAttemptTimeMs": 500, "connectAttemptCount": 5, "waitAfterFailedAttemptsMs": 30000,
            "reportStrategy": {"type": "ON_CHANGE"}, "attributes": [], "timeseries": [reading],
        }  # fmt: skip

    def reply(self, topic: str) -> tuple[str, str] | None:
        """It asks its server for limits before it sends anything: there are none."""
        limits = {"rateLimits": {}, "gatewayRateLimits": {}, "maxInflightMessages": 0, "maxPayloadSize": 65536}
        return (topic.replace("request", "response"), json.dumps(limits)) if "/rpc/request/" in topic else None

    def alarms(self, _: str, payload: Any) -> Mapping[int, bool]:
        """{"unit7": [{"ts": …, "values": {"alarm": 1000}}]}."""
        found = {}
        for name, entries in payload.items():
            unit = re.fullmatch(r"unit(\d+)", name)
            for entry in entries if unit else ():
                values = entry.get("values", entry)
                if unit and "alarm" in values:
                    found[int(unit[1])] = values["alarm"] >= 500
        return found
