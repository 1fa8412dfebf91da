"""Every sentence of reload and replace is there in both languages, with the same gaps."""

import re
from string import Formatter

from console.words_reload import WORDS


def gaps(text: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(text)}


def test_every_sentence_is_there_in_both_languages():
    for key, (zh, en) in WORDS.items():
        assert re.search(r"[\u4e00-\u9fff]", zh), key
        assert en.isascii(), key
        assert gaps(zh) == gaps(en), key
