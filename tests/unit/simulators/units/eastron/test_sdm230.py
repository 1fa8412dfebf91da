from simulators.clock import HandClock
from simulators.units.eastron.sdm230 import Device


def test_volts_in_the_published_frame(clock: HandClock, talk) -> None:
    """`01 04 00 00 00 02 71 CB` reads the volts; 230.2 V is 43 66 33 33 in the maker's protocol document."""
    meter = Device(1, clock)
    meter.values.set("volts", 230.2)
    assert talk(meter, "01 04 00 00 00 02") == "01 04 04 43 66 33 33"


def test_blocks_with_gaps_and_the_far_ones(clock: HandClock, talk) -> None:
    meter = Device(1, clock)
    assert len(meter.read_registers(0, 80)) == 80
    assert meter.read_registers(2, 4) == [0, 0, 0, 0]
    assert meter.read_registers(0x0046, 2) == [0x4248, 0]  # 50.0 Hz
    assert len(meter.read_registers(0x0156, 4)) == 4
    assert talk(meter, "01 04 00 50 00 02") == "01 84 02"
    assert talk(meter, "01 04 00 00 00 51") == "01 84 03"
