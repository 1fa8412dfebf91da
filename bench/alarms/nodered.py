"""Node-RED with node-red-contrib-modbus: a flow tuned by hand, which asks the alarm registers in a ring."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.alarms.contestant import Place
from bench.alarms.street import MEASURES, PERIOD, UNITS

NODE_RED, MODBUS = "4", "5.23"
_NEXT = f"""
const now = Date.now(), n = {UNITS};
let due = context.get('due');
if (!due) {{ due = []; for (let u = 1; u <= n; u++) due.push(now + {PERIOD * 1000} * u / n); }}
let turn = (context.get('turn') || 0) + 1;
let late = due.indexOf(Math.min(...due));
if (turn % 6 === 0 && due[late] <= now) {{
    due[late] += {PERIOD * 1000};
    context.set('due', due); context.set('turn', turn);
    return {{payload: {{value: 0, fc: 4, unitid: late + 1, address: 1, quantity: {MEASURES}}}, asked: 0}};
}}
let unit = (context.get('unit') || 0) % n + 1;
context.set('unit', unit); context.set('due', due); context.set('turn', turn);
return {{payload: {{value: 0, fc: 4, unitid: unit, address: 0, quantity: 1}}, asked: unit}};
"""
_DONE = """
if (!msg.asked || !Array.isArray(msg.payload) || !msg.payload.length) return [null, {}];
const alarm = msg.payload[0] >= 500, known = context.get('u' + msg.asked);
if (known === alarm) return [null, {}];
context.set('u' + msg.asked, alarm);
return [{topic: 'nodered/' + msg.asked, payload: JSON.stringify({alarm})}, {}];
"""


class NodeRed:
    """One exchange after the other: what comes back, or fails, starts the next."""

    name = "Node-RED"
    topics = ("nodered/#",)

    def __init__(self) -> None:
        self._home = Path()

    def install(self, where: Path) -> str:
        """From npm, into a folder of its own."""
        npm = shutil.which("npm")
        if npm is None:
            raise FileNotFoundError("Node-RED needs Node.js and npm; install them or leave it out with --without")
        self._home = where / "nodered"
        if not (self._home / "node_modules" / "node-red").is_dir():
            self._home.mkdir(parents=True, exist_ok=True)
            packages = [f"node-red@{NODE_RED}", f"node-red-contrib-modbus@{MODBUS}"]
            words = [npm, "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(self._home)]
            subprocess.run([*words, *packages], check=True, stdout=subprocess.DEVNULL)
        found = [json.loads((self._home / "node_modules" / name / "package.json").read_text())["version"]
                 for name in ("node-red", "node-red-contrib-modbus")]  # fmt: skip
        return f"Node-RED {found[0]}, node-red-contrib-modbus {found[1]}"

    def command(self, place: Place) -> list[str]:
        """Write the flow and the settings."""
        (place.folder / "flows.json").write_text(json.dumps(self._flow(place)))
        (place.folder / "settings.js").write_text(
            "module.exports = {uiPort: 0, uiHost: '127.0.0.1', httpAdminRoot: false, httpNodeRoot: false,"
            " flowFile: 'flows.json', logging: {console: {level: 'warn'}}}\n"
        )
        program = self._home / "node_modules" / "node-red" / "red.js"
        return ["node", str(program), "--userDir", str(place.folder), "--settings", str(place.folder / "settings.js")]

    def _flow(self, place: Place) -> list[dict[str, Any]]:
        client = {
            "id": "bus", "type": "modbus-client", "name": "", "clienttype": "simpleser", "bufferCommands": True,
            "stateLogEnabled": False, "queueLogEnabled": False, "failureLogEnabled": False,
            "serialPort": str(place.port), "serialType": "RTU-BUFFERD", "serialBaudrate": "9600",
            "serialDatabits": "8", "serialStopbits": "1",
            "serialParity": "none", "serialConnectionDelay": "100", "unit_id": "1", "commandDelay": "1",
            "clientTimeout": "300", "reconnectOnTimeout": False, "reconnectTimeout": "2000",
            "parallelUnitIdsAllowed": False,
        }  # fmt: skip
        getter = {
            "id": "get", "type": "modbus-flex-getter", "z": "tab", "name": "", "showStatusActivities": False,
            "showErrors": False, "showWarnings": False, "logIOActivities": False, "server": "bus", "useIOFile": False,
            "ioFile": "", "useIOForPayload": False, "emptyMsgOnFail": True, "keepMsgProperties": True,
            "delayOnStart": False, "startDelayTime": "", "wires": [["done"], []],
        }  # fmt: skip
        return [
            {"id": "tab", "type": "tab", "label": "street"},
            client,
            {"id": "mq", "type": "mqtt-broker", "broker": "127.0.0.1", "port": str(place.broker),
             "protocolVersion": "4", "keepalive": "60", "cleansession": True, "autoConnect": True},
            {"id": "go", "type": "inject", "z": "tab", "props": [], "repeat": "", "once": True, "onceDelay": 3,
             "wires": [["next"]]},
            {"id": "next", "type": "function", "z": "tab", "func": _NEXT, "outputs": 1, "wires": [["get"]]},
            getter,
            {"id": "done", "type": "function", "z": "tab", "func": _DONE, "outputs": 2, "wires": [["out"], ["next"]]},
            {"id": "out", "type": "mqtt out", "z": "tab", "topic": "", "qos": "1", "retain": "false", "broker": "mq",
             "wires": []},
        ]  # fmt: skip

    def reply(self, _: str) -> None:
        """It asks for nothing."""

    def alarms(self, topic: str, payload: Any) -> Mapping[int, bool]:
        """nodered/UNIT {"alarm": true}."""
        return {int(topic.rpartition("/")[2]): bool(payload["alarm"])}
