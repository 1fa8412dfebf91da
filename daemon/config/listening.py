"""Lines at which devices call: who may call, and that what stands on them calls at all."""

from collections.abc import Mapping

from daemon.config.draft import Draft
from daemon.config.subscribers.subscriber import loopback
from daemon.config.validation import shown
from gatehouse.driver import Device, Listener


def check(draft: Draft, devices: Mapping[str, Device | Listener]) -> None:
    """Faults of such lines."""
    document = draft.document
    for name, line in draft.sound("lines"):
        where = ("lines", name)
        if line.listen is None:
            for key, written in (("peer", line.peer is not None), ("udp", line.udp)):
                if written:
                    document.fault((*where, key), "not_listening", value=key)
        elif line.peer is None and not loopback(line.listen.rpartition(":")[0]):
            document.fault((*where, "listen"), "listens_to_all", value=shown(line.listen))
    for name, entry in draft.sound("devices"):
        device, line = devices.get(name), draft.entries["lines"].get(entry.line)
        if device is not None and line is not None and line.listen is not None and not isinstance(device, Listener):
            spot = ("devices", name, "line")
            document.fault(spot, "cannot_listen", device=name, driver=entry.driver, line=entry.line)
