"""A machine that stands still is noticed; our own work is not taken for that."""

import os
import signal
import subprocess
import sys
import time

_WATCH = """
import sys, time
from campaign.pauses import Pauses
with Pauses() as pauses:
    print("watching", flush=True)
    {meanwhile}
print(pauses.longest)
"""


def _watched(meanwhile: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", _WATCH.format(meanwhile=meanwhile)], stdin=-1, stdout=-1, text=True)


def test_a_process_that_gets_no_time_knows_it_afterwards() -> None:
    watched = _watched("sys.stdin.readline()")
    assert watched.stdout.readline() == "watching\n"
    os.kill(watched.pid, signal.SIGSTOP)
    time.sleep(0.3)  # it stands still for exactly as long as this
    os.kill(watched.pid, signal.SIGCONT)
    out, _ = watched.communicate("\n", timeout=30)
    assert float(out) >= 0.29
