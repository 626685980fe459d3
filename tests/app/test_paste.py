"""What is pasted cannot press keys, however the terminal cuts it into pieces."""

from hypothesis import given
from hypothesis import strategies as st

from agents.sanitize import sanitize
from app.screen.terminal import PasteGuard

START, END = "\x1b[200~", "\x1b[201~"
HOSTILE = "Create \x1b]52;c;aaaa\x07 q \x1b[A y \x9b2J a\u202eb\r\nmore"


def test_a_paste_is_read_without_its_escape_sequences() -> None:
    read = PasteGuard().clean(f"x{START}{HOSTILE}{END}y")
    assert read == f"x{START}Create  q  y  ab\nmore{END}y"


def test_keys_are_not_held_back() -> None:
    guard = PasteGuard()
    assert [guard.clean(key) for key in ("\x1b", "[A", "\x1b", "q", "ü")] == ["\x1b", "[A", "\x1b", "q", "ü"]


@given(
    st.lists(st.tuples(st.text("a\x1b[20~é;"), st.text("b\x1b]52;\x07[0~1\r\n")), max_size=4),
    st.lists(st.integers(1, 9), min_size=1),
)
def test_the_pieces_it_comes_in_change_nothing(parts: list[tuple[str, str]], sizes: list[int]) -> None:
    parts = [(typed.replace(START, ""), pasted.replace(END, "")) for typed, pasted in parts]
    text = "".join(f"{typed}{START}{pasted}{END}" for typed, pasted in parts)
    guard, read, at, turn = PasteGuard(), "", 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)]
        read += guard.clean(text[at : at + size])
        at, turn = at + size, turn + 1
    assert read == PasteGuard().clean(text)
    pasted = [piece.partition(END)[0] for piece in read.split(START)[1:]]
    assert all(piece == sanitize(piece) for piece in pasted)
