"""The control face: the hands that move a simulated estate, over HTTP on loopback."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import fields
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulators.ask import Ask, ControlError
from simulators.bodies import PRESS
from simulators.calling import CallingLine
from simulators.estate import Estate, put
from simulators.faults import LineFaults, UnitFaults
from simulators.site import SiteError
from simulators.unit import FieldError
from simulators.wire import Socket, StreamLine

Verb = Callable[[Ask], Awaitable[dict[str, object]]]


class Hands:
    """One method for each thing that can be done; its name is the path, its keys are the JSON's."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate

    async def set(self, ask: Ask) -> dict[str, object]:
        """A measured value: device, field, value."""
        unit = ask.name("device", self._estate.units)
        field, value = ask.one("field", str), ask.any("value")
        ask.done()
        unit.values.set(field, value)
        return {}

    async def drift(self, ask: Ask) -> dict[str, object]:
        """Let a device's numbers swing by a share: device, share."""
        unit, share = ask.name("device", self._estate.units), ask.one("share", float)
        ask.done()
        unit.values.drift = share
        return {}

    async def input(self, ask: Ask) -> dict[str, object]:
        """What is wired to an input, as a person sees it (inverted contacts are turned round): device, channel, on."""
        device, channel, on = ask.one("device", str), ask.one("channel", str), ask.one("on", bool)
        ask.done()
        self._estate.terminal("channel", f"{device}.{channel}").drive(on)
        return {}

    async def press(self, ask: Ask) -> dict[str, object]:
        """An input on and, after some seconds, off: device, channel, seconds."""
        device, channel = ask.one("device", str), ask.one("channel", str)
        seconds = ask.one("seconds", float, PRESS)
        ask.done()
        terminal = self._estate.terminal("channel", f"{device}.{channel}")
        terminal.drive(True)
        clock = self._estate.clock
        clock.at(clock.now() + seconds, lambda: terminal.drive(False))
        return {}

    async def swipe(self, ask: Ask) -> dict[str, object]:
        """A card before a reader: reader, number (ten decimal digits), seconds."""
        reader = ask.name("reader", self._estate.readers)
        number, seconds = ask.one("number", str), ask.one("seconds", float, 0.3)
        ask.done()
        reader.swipe(number, seconds)
        self._estate.diary.note("cards", "swiped", card=number)
        return {}

    async def car(self, ask: Ask) -> dict[str, object]:
        """lane, do: arrives, leaves or drives."""
        boom = ask.name("lane", self._estate.booms)
        deed = ask.name("do", {"arrives": boom.arrive, "leaves": boom.leave, "drives": boom.drive})
        ask.done()
        deed()
        return {"lane": boom.state()}

    async def jam(self, ask: Ask) -> dict[str, object]:
        """A boom whose motor fails: lane, on."""
        boom, on = ask.name("lane", self._estate.booms), ask.one("on", bool)
        ask.done()
        boom.jam(on)
        return {"lane": boom.state()}

    async def door(self, ask: Ask) -> dict[str, object]:
        """door, do: push, force, shut or exit, seconds until it falls shut or the button is let go."""
        door = ask.name("door", self._estate.doors)
        seconds = ask.maybe("seconds", float)
        deeds: dict[str, Callable[[], object]] = {
            "push": lambda: door.push(seconds),
            "force": lambda: door.force(seconds),
            "shut": door.shut,
            "exit": lambda: door.press_exit(PRESS if seconds is None else seconds),
        }
        deed = ask.name("do", deeds)
        ask.done()
        deed()
        return {"door": door.state()}

    async def fire(self, ask: Ask) -> dict[str, object]:
        """A zone's fire contact: zone, on, which (0 is the first)."""
        fires, on = ask.name("zone", self._estate.fires), ask.one("on", bool)
        which = ask.one("which", int, 0)
        ask.done()
        if not 0 <= which < len(fires):
            raise ControlError(f"which: this zone has {len(fires)} fire contacts, counted from 0", 404)
        fires[which].hold(on)
        return {}

    async def power(self, ask: Ask) -> dict[str, object]:
        """Off and on again: device."""
        unit = ask.name("device", self._estate.units)
        ask.done()
        unit.power_cycle()
        return {}

    async def unit(self, ask: Ask) -> dict[str, object]:
        """What is wrong with a unit: device, silent, late_ms, delay_ms, corrupt, half, lost, doubled, foreign."""
        devices = {name: self._estate.socket(name) for name in self._estate.units}
        place: Socket = ask.name("device", devices)
        for key, field in (("late_ms", "late"), ("delay_ms", "delay")):
            milliseconds = ask.maybe(key, float)
            if milliseconds is not None:
                setattr(place.faults, field, milliseconds / 1000)
        self._faults(ask, place.faults, skip=("late", "delay"))
        return {"unit": place.state()}

    async def line(self, ask: Ask) -> dict[str, object]:
        """What is wrong with a line: line, cut, noise (share of answers), echo, plugged."""
        line = ask.name("line", self._estate.lines)
        plugged = ask.maybe("plugged", bool)
        self._faults(ask, line.faults, skip=("dice",))
        if plugged is False:
            line.unplug()
        elif plugged:
            await line.replug()
        return {"line": line.state()}

    async def babble(self, ask: Ask) -> dict[str, object]:
        """Bytes that nobody asked for on a line: line, hex."""
        line, text = ask.name("line", self._estate.lines), ask.one("hex", str)
        ask.done()
        if not isinstance(line, StreamLine | CallingLine):
            raise ControlError(f"{line.name} is a gateway: nothing on it speaks unasked", 409)
        line.speak(bytes.fromhex(text))
        return {}

    @staticmethod
    def _faults(ask: Ask, faults: UnitFaults | LineFaults, skip: tuple[str, ...]) -> None:
        names = [each.name for each in fields(faults) if each.name not in skip]
        wanted = {name: ask.maybe(name, type(getattr(faults, name))) for name in names}
        ask.done()
        for name, value in wanted.items():
            if value is not None and value < 0:
                raise ControlError(f"{name}: {value} is below 0")
        for name, value in wanted.items():
            if value is not None:
                setattr(faults, name, value)


def app(estate: Estate) -> Starlette:
    """GET /state, GET /log?after=N, and POST for every method of `Hands`."""
    hands = Hands(estate)
    verbs: dict[str, Verb] = {name: getattr(hands, name) for name in vars(Hands) if not name.startswith("_")}

    async def state(_: Request) -> Response:
        return JSONResponse(estate.state())

    async def log(request: Request) -> Response:
        after = request.query_params.get("after", "0")
        if not after.isdigit():
            return JSONResponse({"error": f"after: a line number is wanted, found {after!r}"}, 400)
        return JSONResponse({"number": estate.diary.number, "lines": estate.diary.after(int(after))})

    async def act(request: Request) -> Response:
        name = request.path_params["verb"]
        if name not in verbs:
            return JSONResponse({"error": f"no verb {name!r}; there are: {', '.join(verbs)}"}, 404)
        try:
            ask = Ask(json.loads(await request.body() or b"{}"))
            begun = estate.clock.now()
            return JSONResponse({"ok": True, "at": begun, **await verbs[name](ask)})
        except ControlError as wrong:
            return JSONResponse({"error": str(wrong)}, wrong.status)
        except (LookupError, OSError) as impossible:
            return JSONResponse({"error": str(impossible)}, 409)
        except (FieldError, SiteError, ValueError) as wrong:
            return JSONResponse({"error": str(wrong)}, 400)

    return Starlette(
        routes=[Route("/state", state), Route("/log", log), Route("/{verb}", act, methods=["POST"])],
    )


class _Server(uvicorn.Server):
    """Signals belong to whoever owns the loop."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield


@asynccontextmanager
async def facing(estate: Estate, folder: Path, port: int = 0) -> AsyncIterator[str]:
    """The control face, served while the block runs; its address stands in `control.json`. OSError when taken."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        settings = uvicorn.Config(app(estate), log_config=None, access_log=False, lifespan="off", ws="none",
                                  timeout_graceful_shutdown=1)  # fmt: skip
        server = _Server(settings)
        file = folder / "control.json"
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(server.serve(sockets=[listener]))
            try:
                put(file, json.dumps({"address": address}) + "\n")
                yield address
            finally:
                file.unlink(missing_ok=True)
                server.should_exit = True
                await asyncio.wait([serving], timeout=2.0)
                serving.cancel()
