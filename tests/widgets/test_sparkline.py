import pytest
from hypothesis import given
from hypothesis import strategies as st

from widgets.sparkline import blocks, columns


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ((), ""),
        ((1.0, 1.0), "▁▁"),
        ((0.0, 0.5, 1.0), "▁▅█"),
        ((-5.0, 9.0), "▁█"),
    ],
)
def test_blocks_between_fixed_ends(values, shown):
    low, high = (0.0, 1.0) if len(set(values)) > 1 else (None, None)
    assert blocks(values, 10, low=low, high=high) == shown


def test_the_newest_values_are_kept():
    assert blocks((1.0, 0.0, 0.0, 1.0), 2) == "▁█"


@given(values=st.lists(st.floats(0, 1000), max_size=40), width=st.integers(0, 30), height=st.integers(1, 4))
def test_every_value_is_one_column_and_no_column_floats(values, width, height):
    lines = columns(values, width, height)
    kept = min(len(values), width)
    assert [len(text) for text in lines] == [kept] * height
    for column in zip(*lines, strict=True):
        assert column[-1] != " "
        below = False
        for character in column:
            assert not (below and character != "█")
            below = below or character != " "
