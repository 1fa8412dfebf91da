"""A subscriber that takes GB/T 45839-2025 annex D: two JSON objects over HTTPS, and `{"success": 1}` as the answer.

`Install_info` once for each device when the daemon begins to serve the platform, `status_info` at each change. The
standard names the interfaces and their fields and no more; what it leaves open stands in docs/feeds-outward.md.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from typing import Any

import msgspec
import structlog

from daemon.clock import Clock
from daemon.config.subscribers import Gb45839
from daemon.config.subscribers.gb45839 import Gb45839Device
from daemon.feeds.carrier import Answer, Inquiry, Parcel, Receipt, Standing, answered
from daemon.feeds.carriers.dialling import tried
from daemon.feeds.carriers.gb45839_states import CARRIED, NORMAL, Standings
from daemon.feeds.carriers.https import Posted, Poster, address, trust
from daemon.feeds.carriers.one_by_one import OneByOne
from daemon.feeds.catalogue import PERSONAL

log = structlog.get_logger()

_JSON = {"content-type": "application/json; charset=utf-8"}


class PlatformCarrier:
    """One remote platform."""

    def __init__(self, settings: Gb45839, secrets: Callable[[str], bytes], clock: Clock, zone: tzinfo) -> None:
        """Nothing is opened yet. `zone`: the platform reads the time of the site, without a zone."""
        self.address = address(settings.status)
        self.standings = Standings()
        """Kept over lost connections."""
        self.passed = 0
        """Alarms that are none of the standard's matter."""
        self._settings, self._secrets, self._clock, self._zone = settings, secrets, clock, zone
        self._installed: set[str] = set()  # serials that the platform has taken
        self._unwanted: dict[str, str] = {}  # and those that it has refused

    def carries(self, kind: str) -> bool:
        """What changes the state of a device."""
        return kind in CARRIED

    async def dial(self, beat: Callable[[], None], hear: Callable[[Inquiry], None]) -> "PlatformLink":
        """Tell who the devices are, where the platform wants that, and a state: it works when both are taken."""
        settings = self._settings
        ca, client = (None if name is None else self._secrets(name) for name in (settings.ca, settings.client))
        context = await trust(settings.status, ca, client)
        status = Poster(settings.status, context)
        install = (
            None if settings.install is None else Poster(settings.install, await trust(settings.install, ca, client))
        )
        link = PlatformLink(self, settings, status, install)
        await tried(link.hello(), beat, link.farewell)
        return link

    def complain(self, channel: str, why: str) -> str:
        """A refusal in words, with what would help."""
        return f"{self.address} refused {channel}: {why}; is it registered there under that code?"

    def status(self) -> Mapping[str, Any]:
        """For people and programs on the box."""
        return {
            "tls": self._settings.status.startswith("https://"),
            "installed": len(self._installed),
            "not_installed": dict(self._unwanted),
            "passed_over": self.passed,
        }

    def written(self, at: datetime) -> str:
        """A point in time as annex D has it."""
        return at.astimezone(self._zone).strftime("%Y-%m-%d %H:%M:%S")

    def now(self) -> datetime:
        """UTC."""
        return self._clock.utc()

    async def install(self, poster: Poster) -> Receipt:
        """Every device that the platform has not taken yet; a refused one is no reason to keep alarms back."""
        for device in (self._settings.site, *self._settings.devices.values()):
            if device.serial in self._installed:
                continue
            posted = await poster.post(msgspec.json.encode(install_info(self._settings, device)), _JSON)
            receipt = judged(posted)
            if receipt.verdict == "lost":
                return receipt
            if receipt.verdict == "refused":  # perhaps it knows it already; its states will tell
                if device.serial not in self._unwanted:
                    log.warning("a platform refused Install_info", address=self.address, serial=device.serial)
                self._unwanted[device.serial] = receipt.why
                continue
            self._installed.add(device.serial)
            self._unwanted.pop(device.serial, None)
        return Receipt("accepted")


class PlatformLink(OneByOne):
    """The time in which a platform answers."""

    version = "GB/T 45839 annex D"
    beside = True

    def __init__(self, carrier: PlatformCarrier, settings: Gb45839, status: Poster, install: Poster | None) -> None:
        """Take over two addresses."""
        super().__init__()
        self._carrier, self._settings, self._status, self._install = carrier, settings, status, install
        self._standings = carrier.standings
        self._spoken = float("-inf")
        self._turn = 0

    async def hello(self) -> Receipt:
        """Who is there; then a state, once it is known: a false all-clear would be worse than none."""
        if self._install is not None and (receipt := await self._carrier.install(self._install)).verdict != "accepted":
            return receipt
        if not self._standings.taken:
            return Receipt("accepted")
        posted = await self._beat()
        if posted.verdict == "refused":
            return Receipt("lost", f"{self._carrier.address} refused us: {posted.why}")
        return posted

    def channel(self, parcel: Parcel) -> str:
        """The platform may know some devices and refuse others."""
        return f"status_info of {self._device(parcel.view.subject).serial}"

    async def send(self, parcel: Parcel) -> Receipt:
        """The state of the device after this event."""
        view = parcel.view
        said = self._standings.after(parcel.kind, view.subject, view.content, parcel.at)
        if said is None:
            self._carrier.passed += 1
            return Receipt("accepted")
        device = self._device(view.subject)
        return await self._post(device, self._worst(device, said), parcel.at)

    async def show(self, standing: Standing) -> Answer:
        """What stands now is remembered: one alarm's end is no all-clear while another stands."""
        self._standings.take(standing)
        return answered("accepted")

    async def idle(self) -> None:
        """After a while of silence the state of one device, in turn; only what is normal: no alarm rings twice."""
        loop = asyncio.get_running_loop()
        if not self._standings.taken or loop.time() - self._spoken < self._settings.heartbeat:
            return
        receipt = await self._beat()
        if receipt.verdict == "lost":
            self.drop(receipt.why)

    async def farewell(self) -> None:
        """Let go of the connections."""
        for poster in (self._status, self._install):
            if poster is not None:
                await poster.close()

    async def _beat(self) -> Receipt:
        devices = [self._settings.site, *self._settings.devices.values()]
        normal = [device for device in devices if self._worst(device, NORMAL) == NORMAL]
        self._turn += 1
        device = normal[self._turn % len(normal)] if normal else self._settings.site
        return await self._post(device, self._worst(device, NORMAL), self._carrier.now())

    def _device(self, subject: str) -> Gb45839Device:
        return self._settings.devices.get(subject, self._settings.site)

    def _worst(self, device: Gb45839Device, said: int) -> int:
        """Alarm before fault before set apart before normal, over all that is told under this device's code."""
        return self._standings.worst(lambda subject: self._device(subject).serial == device.serial, said)

    async def _post(self, device: Gb45839Device, state: int, at: datetime) -> Receipt:
        body: dict[str, Any] = {
            "company": device.company or self._settings.company,
            "serial": device.serial,
            "status": state,
            "signalStrength": device.signal,
            "batteryPercentage": device.battery,
            "datetime": self._carrier.written(at),
        }
        posted = await self._status.post(msgspec.json.encode(_given(body)), _JSON)
        self._spoken = asyncio.get_running_loop().time()
        return judged(posted)


def install_info(settings: Gb45839, device: Gb45839Device) -> dict[str, Any]:
    """The object of table D.1; people only for readers who may know of people."""
    personal = settings.tier >= PERSONAL
    return _given({
        "company": device.company or settings.company,
        "serial": device.serial,
        "name": device.name,
        "categoryName": device.category,
        "netType": device.net,
        "client": settings.unit,
        "address": settings.address,
        "deviceAddress": device.place,
        "productingDate": device.made,
        "longitude": device.longitude,
        "latitude": device.latitude,
        "activeTime": device.active,
        "organizationName": settings.organization,
        "area": settings.area,
        "responsible": settings.responsible if personal else None,
        "mobile": settings.mobile if personal else None,
    })  # fmt: skip


def judged(posted: Posted) -> Receipt:
    """HTTP 200 is no delivery yet: the answer's `success` says whether it is one."""
    if posted.receipt.verdict != "accepted":
        return posted.receipt
    try:
        answer = msgspec.json.decode(posted.answer, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Receipt(
            "lost", f"no answer of annex D: {posted.answer[:40]!r}; is this the platform, or a page before it?"
        )
    success = bytes(answer.get("success", b"")).strip()
    if success == b"1":
        return Receipt("accepted")
    if success == b"0":
        return Receipt("refused", "success: 0")
    return Receipt("lost", f"no answer of annex D: success is {success[:20].decode(errors='replace') or 'missing'}")


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
