"""A card is one card however long it is held there, and noise is nobody."""

from hypothesis import given
from hypothesis import strategies as st

from drivers.rdm6300 import Device


def frame(card: int, version: int = 0x0A) -> bytes:
    identity = bytes((version,)) + card.to_bytes(4, "big")
    check = 0
    for byte in identity:
        check ^= byte
    return b"\x02" + (identity + bytes((check,))).hex().upper().encode() + b"\x03"


def cards(device: Device, stream: bytes, now: float = 0.0) -> list[object]:
    seen: list[object] = []
    while stream and (heard := device.hear(stream, now)) is not None:
        found, samples = heard
        assert 0 < found.used <= len(stream)
        assert (found.answer is None) or found.answer == stream[: found.used]
        stream = stream[found.used :]
        seen += [sample.value for sample in samples.values()]
    return seen


def test_a_card_has_ten_decimal_digits() -> None:
    assert cards(Device(), frame(0x12345678)) == ["0305419896"]
    assert cards(Device(), frame(1)) == ["0000000001"]
    assert Device().points()[0].momentary


def test_a_tag_that_stays_for_minutes_is_one_card() -> None:
    device = Device()
    seen = [card for tick in range(900) for card in cards(device, frame(7), now=tick * 0.2)]
    assert seen == ["0000000007"]
    assert cards(device, frame(7), now=899 * 0.2 + 0.9) == []
    assert cards(device, frame(7), now=899 * 0.2 + 2.0) == ["0000000007"]


def test_two_tags_in_the_field_are_two_cards_once_each() -> None:
    device = Device()
    seen = [card for tick in range(50) for card in cards(device, frame(7 + tick % 2), now=tick * 0.1)]
    assert seen == ["0000000007", "0000000008"]


def test_a_wrong_checksum_is_nobody_and_the_next_frame_counts() -> None:
    wrong = frame(7)[:-2] + b"0\x03"
    heard = Device().hear(wrong, 0.0)
    assert heard is not None
    assert heard[0].why == "crc"
    assert cards(Device(), wrong + frame(9)) == ["0000000009"]


def test_half_a_frame_waits_and_a_new_start_begins_anew() -> None:
    assert Device().hear(frame(7)[:9], 0.0) is None
    assert cards(Device(), frame(7)[:9] + frame(9)) == ["0000000009"]


@given(noise=st.binary(max_size=40).filter(lambda noise: b"\x02" not in noise), card=st.integers(0, 2**32 - 1))
def test_a_card_is_read_behind_noise(noise: bytes, card: int) -> None:
    assert cards(Device(), noise + frame(card)) == [f"{card:010d}"]


@given(stream=st.binary(max_size=300))
def test_rubbish_never_raises(stream: bytes) -> None:
    cards(Device(), stream)


@given(card=st.integers(0, 2**32 - 1), at=st.integers(0, 13), to=st.integers(0, 255))
def test_one_wrong_byte_never_makes_another_card(card: int, at: int, to: int) -> None:
    changed = bytearray(frame(card))
    changed[at] = to
    assert set(cards(Device(), bytes(changed))) <= {f"{card:010d}"}
