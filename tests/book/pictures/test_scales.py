"""From values to places."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebook.book.pictures.labels import Anchor, Label, Placer, fitting
from scalebook.book.pictures.scales import Across, Axis, Height, axis_of, log_ticks, nice_ticks
from scalebook.book.pictures.svg import PictureError


def test_the_axis_suits_its_points() -> None:
    assert axis_of([10, 100, 1000]).kind == "log"
    assert axis_of([0, 1, 5, 25]).kind == "linear"
    assert axis_of([10, 20, 30]).kind == "linear"
    assert axis_of(["read committed", "serializable"]).kind == "label"


def test_a_log_axis_places_by_the_logarithm() -> None:
    axis = axis_of([10, 100, 1000])
    assert axis.place(100) == pytest.approx(50)
    assert axis.place(10) == pytest.approx(3)
    assert axis.place(math.sqrt(10 * 100)) == pytest.approx((3 + 50) / 2)


def test_labels_stand_in_the_middle_of_their_cells() -> None:
    axis = axis_of(["a", "b"])
    assert [axis.place(label) for label in ("a", "b")] == [25, 75]
    with pytest.raises(PictureError, match="no label 'c'"):
        axis.place("c")


@pytest.mark.parametrize("only", [7, 1_000_000, 0.5, "label"])
def test_a_single_point_stands_in_the_middle(only: float | str) -> None:
    assert axis_of([only]).place(only) == 50


def test_no_point_is_refused() -> None:
    with pytest.raises(PictureError):
        axis_of([])


def test_heights_run_downwards_and_stay_inside() -> None:
    height = Height(300, 1, 100)
    assert height.y(100) == 0
    assert height.y(10) == pytest.approx(150)
    assert height.y(1) == 300
    assert height.y(1e9) == 0
    assert Height(300, 0, 10, log=False).y(5) == 150
    assert Across(0, 10, log=False).place(2.5) == 25


@given(st.floats(1e-9, 1e9), st.floats(1.05, 1e8), st.integers(3, 8))
def test_ticks_lie_inside_and_are_not_too_many(low: float, factor: float, most: int) -> None:
    for ticks in (log_ticks(low, low * factor, most), nice_ticks(low, low * factor, most)):
        assert len(ticks) <= most + 1
        assert all(low * 0.99 <= tick <= low * factor * 1.01 for tick in ticks)
        assert ticks == sorted(ticks)


def test_words_keep_off_lines_and_each_other() -> None:
    placer = Placer(300)
    placer.segments.append((0, 100, 100, 100))
    places = [Anchor(50, 104), Anchor(50, 140)]
    assert placer.put(Label("words", "lbl", places)) == places[1]
    assert placer.put(Label("words", "lbl", [places[1], Anchor(50, 200)])).y == 200
    free = Placer(300)
    assert free.put(Label("words", "lbl", places)) == places[0]


def test_words_of_a_row_that_touch_are_left_out() -> None:
    found = fitting([(50, "first"), (51, "second"), (90, "third")], 400)
    assert [placed.words for placed in found] == ["first", "third"]


def test_words_at_an_edge_are_aligned_to_it() -> None:
    left, right = fitting([(1, "a long word"), (99, "a long word")], 400)
    assert (left.x, left.align, right.x, right.align) == (0, "start", 100, "end")


def test_an_axis_is_read_back_by_its_ends() -> None:
    axis = Axis("linear", 0, 10)
    assert axis.place(5) == 50
