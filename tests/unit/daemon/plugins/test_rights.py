"""What a driver declares is read without running a line of it."""

import pytest

from daemon.plugins.rights import RightsError, declared, lacking


@pytest.mark.parametrize(
    ("source", "rights"),
    [
        (b"", ()),
        (b"RIGHTS = ()", ()),
        (b"RIGHTS = ('files',)", ("files",)),
        (b"RIGHTS: tuple[str, ...] = ('network', 'files')", ("files", "network")),
        (b"RIGHTS = ['threads']", ("threads",)),
        (b"def f():\n RIGHTS = ('files',)", ()),
        (b"RIGHTS = ()\nRIGHTS = ('files',)", ("files",)),
        (b"RIGHTS: tuple", ()),
    ],
)
def test_rights_are_a_literal_at_the_top(source: bytes, rights: tuple[str, ...]) -> None:
    assert declared(source) == rights


@pytest.mark.parametrize("source", [b"RIGHTS = f()", b"RIGHTS = 'files'", b"RIGHTS = ('all',)", b"RIGHTS = 5"])
def test_anything_else_is_refused(source: bytes) -> None:
    with pytest.raises(RightsError, match="a tuple of files, network, processes, threads, native"):
        declared(source)


def test_what_is_missing() -> None:
    assert lacking(("files", "native"), ("files", "network")) == ["native"]
