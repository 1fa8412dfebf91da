"""Hands channels over in a reload: whoever sends to a channel that stays finds it, and what waits there is not lost."""

from daemon.channels.outbox import Outbox
from daemon.crew import Crew
from daemon.parts import Daemon
from daemon.reload.difference import Difference


def swap(daemon: Daemon, change: Difference) -> dict[str, Outbox]:
    """Put the new outboxes in place of the old ones, which are answered; neither are started nor stopped."""
    ended = {name: daemon.channels.pop(name) for name in change.channels.ended}
    for name in change.channels.fresh:
        daemon.add_channel(name)
    return ended


async def hand_over(daemon: Daemon, crew: Crew, change: Difference, ended: dict[str, Outbox]) -> None:
    """Stop the old ones, give what waits in them to the new ones, and start those."""
    await crew.stop(*(f"channels.{name}" for name in ended))
    for name, outbox in ended.items():
        if name in daemon.channels:
            daemon.channels[name].take_over(outbox)
        else:
            outbox.abandon()
    for name in change.channels.fresh:
        crew.start(f"channels.{name}", daemon.channels[name].run)
