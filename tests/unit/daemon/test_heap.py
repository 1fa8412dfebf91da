"""What stays for good is not looked at again; what is dropped after all is found when much has changed."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from daemon import heap


class Ring:
    """Refers to itself, so only the collector can drop it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


@pytest.mark.parametrize("freeze", [heap.settle, heap.keep])
def test_what_is_kept_is_looked_at_no_more(freeze) -> None:
    stays = Ring()
    freeze()
    assert gc.get_freeze_count() > 1000
    assert not any(each is stays for each in gc.get_objects())


def test_garbage_of_a_reload_goes_with_the_next_settling() -> None:
    old = Ring()
    heap.settle()
    seen = weakref.ref(old)
    del old
    gc.collect()
    assert seen() is not None, "frozen"
    heap.settle()
    assert seen() is None
