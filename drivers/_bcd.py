"""Binary-coded decimals as meters send them: two digits a byte, low byte first."""


def digits(data: bytes) -> str:
    """The digits, most significant first. ValueError when a half byte is none."""
    text = data[::-1].hex()
    if not text.isdecimal():
        raise ValueError(f"{_shown(data)} is no decimal number")
    return text


def number(data: bytes, decimals: int) -> float:
    """A number with so many digits behind its point. ValueError when a half byte is no digit."""
    value: float = int(digits(data)) / 10**decimals
    return value


def signed(data: bytes, decimals: int) -> float:
    """The same where the top bit says minus."""
    if not data or data[-1] < 0x80:
        return number(data, decimals)
    try:
        return 0.0 - number(data[:-1] + bytes((data[-1] & 0x7F,)), decimals)
    except ValueError:
        raise ValueError(f"{_shown(data)} is no decimal number") from None


def packed(text: str) -> bytes:
    """An even number of decimal digits as they go over the wire."""
    return bytes.fromhex(text)[::-1]


def _shown(data: bytes) -> str:
    return data[::-1].hex(" ").upper() or "nothing"
