"""Binary-coded decimals as meters send them: two digits a byte, low byte first."""


def digits(data: bytes) -> str:
    """The digits, most significant first. ValueError when a half byte is none."""
    text = data[::-1].hex()
    if not text.isdecimal():
        raise ValueError(f"{data[::-1].hex(' ').upper() or 'nothing'} is no decimal number")
    return text


def number(data: bytes, decimals: int) -> float:
    """A number with so many digits behind its point. ValueError when a half byte is no digit."""
    value: float = int(digits(data)) / 10**decimals
    return value


def signed(data: bytes, decimals: int) -> float:
    """The same where the top bit says minus."""
    if data and data[-1] & 0x80:
        return 0.0 - number(data[:-1] + bytes((data[-1] & 0x7F,)), decimals)
    return number(data, decimals)


def packed(text: str) -> bytes:
    """An even number of decimal digits as they go over the wire."""
    return bytes.fromhex(text)[::-1]
