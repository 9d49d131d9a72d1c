"""Widths and lines of text: nothing is wider than its line may be, and no word is lost."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from wherefrom.lettering import Font, text_width, wrap

FONT = Font(13, 17)
law = settings(max_examples=100, deadline=None, database=None)


@law
@given(st.text(max_size=200), st.integers(40, 300), st.integers(1, 9))
def test_no_line_is_wider_than_allowed_and_there_are_no_more_than_allowed(text: str, width: int, most: int) -> None:
    lines = wrap(text, FONT, width, most)
    assert len(lines) <= most
    assert all(text_width(line, FONT) <= width or len(line) <= 1 for line in lines)


@law
@given(st.text(max_size=200))
def test_all_letters_are_kept_in_their_order_where_lines_suffice(text: str) -> None:
    assert "".join("".join(wrap(text, FONT, 90)).split()) == "".join(text.split())


def test_a_text_that_is_cut_says_so() -> None:
    assert wrap("a " * 500, FONT, 100, most=2)[-1].endswith("…")


def test_bold_letters_are_wider_and_accents_take_no_room() -> None:
    assert text_width("wide", Font(13, 17, bold=True)) > text_width("wide", FONT)
    assert text_width("öé", FONT) == text_width("oe", FONT)
    assert text_width("读", FONT) >= FONT.size
