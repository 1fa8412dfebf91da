"""Whatever bytes a mail server sends, they end in an answer, an error of ours, or the end of the stream."""

import asyncio
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.channels.mail import _Talk
from daemon.channels.sender import SendError

LINES = st.lists(st.sampled_from([b"250 ok\r\n", b"250-more\r\n", b"\r\n", b"550 no\n", b"25", b"-", b"x" * 3000]))


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.binary(max_size=400), LINES.map(b"".join)))
def test_no_bytes_are_too_odd(data: bytes) -> None:
    async def story() -> None:
        reader = asyncio.StreamReader(limit=2048)
        reader.feed_data(data)
        reader.feed_eof()
        talk = _Talk(reader, SimpleNamespace())
        try:
            lines = await talk.hear(250, "no")
        except (SendError, asyncio.IncompleteReadError):
            return
        assert data.startswith(b"25")
        assert lines

    asyncio.run(story())
