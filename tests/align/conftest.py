"""Lets the picture helper's assertions show their differences."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.align.picture")
