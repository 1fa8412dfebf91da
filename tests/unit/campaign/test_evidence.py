"""What a house with findings leaves behind."""

import json
import os
import socket
from pathlib import Path

from campaign import evidence
from campaign.record import Deed, Record, Span


def test_files_and_record_are_kept_and_sockets_left_out(tmp_path: Path) -> None:
    house, into = tmp_path / "house", tmp_path / "kept"
    (house / "state").mkdir(parents=True)
    (house / "state" / "journal.db").write_bytes(b"lines")
    os.mkfifo(house / "pipe")
    with socket.socket(socket.AF_UNIX) as face:
        face.bind(str(house / "api"))
        (into / "old").mkdir(parents=True)
        record = Record(deeds=[Deed(at=1.0, what="swipe", where="north")], settled={"b", "a"})
        evidence.keep(house, record, [("late", "police")], [Span(1.0, 1.5)], into)
    assert sorted(path.name for path in into.rglob("*")) == ["journal.db", "record.json", "state"]
    told = json.loads((into / "record.json").read_text("utf-8"))
    assert told["findings"] == [["late", "police"]]
    assert told["pauses"] == [[1.0, 1.5]]
    assert (told["record"]["deeds"][0]["where"], told["record"]["settled"]) == ("north", ["a", "b"])
