"""What people read, and what nobody should."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.channels.text import cut, quoted


@given(text=st.text(max_size=300), room=st.integers(3, 200))
def test_a_cut_text_fits_and_is_whole_characters(text: str, room: int) -> None:
    made = cut(text, room)
    assert len(made.encode()) <= max(room, 3)
    assert text.startswith(made.removesuffix("…")) or made == text


@pytest.mark.parametrize(
    "said",
    [
        "invalid webhook url, hint: [1592021214_50_551fc8807c11f27ed0e6714d0c267ba4], from ip: 171.43.164.231",
        "more info at https://open.work.weixin.qq.com/devtool/query?e=93000&key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa",
        "no such number +86 138 0000 1111",
        "550 <li.si@example.org> unknown, id 693a91f6-7aaa-4bc4-97a0-0ec2ffa5aaaa",
        "the token tk_secret is wrong",
    ],
)
def test_a_services_words_are_repeated_without_addresses_keys_and_numbers(said: str) -> None:
    shown = quoted(said, "tk_secret")
    for private in ("551fc880", "weixin", "693a91f6", "138 0000", "li.si", "tk_secret"):
        assert private not in shown
    assert len(shown) <= 100
