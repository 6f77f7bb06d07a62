import pytest

from widgets.sparkline import Mark, Scale, axis, axis_ends, between, curve_rows, nice_top

POINTS = [(1.0, 100.0), (10.0, 50.0), (100.0, 0.0)]
SCALE = Scale(1.0, 100.0, 21)


def plain(rows):
    return [row.plain for row in rows]


def test_a_curve_falls_from_the_top_to_the_bottom_on_a_logarithmic_scale():
    rows = plain(curve_rows(POINTS, SCALE, 4, top=100.0, style=""))
    assert [len(row) for row in rows] == [21] * 4
    heights = [sum(row[x] != " " for row in rows) for x in range(21)]
    assert heights[0] == 4
    assert heights[10] in {2, 3}
    assert heights[-1] == 1
    assert heights == sorted(heights, reverse=True)


def test_marks_stand_on_the_curve_where_their_value_is():
    rows = plain(curve_rows(POINTS, SCALE, 4, top=100.0, style="", marks=[Mark(10.0, "●", "")]))
    assert [(y, row.index("●")) for y, row in enumerate(rows) if "●" in row] == [(1, 10)]
    outside = plain(curve_rows(POINTS, SCALE, 4, top=100.0, style="", marks=[Mark(1e9, "●", "")]))
    assert outside[-1].endswith("●")


def test_a_limit_is_dashed_where_the_curve_is_below_it():
    rows = plain(curve_rows(POINTS, SCALE, 4, top=100.0, style="", limit=50.0))
    assert rows[1].endswith("┄┄┄")
    assert "┄" not in "".join(plain(curve_rows(POINTS, SCALE, 4, top=100.0, style="", limit=200.0)))


def test_labels_that_would_touch_are_left_out():
    labels = [(1.0, "one"), (1.2, "close"), (10.0, "ten"), (100.0, "hundred")]
    assert axis(SCALE, labels) == "one      ten  hundred"


def test_between_points_the_line_is_straight_and_outside_it_stays():
    assert between(POINTS, 10.0) == 50.0
    assert between(POINTS, 10.0**0.5) == pytest.approx(75.0)
    assert (between(POINTS, 0.5), between(POINTS, 1000.0)) == (100.0, 0.0)


@pytest.mark.parametrize(
    ("value", "top"), [(0.0, 1.0), (1.0, 1.0), (521.0, 600.0), (0.011, 0.012), (990.0, 1000.0)]
)
def test_tops_are_round(value, top):
    assert nice_top(value) == pytest.approx(top)


def test_a_scale_of_one_point_is_one_cell():
    assert Scale(5.0, 5.0, 10).cell(5.0) == 0


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        ([1180.0, 1210.0], (1170.0, 1220.0)),
        ([300.0, 512.0], (290.0, 520.0)),
        ([100.0, 1200.0], (0.0, 1200.0)),
    ],
)
def test_an_axis_begins_where_the_difference_can_be_seen(values, ends):
    assert axis_ends(values) == ends


def test_an_axis_of_one_value_has_room_for_it():
    low, top = axis_ends([100.0, 100.0])
    assert low < 100.0 < top
