"""A reader's run on a page: its numbers stand, and what it lacks is the reference's, marked so."""

from __future__ import annotations

from typing import Any

import pytest

from scalebook.book.page import Book
from scalebook.book.render_page import Rendered, render
from scalebook.results import Result, read_reference

Shop = Any
OWN = "0123456789ab"


def reference(shop: Shop) -> Result:
    found = read_reference(shop.result)
    assert found is not None
    return found


def quick(shop: Shop, **changes: Any) -> Result:
    """A run of the first point alone, twice as good."""
    whole = reference(shop)
    ratio = whole.points[0].ratios[0].model_copy(update={"value": 4.8, "low": 4.6, "high": 5.0})
    point = whole.points[0].model_copy(update={"ratios": (ratio, *whole.points[0].ratios[1:])})
    return whole.model_copy(update={"run": OWN, "points": (point,), **changes})


def shown(shop: Shop, own: Result, body: str | None = None) -> Rendered:
    if body is not None:
        shop.with_text(body)
    book = Book(own={"shop/cache": own})
    page = book.page("shop/cache")
    return render(page, book, diagrams=shop.diagrams, link=lambda unit: f"../{unit}.html")


def test_a_number_that_the_run_has_is_its_own(shop: Shop) -> None:
    page = shown(shop, quick(shop), "## A {#a}\n\nIt is {{ratio at=10}}.\n")
    assert "It is 4.8×" in page.text
    assert f'class="num" href="#run-{OWN[:6]}"' in page.html


def test_one_that_it_lacks_is_the_references(shop: Shop) -> None:
    page = shown(shop, quick(shop), "## A {#a}\n\nIt is {{ratio at=1000}}.\n")
    assert "It is 9.4×" in page.text
    assert 'class="num reference" href="#run-8f3c2a"' in page.html
    assert "The reference, not your run" in page.html
    assert "measured by the reference" in page.html
    assert page.faults == ()


def test_a_picture_that_it_lacks_is_the_references(shop: Shop) -> None:
    body = "## A {#a}\n\n::: bars at=POINT\ntitle: T\n:::\n"
    own = shown(shop, quick(shop), body.replace("POINT", "10"))
    other = shown(shop, quick(shop), body.replace("POINT", "1000"))
    assert own.faults == other.faults == ()
    assert "Of the reference" not in own.html
    assert "Of the reference: your run cannot show this." in other.html


def test_a_model_takes_all_its_inputs_from_one_run(shop: Shop) -> None:
    body = '## A {#a}\n\nIt is {{model "ratio(at=10) + ratio(at=1000)"}}.\n'
    page = shown(shop, quick(shop), body)
    assert "It is 12." in page.text  # 2.4 + 9.4, and not 4.8 + 9.4.
    assert 'class="modelled reference"' in page.html


def test_a_wide_interval_is_shown_as_it_is(shop: Shop) -> None:
    point = quick(shop).points[0]
    wide = point.ratios[0].model_copy(update={"low": 1.0, "high": 20.0})
    own = quick(shop, points=(point.model_copy(update={"ratios": (wide,)}),))
    page = shown(shop, own, "## A {#a}\n\nIt is {{ratio at=10}}.\n")
    assert "It is about 4.8× [1, 20]" in page.text


@pytest.mark.parametrize(
    "changes",
    [
        {"interrupted": True},
        {"digest": "of another lab"},
        {"points": ()},
        {"timelines": (), "checks": (), "counterexamples": (), "floor": {}},
    ],
    ids=["interrupted", "other lab", "empty", "bare"],
)
def test_no_run_of_a_reader_is_a_fault_of_the_page(shop: Shop, changes: dict[str, Any]) -> None:
    page = shown(shop, quick(shop, **changes))
    assert page.faults == ()
    assert page.predict is not None


def test_a_fault_of_the_page_stays_one(shop: Shop) -> None:
    page = shown(shop, quick(shop), "## A {#a}\n\n{{ratio at=77}} and {{nonsense}}.\n")
    assert len(page.faults) == 2


def test_other_units_are_not_touched(shop: Shop) -> None:
    book = Book(own={"shop/other": quick(shop)})
    page = render(
        book.page("shop/cache"), book, diagrams=shop.diagrams, link=lambda unit: f"../{unit}.html"
    )
    assert page.html == shop.render().html
