"""A remote platform after GB/T 45839-2025 annex D, by hand from the tables: it takes what they list, no more."""

import json
import ssl
import threading
from datetime import date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TEXTS = [
    "company", "serial", "name", "categoryName", "netType", "client", "address", "deviceAddress", "productingDate",
    "activeTime", "organizationName", "area", "responsible", "mobile",
]  # fmt: skip
INSTALL: dict[str, Any] = dict.fromkeys(TEXTS, str) | {"longitude": (int, float), "latitude": (int, float)}
STATUS: dict[str, Any] = {
    "company": str,
    "serial": str,
    "status": int,
    "signalStrength": int,
    "batteryPercentage": int,
    "datetime": str,
}
STATES = {1: "normal", 2: "alarm", 3: "fault", 4: "shielded"}


def complaint(interface: str, told: Any) -> str:  # noqa: ANN401 - what JSON gives
    """Why an object is not one of the tables'; "" when it is."""
    table: dict[str, Any] = {"Install_info": INSTALL, "status_info": STATUS}.get(interface, {})
    if not table or not isinstance(told, dict):
        return "no such interface, or no object"
    for name, value in told.items():
        if name not in table or isinstance(value, bool) or not isinstance(value, table[name]):
            return f"{name} is not in the table, or of another type"
    if not {"company", "serial"} <= told.keys():
        return "company or serial is missing"
    try:
        if "productingDate" in told:
            date.fromisoformat(told["productingDate"])
        if interface == "status_info":
            datetime.strptime(told["datetime"], "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - the table has no zone
    except (ValueError, KeyError):
        return "a date is missing, or of another form"
    if interface == "status_info" and told.get("status") not in STATES:
        return "status is 1, 2, 3 or 4"
    return ""


class Platform:
    """It listens on 127.0.0.1; `said` is what came, in order; `registered` and `refuses` are serials."""

    def __init__(self, context: ssl.SSLContext | None = None, *, strict: bool = True) -> None:
        """`strict`: a status of a device that was never installed is refused."""
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.wrong: list[str] = []
        self.registered: set[str] = set()
        self.refuses: set[str] = set()
        self.instead: bytes | None = None
        """Answered to everything in place of the table's answer."""
        self.hold: threading.Event | None = None
        """Nothing is answered to a fault before this is set."""
        self._strict = strict
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def states(self, serial: str) -> list[int]:
        """The states of one device, as they came."""
        return [told["status"] for what, told in self.said if what == "status_info" and told["serial"] == serial]

    def take(self, interface: str, body: bytes) -> bytes:
        """The answer to one request."""
        told = json.loads(body)
        why = complaint(interface, told)
        if why:
            self.wrong.append(f"{interface}: {why}: {told}")
            return b'{"success":0}'
        if self.hold is not None and told.get("status") == 3:
            self.hold.wait(5)
        serial = told["serial"]
        unknown = self._strict and interface == "status_info" and serial not in self.registered
        self.said.append((interface, told))
        if serial in self.refuses or unknown:
            return b'{"success":0}'
        if interface == "Install_info":
            self.registered.add(serial)
        return b'{"success":1}'

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def _handler(platform: Platform) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            answer = platform.take(self.path.rpartition("/")[2], body)
            if platform.instead is not None:
                answer = platform.instead
            self.send_response(200)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    return Handler
