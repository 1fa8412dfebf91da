"""Every parser of bytes that somebody else sends, and its share of a run."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from bench.fuzz import answers, centres, finders, listeners, strangers, tools, traces, wires, words
from bench.fuzz.cases import Parser


@dataclass(frozen=True, slots=True)
class Kind:
    """One parser."""

    name: str
    share: int
    """Inputs in each round of 250 000."""
    build: Callable[[], Parser]
    what: str


KINDS = (
    Kind("modbus-rtu", 60_000, finders.rtu, "answers found on a serial line"),
    Kind("modbus-tcp", 52_000, finders.tcp, "answers found in a TCP stream"),
    Kind("modbus-ascii", 36_000, finders.in_ascii, "answers found on an ASCII line"),
    Kind("modbus-read", 14_000, answers.modbus, "read, learn, accept, raw: all profiles and one with every form"),
    Kind("dlt645", 16_000, answers.dlt645, "find and read"),
    Kind("cjt188", 16_000, answers.cjt188, "find and read"),
    Kind("rdm6300", 16_000, listeners.Cards, "hear, alone and through the daemon"),
    Kind("gb26875", 3_000, centres.Panels, "frames and data units of a fire panel that calls"),
    Kind("sia-answer", 2_000, centres.Receivers, "what the receiver of an alarm centre answers"),
    Kind("patrol-command", 1_000, centres.Phones, "signed commands of guards' phones"),
    Kind("explain", 18_000, words.Explanations, "frames in words, all drivers"),
    Kind("phrases", 1_000, words.Phrases, "what drivers say, in Chinese"),
    Kind("exchange", 6_000, wires.Wires, "three exchanges in virtual time, four protocols"),
    Kind("trace", 5_000, traces.Rings, "the ring of the last minute"),
    Kind("saved-trace", 700, traces.Saved, "files of traces"),
    Kind("survey", 150, partial(tools.Surveys, answers.FEW), "scan, likeness, meters, proposal"),
    Kind("probe", 600, partial(tools.Probes, answers.FEW), "probe and its hints"),
    Kind("driver-process", 1_200, strangers.Processes, "packets of third-party drivers"),
    Kind("driver-settings", 600, strangers.Schemas, "their settings"),
    Kind("driver-host", 750, strangers.Hosts, "packets to their host"),
)  # fmt: skip
