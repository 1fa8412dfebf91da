"""What every entry of a site may say by itself, but not all of them together."""

from collections.abc import Container, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from daemon.config.document import Document
from daemon.config.draft import Draft
from daemon.config.faults import Where, dotted, listed, nearest
from daemon.config.secrets import SecretError, Secrets
from daemon.config.validation import shown
from daemon.feeds import catalogue
from gatehouse.demands import Pulse
from gatehouse.driver import Device, DriverError, Listener, Writer

_INPUTS = {"doors": ("contact", "exit"), "lanes": ("presence", "up", "down")}


def relays(draft: Draft) -> None:
    """One relay does one thing, and what a relay was told is no proof of what happened."""
    document, owners = draft.document, dict[str, Where]()
    for where, point in _relays(draft):
        owner = owners.setdefault(point, where)
        if owner != where:
            document.fault(where, "used_twice", value=point, other=dotted(owner), first=document.place(owner))
    for where, point in _inputs(draft):
        if point in owners:
            owner = owners[point]
            document.fault(where, "own_relay", value=point, other=dotted(owner), first=document.place(owner))
    for section, settings in _INPUTS.items():
        for name, entry in draft.sound(section):
            _distinct(document, (section, name), [(setting, getattr(entry, setting)) for setting in settings])


def pulses(draft: Draft, devices: Mapping[str, Device | Listener]) -> None:
    """A boom is told by pulses: a relay that cannot time one would never move it, in a fire neither."""
    for name, lane in draft.sound("lanes"):
        for setting in ("open", "close"):
            point = getattr(lane, setting)
            device, channel = devices.get(point.partition(".")[0]), point.partition(".")[2]
            if not isinstance(device, Writer) or channel not in {known.name for known in device.points()}:
                continue  # told elsewhere
            try:
                device.write(channel, Pulse(True, lane.pulse))
            except DriverError as error:
                draft.document.fault(("lanes", name, setting), "no_pulse", value=point, why=error)
            except Exception as error:  # noqa: BLE001 - the edge of a plug-in
                draft.document.fault(("lanes", name, setting), "driver_refuses", why=error)


def read_back(draft: Draft, devices: Mapping[str, Device | Listener], read: Mapping[str, Container[str]]) -> None:
    """A lock, siren or lamp is compared with its read-back for ever: a coil that is only pushed has none.

    `read`: the channels of each device that are read. A boom's relays are seen to by `pulses`."""
    for where, point in _relays(draft):
        device, _, channel = point.partition(".")
        known = {point.name for point in devices[device].points() if point.writable} if device in devices else set()
        if where[0] != "lanes" and channel in known and channel not in read[device]:
            draft.document.fault(where, "no_read_back", value=point)


def _relays(draft: Draft) -> Iterator[tuple[Where, str]]:
    for name, door in draft.sound("doors"):
        yield ("doors", name, "lock"), door.lock
    for name, lane in draft.sound("lanes"):
        yield ("lanes", name, "open"), lane.open
        yield ("lanes", name, "close"), lane.close
    for name, output in draft.sound("outputs"):
        yield ("outputs", name, "relay"), output.relay


def _inputs(draft: Draft) -> Iterator[tuple[Where, str]]:
    for section, settings in _INPUTS.items():
        for name, entry in draft.sound(section):
            yield from (
                ((section, name, setting), point)
                for setting in settings
                if (point := getattr(entry, setting)) is not None
            )
    for name, zone in draft.sound("zones"):
        yield from ((("zones", name, "fire", number), point) for number, point in enumerate(zone.fire))


def _distinct(document: Document, where: Where, points: Sequence[tuple[str, str | None]]) -> None:
    seen: dict[str, str] = {}
    for setting, point in points:
        if point is None:
            continue
        other = seen.setdefault(point, setting)
        if other != setting:
            first = document.place((*where, other))
            document.fault((*where, setting), "same_input", value=point, other=other, first=first)


def zones(draft: Draft, releases: dict[str, Sequence[str]]) -> None:
    """A fire that frees no door, and a release that no fire can cause. `releases`: zone -> full names."""
    guarded = set(_guarded(draft))
    for name, zone in draft.sound("zones"):
        where, release = ("zones", name), releases[name]
        if zone.fire and not release:
            draft.document.fault((*where, "release"), "fire_frees_nothing", at_key=True)
        elif zone.fire and not any(output.startswith("doors.") or "." not in output for output in release):
            known = listed(f"doors.{door}" for door in draft.entries["doors"])
            draft.document.fault((*where, "release"), "fire_frees_no_door", at_key=True, known=known)
        elif not zone.fire and name not in guarded and (release or zone.sirens):
            what = listed([*release, *zone.sirens])
            draft.document.fault((*where, "fire"), "fire_never", at_key=True, what=what)


def _guarded(draft: Draft) -> Iterator[str]:
    """Zones that detectors of our own may free."""
    for _, raw in draft.sound("rules"):
        if raw.get("kind") == "smoke":
            yield str(raw.get("zone", "")).removeprefix("zones.")


def subscribers(draft: Draft, secrets: Secrets | None) -> None:
    """Names and passwords in clear, events that never happen, secrets that are not there (unless `secrets` is None)."""
    for name, subscriber in draft.sound("subscribers"):
        where = ("subscribers", name)
        for doubt in subscriber.doubts():
            draft.document.fault((*where, doubt.key), doubt.code, **doubt.values)
        for number, pattern in enumerate(subscriber.kinds):
            if not any(fnmatchcase(kind, pattern) for kind in catalogue.EVENTS):
                near, known = nearest(pattern, catalogue.EVENTS), _families()
                draft.document.fault(
                    (*where, "kinds", number), "no_such_events", nearest=near, value=shown(pattern), known=known
                )
        if secrets is not None:
            names = {key: getattr(subscriber, key) for key in subscriber.secrets}
            _secrets(draft.document, where, names, secrets)


def channels(draft: Draft, secrets: Secrets | None) -> None:
    """Messages in clear, gaps that nothing fills, secrets that are not there (unless `secrets` is None)."""
    for name, channel in draft.sound("channels"):
        where = ("channels", name)
        for doubt in channel.doubts():
            draft.document.fault((*where, doubt.key), doubt.code, **doubt.values)
        if secrets is not None:
            for spot, secret in channel.secrets().items():
                _secrets(draft.document, (*where, *spot[:-1]), {str(spot[-1]): secret}, secrets)


def _families() -> str:
    return listed(sorted({f"{kind.partition('.')[0]}.*" for kind in catalogue.EVENTS}))


def _secrets(document: Document, where: Where, wanted: dict[str, str | None], secrets: Secrets) -> None:
    for key, name in wanted.items():
        if name is not None:
            try:
                secrets.read(name)
            except SecretError as error:
                document.fault((*where, key), error.code, **error.values)  # type: ignore[arg-type] # no `at_key` there
