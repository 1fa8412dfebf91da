"""`python -m campaign [--fault kill …] [--rounds 100] [--seed 1] [--out FILE]`: see docs/reliability.md.

Ctrl-C ends the round under way and gives the table so far; a second Ctrl-C ends at once.
"""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from campaign.faults import FAULTS
from campaign.report import Row, lines, put, show
from campaign.run import run


def _words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="campaign", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--fault", action="append", choices=list(FAULTS), help="which; all of them unless given")
    parser.add_argument("--rounds", type=int, default=20, help="faults of each kind (default 20)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed does the same things (default 1)")
    parser.add_argument("--house", type=int, default=100, help="rounds after which a new house begins (default 100)")
    parser.add_argument(
        "--out",
        type=Path,
        help="write FILE.json and FILE.md, and a folder for each house with findings; what an earlier run wrote stays",
    )
    return parser.parse_args()


async def _all(words: argparse.Namespace) -> list[Row]:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def interrupted() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        sys.stderr.write("\nending this round; Ctrl-C again ends at once\n")
        stop.set()

    loop.add_signal_handler(signal.SIGINT, interrupted)
    rows: list[Row] = []
    for name in words.fault or [name for name in FAULTS if name not in ("medley", "soak")]:
        left, number = words.rounds, 0
        while left > 0 and not stop.is_set():
            seed = f"{words.seed}.{number}"
            keep = words.out and words.out.with_name(f"{words.out.name}-{name}-{seed}")
            row = await run(name, min(left, words.house), seed, stop=stop, say=show, keep=keep)
            rows.append(row)
            show(f"{name}: {row.summary()}\n" + "".join(f"  {column}: {what}\n" for column, what in row.findings[:40]))
            if words.out:
                put(words.out, [row])
            left, number = left - words.house, number + 1
    return rows


def main() -> int:
    """0 when every column of every fault is zero."""
    rows = asyncio.run(_all(_words()))
    sys.stdout.write("\n".join(lines(rows)) + "\n")
    return int(any(row.findings for row in rows))


if __name__ == "__main__":
    sys.exit(main())
