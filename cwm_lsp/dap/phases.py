"""The state machine of a proxied session that predicts, as a table. ``dap/predicting.py`` follows it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto


class Phase(Enum):
    """Where the session stands."""

    RUNNING = auto()
    STANDING = auto()
    SEARCHING = auto()
    """Our own steps, unseen by the client, until something is surprising."""
    PAST = auto()
    """The program stands; the client looks at an earlier stop."""


class Sign(Enum):
    """What moves it."""

    STOPPED = auto()
    RESUMED = auto()
    SEARCH = auto()
    BACK = auto()
    PRESENT = auto()


NEXT: Mapping[tuple[Phase, Sign], Phase] = {
    (Phase.RUNNING, Sign.STOPPED): Phase.STANDING,
    (Phase.RUNNING, Sign.SEARCH): Phase.SEARCHING,
    (Phase.STANDING, Sign.STOPPED): Phase.STANDING,
    (Phase.STANDING, Sign.RESUMED): Phase.RUNNING,
    (Phase.STANDING, Sign.SEARCH): Phase.SEARCHING,
    (Phase.STANDING, Sign.BACK): Phase.PAST,
    (Phase.SEARCHING, Sign.STOPPED): Phase.STANDING,
    (Phase.SEARCHING, Sign.RESUMED): Phase.RUNNING,
    (Phase.PAST, Sign.BACK): Phase.PAST,
    (Phase.PAST, Sign.PRESENT): Phase.STANDING,
    (Phase.PAST, Sign.STOPPED): Phase.STANDING,
    (Phase.PAST, Sign.RESUMED): Phase.RUNNING,
}
"""A sign that is missing here means nothing in that phase."""
