"""Checks of what a driver makes of a wire as wires are: pieces, noise, wrong bits, strangers, echoes, rubbish."""

from collections.abc import Iterator
from typing import Any

from daemon.plugins.kit.golden import Frame
from daemon.plugins.kit.trial import NoScanError, Said, Trial, short
from daemon.plugins.kit.verdict import Finding, Skip, finding

_FLIPS = 1500
"""Wrong bits tried at most."""
_RUBBISH = 250
_FLOOD = 4096
_HELD = 1024
"""Bytes of rubbish that may at most be kept for something that they can never become."""
_STEPS = 0.5
"""Calls of find for each byte of rubbish."""
_QUIET_NOISE = (b"\x00", b"\xff", b"\x00\x00\x00")
"""What a line between two senders sounds like to most receivers."""


def pieces(trial: Trial) -> Iterator[Finding]:
    """Byte by byte or in one piece, it is the same."""
    for frame in trial.need_frames():
        whole = trial.say(frame, frame.heard)
        for size in (1, 2, 5):
            parts = trial.say(frame, frame.heard, size)
            if parts.meaning != whole.meaning:
                yield finding("pieces", frame=frame.name, found=parts, wanted=whole)
                break


def noise(trial: Trial) -> Iterator[Finding]:
    """Behind noise it is found, or missed; never something else."""
    lost = tried = 0
    for frame in trial.need_frames():
        wanted = trial.say(frame, frame.heard)
        for before in _QUIET_NOISE:
            said = trial.say(frame, before + frame.heard)
            if said.meaning != wanted.meaning:
                code = "noise_wrong" if said.found and not said.refused else "noise_lost"
                yield finding(code, frame=frame.name, noise=short(before), found=said)
        for before in trial.rubbish(10, 12):
            said, tried = trial.say(frame, before + frame.heard), tried + 1
            lost += not said.found
            if _means_else(said, wanted) and trial.checksum:
                yield finding("noise_wrong", frame=frame.name, noise=short(before), found=said)
    trial.figures |= {"tried": tried, "missed": lost}


def flips(trial: Trial) -> Iterator[Finding]:
    """One wrong bit is never believed."""
    frames = trial.need_frames()
    if not trial.checksum:
        raise Skip("no_checksum")
    bits = [(frame, bit) for frame in frames for bit in range(8 * len(frame.heard))]
    if len(bits) > _FLIPS:
        bits = trial.dice.sample(bits, _FLIPS)
    trial.figures["bits"] = len(bits)
    meant: dict[int, Said] = {}
    for frame, bit in bits:
        wanted = meant.get(id(frame)) or meant.setdefault(id(frame), trial.say(frame, frame.heard))
        turned = bytearray(frame.heard)
        turned[bit // 8] ^= 1 << bit % 8
        said = trial.say(frame, bytes(turned))
        if _means_else(said, wanted):
            yield finding("flip", frame=frame.name, byte=bit // 8 + 1, sent=short(bytes(turned)), found=said)


def foreign(trial: Trial) -> Iterator[Finding]:
    """Another unit's answer is never believed, nor the answer to another question where it can be told."""
    frames = [frame for frame in trial.need_frames() if frame.hear is None]
    if not frames:
        raise Skip("listens")
    setting, mine, other = _neighbour(trial)
    stranger = trial.subject.make(**{setting: other})
    for frame in frames:
        said = trial.say(frame, frame.heard, device=stranger)
        if said.found and said.meaning == trial.say(frame, frame.heard).meaning:
            yield finding("foreign", setting=setting, mine=other, other=mine, found=said)
    for frame in frames:
        for answer in frames:
            if _differ(trial, frame, answer):
                said = trial.say(frame, answer.heard)
                if said.found and not said.refused and not answer.refused:
                    yield finding("other_answer", frame=frame.name, other=answer.name, found=said)


def _neighbour(trial: Trial) -> tuple[str, Any, Any]:
    """The setting that is the address, and another value of it that the driver takes."""
    for setting in ("unit", "address"):
        mine = trial.subject.settings.get(setting)
        if mine is None and trial.subject.driver.profile is not None and setting == "unit":
            mine = 1
        for other in _others(mine):
            try:
                trial.subject.make(**{setting: other})
            except (Skip, ValueError):
                continue
            return setting, mine, other
    raise Skip("no_address")


def _others(mine: object) -> list[Any]:
    if isinstance(mine, int):
        return [mine + 1, mine - 1]
    if isinstance(mine, str) and mine:
        return [mine[:-1] + other for other in "1234567" if other != mine[-1]]
    return []


def _differ(trial: Trial, frame: Frame, answer: Frame) -> bool:
    """An answer to another question, and one that can be told from a right one: by kind or by length."""
    if frame is answer or (frame.scan, frame.write, frame.refused) == (answer.scan, answer.write, answer.refused):
        return False
    return len(answer.heard) != trial.question(frame).expected and len(answer.heard) != len(frame.heard)


def doubled(trial: Trial) -> Iterator[Finding]:
    """An answer that comes twice counts once; an echo is no answer; half an answer is none."""
    for frame in trial.need_frames():
        wanted, heard = trial.say(frame, frame.heard), frame.heard
        said = trial.say(frame, heard + heard)
        if said.samples[:1] != wanted.samples[:1] or any(one not in wanted.samples for one in said.samples[1:]):
            yield finding("doubled", frame=frame.name, found=said)
        for missing in {1, 2, len(heard) // 2} - {0, len(heard)}:
            half = trial.say(frame, heard[:-missing])
            if half.found and not half.refused:
                yield finding("half", frame=frame.name, missing=missing, found=half)
        if frame.hear is None:
            yield from _echo(trial, frame, wanted)


def _echo(trial: Trial, frame: Frame, wanted: Said) -> Iterator[Finding]:
    request = trial.question(frame).request
    if request == frame.heard:  # such as the write of one register: the daemon takes the first for the echo
        return
    alone = trial.say(frame, request)
    if alone.found and len(request) == trial.question(frame).expected:  # a mirror, for which the daemon looks itself
        return
    if alone.found and not alone.refused:
        yield finding("echo_taken", frame=frame.name, found=alone)
    said = trial.say(frame, request + frame.heard)
    if said.meaning != wanted.meaning:
        yield finding("echo", frame=frame.name, found=said)


def rubbish(trial: Trial) -> Iterator[Finding]:
    """Rubbish is thrown away soon, in few steps, without a word; it is never an answer."""
    listen = _ear(trial)
    for sent in trial.rubbish(_RUBBISH):
        if any(frame.heard in sent for frame in trial.frames):
            continue
        said = listen(sent)
        if said.found and not said.refused and trial.checksum:
            yield finding("made_up", sent=short(sent), found=said)
    worst = 0.0
    for flood in (trial.dice.randbytes(_FLOOD), bytes(_FLOOD), b"\xff" * _FLOOD):
        said = listen(flood)
        worst = max(worst, said.steps / _FLOOD)
        if said.left > _HELD and not said.found:
            yield finding("kept", size=_FLOOD, left=said.left)
        if said.steps > _STEPS * _FLOOD:
            yield finding("many_steps", size=_FLOOD, steps=said.steps)
    trial.figures |= {"streams": _RUBBISH, "steps_per_byte": round(worst, 3)}


def _ear(trial: Trial) -> Any:  # noqa: ANN401
    """Hears a stream as one device would."""
    if trial.listens:
        frame = Frame(hear="00")
        return lambda stream: trial.say(frame, stream)
    scans = list(trial.device.scans())
    frames = [Frame(scan=scan.name, answer="00") for scan in scans] or trial.need_frames()

    def listen(stream: bytes) -> Said:
        try:
            return trial.say(frames[len(stream) % len(frames)], stream)
        except NoScanError:  # it has learnt something, and asks otherwise by now
            return Said()

    return listen


def _means_else(said: Said, wanted: Said) -> bool:
    """It was believed, as something else."""
    if not said.found or said.refused:
        return False
    return said.meaning != wanted.meaning
