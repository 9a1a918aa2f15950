"""Plots of curves as SVG: small, without a script, legible on light and dark pages."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

Points = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT = 640, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 16, 36, 44
# Told apart by their dashes too, never by colour alone.
_STROKES = (("#2f6fde", ""), ("#c2571a", "6 3"), ("#2c8a57", "2 3"))
_STYLE = (
    "text{font:12px sans-serif;fill:#57606a}.axis{stroke:#8c959f;fill:none}.grid{stroke:#8c959f;opacity:.25}"
    "@media(prefers-color-scheme:dark){text{fill:#adbac7}}"
)


def line_plot(title: str, x_label: str, y_label: str, series: Mapping[str, Points]) -> str:
    """An SVG document with a line for each of at most three named ``series``, in data units.

    Raises ``ValueError`` when there is nothing to draw.
    """
    points = [point for line in series.values() for point in line]
    if not points or len(series) > len(_STROKES):
        raise ValueError(f"one to {len(_STROKES)} series with points can be drawn")
    xs, ys = _ticks([x for x, _ in points]), _ticks([y for _, y in points])

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - xs[0]) / (xs[-1] - xs[0])
        up = (y - ys[0]) / (ys[-1] - ys[0])
        return (
            _LEFT + across * (_WIDTH - _LEFT - _RIGHT),
            _HEIGHT - _BOTTOM - up * (_HEIGHT - _TOP - _BOTTOM),
        )

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
    ]
    for tick in xs:
        x, y = place(tick, ys[0])
        parts.append(_text(x, y + 16, f"{tick:g}", "middle"))
    for tick in ys:
        x, y = place(xs[0], tick)
        parts.append(f'<path class="grid" d="M{x:.1f} {y:.1f}H{_WIDTH - _RIGHT}"/>')
        parts.append(_text(x - 6, y + 4, f"{tick:g}", "end"))
    left, bottom = place(xs[0], ys[0])
    parts.append(f'<path class="axis" d="M{left:.1f} {_TOP}V{bottom:.1f}H{_WIDTH - _RIGHT}"/>')
    parts.append(_text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 8, x_label, "middle"))
    parts.append(_text(4, _TOP - 10, y_label, "start"))
    for index, (name, line) in enumerate(series.items()):
        parts += _line(index, name, [place(x, y) for x, y in line])
    return "\n".join([*parts, "</svg>"]) + "\n"


def _line(index: int, name: str, places: Points) -> Iterator[str]:
    colour, dashes = _STROKES[index]
    stroke = f'stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}" fill="none"'
    yield f'<path {stroke} d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in places)}"/>'
    x = _WIDTH - _RIGHT - 150 * (index + 1)
    yield f'<path {stroke} d="M{x} {_TOP - 14}h28"/>'
    yield _text(x + 34, _TOP - 10, name, "start")


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _ticks(values: Sequence[float]) -> list[float]:
    """About five round numbers that enclose ``values``."""
    low, high = min(values), max(values)
    span = high - low or abs(high) or 1.0
    rough = span / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(size * power for size in (1, 2, 5, 10) if size * power >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(number * step, 10) for number in range(first, max(last, first + 1) + 1)]
