"""The HTML of numbers: measured with whiskers and evidence, claimed dashed, modelled dotted."""

from __future__ import annotations

from dataclasses import dataclass, replace

from markdown_it.common.utils import escapeHtml

from scalebook.book.lookups import Measured
from scalebook.results import Result

__all__ = [
    "Shown",
    "claimed",
    "measured",
    "modelled",
    "of_reference",
    "plain",
    "run_id",
    "where_run",
    "whisker",
]


@dataclass(frozen=True)
class Shown:
    """A binding as a page shows it: its HTML, and the same as plain text for the search.

    `value`, `low` and `high` are there for a number that was measured or computed.
    """

    html: str
    text: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    bound: bool = False


def run_id(result: Result) -> str:
    """The short name of a run, as in `#run-8f3c2a`."""
    return result.run[:6]


def where_run(result: Result) -> str:
    """Run and machine in a few words, with what must not be overlooked."""
    machine = result.environment
    said = [f"run {run_id(result)}", f"{machine.cores}-core {machine.cpu}, {machine.system}"]
    if result.noisy:
        said.append("noisy machine")
    slowed = [name for name, service in result.services.items() if service.capacity]
    if slowed:
        said.append(f"imposed capacity: {', '.join(slowed)}")
    return " · ".join(said)


def measured(
    found: Measured,
    *,
    href: str,
    card_id: str,
    show_interval: bool,
    rough: bool,
    in_link: bool,
    text: str | None = None,
) -> Shown:
    """A measured number, with its evidence card; inside a link it stands without one."""
    value = text or found.text
    interval = found.interval
    said = f"about {value}" if rough else value
    behind = f' <span class="ci">{interval}</span>' if interval else ""
    shown = behind if show_interval or rough else ""
    plain_text = f"{said} {interval}" if shown else said
    bounds = (found.value, found.low, found.high)
    if in_link:
        html = f'<span class="num">{escapeHtml(said)}</span>{shown}'
        return Shown(html, plain_text, *bounds, bound=True)
    card = (
        f"<b>{escapeHtml(value)}{behind}</b>{whisker(found)}{escapeHtml(found.what)}<br />"
        f'<span class="dim">{escapeHtml(f"{found.basis} · {where_run(found.result)}")}</span>'
    )
    label = f"{said}, measured" + (f", interval {interval[1:-1]}" if interval else "")
    tag = "a" if href else "span"
    leads = f'href="{escapeHtml(href)}"' if href else 'tabindex="0" role="note"'
    html = (
        f'<{tag} class="num" {leads} aria-label="{escapeHtml(label)}" '
        f'aria-describedby="{card_id}">{escapeHtml(said)}'
        f'<span class="evidence" id="{card_id}" role="tooltip">{card}</span></{tag}>{shown}'
    )
    return Shown(html, plain_text, *bounds, bound=True)


def of_reference(shown: Shown) -> Shown:
    """A number of the reference, on a page that shows a reader's run, which does not have it."""
    html = shown.html
    for name in ("num", "modelled"):
        html = html.replace(f'class="{name}"', f'class="{name} reference"', 1)
    html = html.replace(", measured", ", measured by the reference", 1)
    html = html.replace('<span class="dim">', '<span class="dim">The reference, not your run: ', 1)
    return replace(shown, html=html)


def whisker(found: Measured) -> str:
    """The interval as a line; the box is as wide as the value is large, so precision shows."""
    value, low, high = found.value, found.low, found.high
    if low is None or high is None or low >= high or value == 0:
        return ""
    at, left, right = (
        min(max(50 + 100 * (bound - value) / abs(value), 1), 99) for bound in (value, low, high)
    )
    ends = "".join(
        f'<line class="whisk" x1="{x:.1f}%" x2="{x:.1f}%" y1="3" y2="11"/>' for x in (left, right)
    )
    return (
        '<svg width="100%" height="14" aria-hidden="true">'
        '<line class="grid" x1="0" x2="100%" y1="7" y2="7"/>'
        f'<line class="whisk" x1="{left:.1f}%" x2="{right:.1f}%" y1="7" y2="7"/>{ends}'
        f'<circle class="dot" cx="{at:.1f}%" cy="7" r="4.5"/></svg>'
    )


def claimed(text: str, title: str = "published elsewhere, under test here") -> Shown:
    """A figure that somebody else published."""
    html = f'<span class="claimed" title="{escapeHtml(title)}">{escapeHtml(text)}</span>'
    return Shown(html, text)


def modelled(
    text: str, *, card_id: str, formula: str, inputs: list[str], bounds: tuple[float, float, float]
) -> Shown:
    """A computed number; its card shows the formula and what went into it."""
    rows = "".join(f"<br />{escapeHtml(line)}" for line in inputs)
    card = f"<b>{escapeHtml(text)}</b><code>{escapeHtml(formula)}</code>"
    card += f'<span class="dim">{rows}</span>'
    html = (
        f'<span class="modelled" tabindex="0" role="note" aria-label="{escapeHtml(text)}, computed"'
        f' aria-describedby="{card_id}">{escapeHtml(text)}'
        f'<span class="evidence" id="{card_id}" role="tooltip">{card}</span></span>'
    )
    return Shown(html, text, *bounds, bound=True)


def plain(text: str, kind: str, title: str = "") -> Shown:
    """A value in plain ink, such as a setting of the lab."""
    said = f' title="{escapeHtml(title)}"' if title else ""
    return Shown(f'<span class="{kind}"{said}>{escapeHtml(text)}</span>', text)
