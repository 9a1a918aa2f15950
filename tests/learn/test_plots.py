"""Plots are well-formed, hold every point inside their frame, and tell their lines apart without colour."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwm_lsp.learn.plots import line_plot

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).map(lambda number: round(number, 3))


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=20))
def test_every_point_is_inside_the_frame(points: list[tuple[float, float]]) -> None:
    root = ET.fromstring(line_plot("a & b", "x", "y", {"one": points}))
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    (line, *_) = [path.attrib["d"] for path in root.iter() if "stroke-width" in path.attrib]
    places = [tuple(map(float, place.split())) for place in re.split("[ML]", line)[1:]]
    assert len(places) == len(points)
    assert all(0 <= x <= width and 0 <= y <= height for x, y in places)


def test_lines_differ_in_their_dashes() -> None:
    line = [(0.0, 0.0), (1.0, 2.0)]
    text = line_plot("t", "x", "y", {"one": line, "two": line, "three": line})
    assert len(set(re.findall('stroke-dasharray="([^"]*)"', text))) == 3


@pytest.mark.parametrize("series", [{}, {"one": []}, {str(n): [(0.0, 1.0)] for n in range(4)}])
def test_nothing_or_too_much_is_refused(series: dict[str, list[tuple[float, float]]]) -> None:
    with pytest.raises(ValueError, match="series"):
        line_plot("t", "x", "y", series)
