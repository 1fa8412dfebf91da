"""`gatehouse demo`: the small estate, simulated, tells its story on the terminal, and every line of it is checked."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path

from httpx2 import HTTPError
from rich.text import Text

from simulators.broker import HOST, BrokerError
from simulators.child import DiedError
from simulators.client import ControlRefusedError
from simulators.guard import Guard, ours
from simulators.screen import Language, Screen, Words, clock
from simulators.stage import SiteCopy, Stage, StageError, folder_for, shipped
from simulators.story import TELLER, Story, UntoldError
from simulators.story_end import tell_end
from simulators.story_scenes import PACE, SCENES, Scene

_ARMED = 25.0
"""Seconds in which the daemon is on guard, on the slowest machine."""
_SIGNALLED = 128
"""Exit status after a signal is this and its number, as shells have it: 130 after Ctrl-C."""
_FAILED = 1
_WRONG = 2


async def run(
    site: Path | None,
    *,
    scenario: str | None = None,
    forever: bool = False,
    language: Language = "both",
    folder: Path | None = None,
) -> int:
    """Tell the story: 0 when it was true, 1 when something in it failed, 2 when it cannot be set up, 130 on Ctrl-C."""
    screen = Screen(language)
    try:
        scenes = _choose(scenario)
        with folder_for(folder) as place:
            return await _until_stopped(lambda: _perform(site or shipped(), place, scenes, screen, forever=forever))
    except (StageError, BrokerError) as error:
        screen.console.print(Text(f"✘ {error}", "bold red"))
        return _WRONG


def _choose(name: str | None) -> list[Scene]:
    if name is None:
        return list(SCENES.values())
    if name not in SCENES:
        known = "\n".join(f"  {scene.name:10} {scene.words.zh} · {scene.words.en}" for scene in SCENES.values())
        raise StageError(f"没有场景 {name!r}，可选： There is no scenario {name!r}; there are:\n{known}")
    return [SCENES[name]]


async def _until_stopped(perform: Callable[[], Awaitable[int]]) -> int:
    """Perform, unless a signal comes first; either way all is taken down before this returns."""
    loop, me = asyncio.get_running_loop(), asyncio.current_task()
    stopped_by = 0

    def stop(number: int) -> None:
        nonlocal stopped_by
        if not stopped_by and me is not None:  # the second Ctrl-C must not stop the clearing up
            stopped_by = number
            me.cancel()

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(each, stop, each)
    try:
        return await perform()
    except asyncio.CancelledError:
        return _SIGNALLED + stopped_by


async def _perform(site: Path, folder: Path, scenes: list[Scene], screen: Screen, *, forever: bool) -> int:
    copy = SiteCopy(site, folder / "site")
    _check_cast(copy, scenes)
    copy.quicken(PACE)
    guard = Guard(copy, folder / "phone") if forever else None  # nobody has the time for a phone in a short story
    stage = Stage(folder, copy, others=guard.accounts if guard else ())
    if guard is not None:
        stage.dress = partial(guard.join, command=stage.command_line)
    async with AsyncExitStack() as stack:
        try:
            with screen.waiting(Words("搭建模拟小区", "setting up the simulated estate"), _ARMED):
                await stage.raise_curtain(stack)
            async with asyncio.TaskGroup() as group:
                await stage.daemon.start()
                watchers = [group.create_task(child.watch()) for child in stage.children()]
                status = await _tell(stage, scenes, screen)
                if guard is not None:
                    _invite(stage, guard, screen)
                    with suppress(asyncio.CancelledError):  # that is how it is meant to end
                        await asyncio.Event().wait()
                for watcher in watchers:
                    watcher.cancel()
        except* DiedError as died:
            for error in died.exceptions:
                _mourn(error, screen)
            status = _FAILED
        except* (HTTPError, ControlRefusedError) as lost:
            first = lost.exceptions[0]
            silent = f"演示的一个进程不再应答 · a process of the demo answers no more ({type(first).__name__})"
            screen.console.print(Text(f"✘ {str(first) or silent}", "bold red"))
            _point_to_logs(stage, screen)
            status = _FAILED
    return status


def _check_cast(copy: SiteCopy, scenes: list[Scene]) -> None:
    for scene in scenes:
        for subject in (*scene.needs, f"subscribers.{TELLER}"):
            section, _, name = subject.partition(".")
            if name not in copy.section(section):
                raise StageError(
                    f"{copy.path.name}: scene {scene.name!r} needs {subject}, which this site does not have"
                )


async def _tell(stage: Stage, scenes: list[Scene], screen: Screen) -> int:
    _open(stage, screen)
    begun = asyncio.get_running_loop().time()
    try:
        await _arm(stage, screen)
        story = Story(stage, screen)
        for number, scene in enumerate(scenes, 1):
            await story.quiet()
            screen.heading(number, scene.words)
            await scene.play(story)
        screen.heading(len(scenes) + 1, Words("谁看到了什么", "Who got to know what"))
        await tell_end(stage, story, screen)
    except UntoldError:
        _point_to_logs(stage, screen)
        return _FAILED
    took = asyncio.get_running_loop().time() - begun
    screen.note(Words(f"{screen.checked} 处核对，全部属实，用时 {took:.0f} 秒",
                      f"{screen.checked} things checked, all true, in {took:.0f} s"))  # fmt: skip
    return 0


def _open(stage: Stage, screen: Screen) -> None:
    header = stage.copy.section("site")
    screen.title(
        Words(f"gatehouse 演示：{header['name']}", "demo of a simulated estate"),
        [
            Words("所有设备都是模拟的，总线、协议、规则、日志、MQTT 都是真的。",
                  "The devices are simulated; lines, protocols, rules, journal and MQTT are the real ones."),
            Words(f"时间为小区当地时间（{stage.copy.zone.key}）；右侧是从起因到这一刻的时间。",
                  f"Times are the estate's ({stage.copy.zone.key}); on the right, the time since the cause."),
            Words(f"MQTT 代理：{stage.broker.program} {HOST}:{stage.broker.port}",
                  f"MQTT broker: {stage.broker.program} at {HOST}:{stage.broker.port}"),
        ],
    )  # fmt: skip


async def _arm(stage: Stage, screen: Screen) -> None:
    """The daemon has read everything that decides something, and is on guard."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    words = Words("守护进程启动，读取全部输入", "the daemon starts and reads all inputs")
    try:
        with screen.waiting(words, _ARMED):
            armed = await stage.ears[TELLER].until(lambda heard: heard.kind == "daemon.armed", 0, _ARMED)
    except TimeoutError:
        seen = [f"{heard.kind} {heard.subject}" for heard in stage.ears[TELLER].heard]
        words = Words(f"{_ARMED:g} 秒内没有布防", f"not armed within {_ARMED:g} s")
        screen.fault(clock(stage.copy.zone), "gatehouse", words, seen[-8:])
        raise UntoldError from None
    words = Words("已布防：全部输入已读到，开始守护", "armed: every input was read once, on guard")
    screen.saw(clock(stage.copy.zone), "gatehouse", words, armed.at - begun)


def _mourn(error: BaseException, screen: Screen) -> None:
    """Say which process died, and its last words."""
    if not isinstance(error, DiedError):
        raise error
    screen.console.print(Text(f"✘ 进程意外结束 · a process ended that should not: {error}", "bold red"))
    for line in error.child.tail():
        screen.lines(f"  {line}")


def _point_to_logs(stage: Stage, screen: Screen) -> None:
    for child in stage.children():
        last = child.tail(4)
        if last:
            screen.lines(f"{child.name} ({child.log}):")
        for line in last:
            screen.lines(f"  {line}")


def _invite(stage: Stage, guard: Guard, screen: Screen) -> None:
    """What one can try oneself while all of it goes on."""
    screen.console.print()
    screen.note(
        Words("演示继续运行，Ctrl-C 结束。另开一个终端试试：", "It goes on until Ctrl-C. In another terminal, try:")
    )
    for name, ear in stage.ears.items():
        screen.lines(f"mosquitto_sub -h {HOST} -p {stage.broker.port} -u {name} -P {stage.passwords[name]} "
                     f"-V 311 -q 1 -t '{ear.root}/#' -v")  # fmt: skip
    screen.note(Words("巡逻员李四的手机，和让它响的命令：", "a guard's phone, and what makes it ring:"))
    screen.lines(guard.phone(stage.broker.port))
    for words in ("ladder test li --by 我", "drill start b12 --by 我 --minutes 5 --reason 试试", "status",
                  "events --follow", "door north open --reason 试试 --by 我"):  # fmt: skip
        screen.lines(f"{ours()} {words} --state {stage.state}")
    screen.lines(f'curl -X POST {stage.control_address}/fire -d \'{{"zone": "b12", "on": true}}\'')
