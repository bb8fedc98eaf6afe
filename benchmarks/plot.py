"""A picture of the rounds as SVG: a panel for each measure, a mark for each round, a line at each median."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from statistics import median
from typing import NamedTuple

WIDTH, HEIGHT = 320, 220
"""Of the field in a panel."""
LEFT, TOP, RIGHT, BOTTOM = 60, 90, 20, 60
COLOURS = {"engine": "#005f99", "floor": "#8a4b00"}
GREY = "#666"


class Panel(NamedTuple):
    """One measure. Each series has a value for each round."""

    title: str
    verdict: str
    digits: int
    series: Mapping[str, Sequence[float]]


def svg(title: str, panels: Sequence[Panel]) -> str:
    """The picture as a file of its own."""
    step = LEFT + WIDTH + RIGHT
    width, height = step * len(panels), TOP + HEIGHT + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="12" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        _text(LEFT, 24, title, size=15),
    ]
    for index, panel in enumerate(panels):
        parts += [f'<g transform="translate({index * step + LEFT},{TOP})">', *_panel(panel), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel) -> Iterator[str]:
    most = max(max(values) for values in panel.series.values()) * 1.1
    yield _text(0, -34, panel.title, size=14)
    yield _text(0, -14, panel.verdict, colour=GREY)
    yield f'<path d="M0 0V{HEIGHT}H{WIDTH}" fill="none" stroke="{GREY}"/>'
    for share in (0.0, 0.5, 1.0):
        yield _text(-6, _y(share * most, most) + 4, f"{share * most:,.{panel.digits}f}", anchor="end", colour=GREY)
    for place, (name, values) in enumerate(panel.series.items()):
        yield from _series(name, values, most, filled=place == 0)
        yield _text(place * WIDTH / 2, HEIGHT + 44, f"{name}: {median(values):,.{panel.digits}f}", colour=COLOURS[name])
    rounds = max(len(values) for values in panel.series.values())
    yield _text(WIDTH / 2, HEIGHT + 20, f"rounds 1 to {rounds}", anchor="middle", colour=GREY)


def _series(name: str, values: Sequence[float], most: float, *, filled: bool) -> Iterator[str]:
    colour = COLOURS[name]
    middle = _y(median(values), most)
    yield f'<path d="M0 {middle:.1f}H{WIDTH}" stroke="{colour}" stroke-dasharray="4 3"/>'
    for index, value in enumerate(values):
        x = (index + 0.5) * WIDTH / len(values)
        fill = colour if filled else "#fff"
        yield f'<circle cx="{x:.1f}" cy="{_y(value, most):.1f}" r="4" fill="{fill}" stroke="{colour}"/>'


def _y(value: float, most: float) -> float:
    return HEIGHT - value / most * HEIGHT


def _text(x: float, y: float, words: str, *, size: int = 12, anchor: str = "start", colour: str = "#000") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}"'
    return f"<text {place}>{escape(words)}</text>"
