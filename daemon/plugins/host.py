"""The process of one third-party driver: loads it behind walls and a fence, then answers the daemon call by call.

It is started by `daemon.plugins.process`, speaks `daemon.plugins.wire` on the socket that it inherits, and ends when
that is closed. Whatever the driver raises becomes an answer; what it does worse than that ends this process alone.
"""

import hashlib
import importlib
import importlib.util
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from daemon.config import plugins
from daemon.plugins import walls, wire
from daemon.plugins.fence import Fence
from daemon.plugins.rights import declared, lacking
from daemon.plugins.wire import Outcome
from gatehouse.demands import Pulse
from gatehouse.driver import DriverError, Learner, Listener, Question, Scan, ScanClass, Writer

_ORPHAN = 20.0
"""Seconds after which a call ends the process: the daemon, which waits for far less, must be gone."""
_NATIVE = ("ctypes", "_ctypes")


class Host:
    """The driver and its devices."""

    def __init__(self) -> None:
        """Nothing loaded yet."""
        self._kind: plugins.Kind | None = None
        self._devices: dict[int, Any] = {}
        self._questions: dict[int, Question] = {}
        self._asked = 0
        self._forbidden: list[str] = []
        self._folder = ""

    def answer(self, packet: bytes) -> bytes:
        """The packet to send back; nothing that a driver raises gets past this."""
        number, verb, device, released, *given = msgspec.msgpack.decode(packet)
        for old in released:
            self._questions.pop(old, None)
        try:
            said = wire.ENCODER.encode((int(Outcome.DONE), number, getattr(self, f"_{verb}")(device, *given)))
            if len(said) > wire.MOST:
                raise ValueError(f"answered with {len(said)} bytes; at most {wire.MOST}")
        except DriverError as error:
            said = wire.ENCODER.encode((int(Outcome.REFUSED), number, wire.plain(str(error))))
        except BaseException as error:  # noqa: BLE001 - SystemExit and KeyboardInterrupt of a driver, too, are its fault
            said = wire.ENCODER.encode((int(Outcome.FAULT), number, self._blame(error)))
        if self._forbidden:
            said = wire.ENCODER.encode((int(Outcome.FORBIDDEN), number, wire.plain(self._forbidden[0])))
            self._forbidden.clear()
        return said

    def _load(self, _: int, source: str, module: str, allowed: list[Any]) -> wire.Description:
        """Read what the driver declares, raise walls and fence, and only then run its first line."""
        file = Path(source) if source else _file_of(module)
        text = file.read_bytes()
        rights = declared(text)
        digest = digest_of(file)
        if missing := lacking(rights, allowed):
            return wire.Description(rights, (), {}, (), digest, tuple(missing))
        self._folder = str(file.parent)
        sys.path[:] = [*filter(os.path.isdir, sys.path), self._folder]
        standing = walls.raise_all(rights)
        for name in _NATIVE:
            sys.modules.pop(name, None)
        Fence(rights, self._forbidden.append).raise_()
        loaded = _module(file) if source else importlib.import_module(module.partition(":")[0])
        build = getattr(loaded, module.partition(":")[2] or "Device")
        self._kind = plugins.described("drivers", file.stem, build)
        if self._kind.profile is not None:
            raise TypeError(
                "a third-party driver takes no profile; what differs between products belongs in its settings"
            )
        schema = self._kind.settings.model_json_schema(by_alias=True)
        return wire.Description(rights, tuple(sorted(self._kind.fields)), schema, tuple(standing), digest)

    def _make(self, device: int, values: dict[str, Any], filled: dict[str, Any]) -> wire.SaidDevice:
        if self._kind is None:
            raise RuntimeError("not loaded")
        settings = self._kind.settings.model_validate(values)
        made = self._devices[device] = self._kind.build(**self._kind.values(settings), **filled)
        listens = isinstance(made, Listener)
        points = [wire.said_point(point) for point in made.points()]
        scans = [] if listens else self._scans(device)
        for_all, tells_raw = bool(getattr(made, "answers_for_all", False)), hasattr(made, "raw")
        writes, learns = isinstance(made, Writer), isinstance(made, Learner)
        return wire.SaidDevice(listens, writes, learns, points, scans, for_all, tells_raw)

    def _drop(self, device: int) -> None:
        self._devices.pop(device, None)

    def _scans(self, device: int) -> list[wire.SaidScan]:
        return [wire.said_scan(scan) for scan in self._devices[device].scans()]

    def _ask(self, device: int, scan: list[Any]) -> wire.SaidQuestion:
        return self._keep(self._devices[device].ask(_scan(scan)))

    def _find(self, _: int, number: int, received: bytes) -> wire.SaidFound | None:
        found = self._questions[number].find(received)
        return None if found is None else wire.said_found(found)

    def _read(self, device: int, scan: list[Any], answer: bytes) -> dict[str, wire.SaidSample]:
        samples = self._devices[device].read(_scan(scan), answer)
        return {channel: wire.said_sample(sample) for channel, sample in samples.items()}

    def _write(self, device: int, channel: str, value: Any, seconds: float | None) -> wire.SaidQuestion:  # noqa: ANN401
        return self._keep(self._devices[device].write(channel, value if seconds is None else Pulse(value, seconds)))

    def _accept(self, device: int, number: int, answer: bytes) -> None:
        if (said := self._devices[device].accept(self._questions[number], answer)) is not None:
            raise TypeError(f"accept returned {said!r}; it returns nothing for yes, and raises DriverError for no")

    def _prepare(self, device: int) -> list[wire.SaidQuestion]:
        return [self._keep(question) for question in self._devices[device].prepare()]

    def _learn(self, device: int, scan: list[Any], answer: bytes) -> bool:
        return bool(self._devices[device].learn(_scan(scan), answer))

    def _raw(self, device: int, scan: list[Any], answer: bytes) -> dict[str, str]:
        return {
            channel: wire.plain(str(text)) for channel, text in self._devices[device].raw(_scan(scan), answer).items()
        }

    def _hear(self, device: int, received: bytes, now: float) -> Any:  # noqa: ANN401 - checked where it arrives
        heard = self._devices[device].hear(received, now)
        if heard is None:
            return None
        found, samples = heard
        return wire.said_found(found), {channel: wire.said_sample(sample) for channel, sample in samples.items()}

    def _keep(self, question: Question) -> wire.SaidQuestion:
        self._asked += 1
        self._questions[self._asked] = question
        return wire.said_question(self._asked, question)

    def _blame(self, error: BaseException) -> str:
        """What was raised, and the last line of the driver's own on the way to it."""
        frames = list(traceback.extract_tb(error.__traceback__, limit=-40))
        own = next(
            (frame for frame in reversed(frames) if self._folder and frame.filename.startswith(self._folder)), None
        )
        place = f" ({Path(own.filename).name}:{own.lineno})" if own else ""
        return wire.plain(f"{type(error).__name__}: {error}{place}")


def digest_of(file: Path) -> str:
    """SHA-256 of a driver's file and of those beside it, which it may import."""
    whole = hashlib.sha256()
    for beside in [file, *sorted(other for other in file.parent.glob("*.py") if other != file)]:
        whole.update(b"%s %d\n" % (beside.name.encode(), beside.stat().st_size) + beside.read_bytes())
    return whole.hexdigest()


def _scan(said: Sequence[Any]) -> Scan:
    name, kind, period, points, also = said
    return Scan(name=name, kind=ScanClass(kind), period=period, points=tuple(points), also=tuple(also))


def _file_of(module: str) -> Path:
    """The source of `package.module:Device`, found without running any of it."""
    name, *inner = module.partition(":")[0].split(".")
    spec = importlib.util.find_spec(name)
    places = [Path(spec.origin)] if spec and spec.origin else []
    if inner and spec:
        base = [Path(folder, *inner) for folder in spec.submodule_search_locations or ()]
        places = [place for stem in base for place in (stem.with_suffix(".py"), stem / "__init__.py")]
    found = next((place for place in places if place.suffix == ".py" and place.is_file()), None)
    if found is None:
        raise ModuleNotFoundError(f"no source of {module} is installed")
    return found


def _module(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"third_party_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file.name} is no Python file")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def serve(end: socket.socket, answer: Callable[[bytes], bytes]) -> None:
    """Answer until the daemon hangs up."""
    while packet := end.recv(wire.MOST):
        signal.setitimer(signal.ITIMER_REAL, _ORPHAN)
        end.send(answer(packet))
        signal.setitimer(signal.ITIMER_REAL, 0)


def main() -> None:
    """What the daemon starts: the number of the inherited socket is the last argument."""
    os.chdir("/")
    os.umask(0o077)
    sys.dont_write_bytecode = True
    with socket.socket(fileno=int(sys.argv[-1])) as end:
        serve(end, Host().answer)
