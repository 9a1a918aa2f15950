"""The frames of a run as the compact format knows them: values as texts, loops, whose objects are whose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cwm_lsp.codec.hidden import Heap
from cwm_lsp.codec.sharing import Place

EMPTY: Mapping[str, str] = {}

_MOST_SUSPENDED = 16

UNCOUNTED = -1_000_000
"""Visits of a loop of which it is not known how often it ran."""

Touched = frozenset[str] | None
"""Values of objects that were changed in themselves, from before each change; ``None`` where not known."""

_MOST_TOUCHED = 48


def together(one: Touched, other: Touched) -> Touched:
    """What ``one`` and ``other`` say, both having happened; of very many values nothing is known."""
    if one is None or other is None or len(one | other) > _MOST_TOUCHED:
        return None
    return one | other


@dataclass(frozen=True, slots=True)
class Asked:
    """A call of the function at ``line`` by what it was ``given``; it remembers ``most``, all if negative."""

    line: int
    given: tuple[str, ...]
    most: int


@dataclass(frozen=True, slots=True)
class Frame:
    """One activation: ``line`` is the statement it is at, ``visits`` how often each ``for`` head ran, from 0.

    ``entered`` holds the values with which each loop began, ``begun`` what calls gave back as it did;
    ``returned`` what calls made by the current statement gave back, ``renewed`` the values that they changed,
    ``raised`` what the statement raised. ``fresh`` says that no statement ran yet. ``shares`` are names that
    stand for parts of the values of others, ``lent`` the parameters that stand for parts of the caller's,
    ``makes`` the parameter that is the object being made. ``drained`` says that the call that came back last
    has nothing more to give. ``caught`` is what a handler was entered with, ``passing`` what a call of the
    statement was left with. ``closing`` says that the head of a ``with`` runs to leave its context.
    ``leaving`` holds what a ``return`` gives that a ``finally`` or a ``with`` is still to follow, ``None``
    if that is not known. ``cells`` are names that are those of the function around, ``lost`` names whose
    objects functions that were called may have changed, in a way that is not known. ``handed`` are names
    with which it began whose objects others may have too, ``foreign`` says that it began with one of which
    it is not known whose it is. ``resumed`` says that it was suspended at its line and goes on, ``awaiting``
    is the identity of the suspended coroutine for which it waits, -1 for none. ``within`` are the objects
    that calls of the statement changed, ``touched`` those that the statements before it did, ``since`` those
    that were changed while it is suspended. ``kept`` is the text of the generator for which it runs.
    ``came`` is ``returned`` with what a generator gave put together, see
    :data:`cwm_lsp.codec.records.DRAWN`. ``defaulted`` are parameters that hold the objects of their defaults.
    """

    identity: int
    function: str
    line: int
    texts: Mapping[str, str]
    visits: Mapping[int, int] = field(default_factory=dict)
    entered: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    begun: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    returned: tuple[str, ...] = ()
    came: tuple[str, ...] = ()
    renewed: Mapping[str, str] = field(default_factory=dict)
    raised: str | None = None
    fresh: bool = False
    shares: Mapping[str, Place] = field(default_factory=dict)
    lent: Mapping[str, Place] = field(default_factory=dict)
    makes: str = ""
    defaulted: frozenset[str] = frozenset()
    drained: bool = False
    caught: str | None = None
    passing: str | None = None
    closing: bool = False
    leaving: tuple[str | None, ...] = ()
    cells: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    handed: frozenset[str] = frozenset()
    foreign: bool = False
    resumed: bool = False
    awaiting: int = -1
    within: Touched = frozenset()
    touched: Touched = frozenset()
    since: Touched = frozenset()
    gave: Place | None = None
    asked: Asked | None = None
    kept: str = ""

    @property
    def name(self) -> str:
        """The name of its function, without what stands before it in the qualified one."""
        return self.function.rpartition(".")[2]

    @property
    def is_module(self) -> bool:
        """Whether it is that of a file's own statements."""
        return self.function == "<module>"


@dataclass(frozen=True, slots=True)
class State:
    """The stack of frames, innermost last, and those of generators that are suspended.

    ``closed`` has the values of the names that inner functions have of one around them which has ended, by
    the line of the inner function; none for one of which there are several. ``memory`` is what remembered
    calls gave, those made last at its end; ``whole`` says that the run is known from its beginning on.
    ``heap`` has what is stored in objects that do not show it.
    """

    frames: tuple[Frame, ...] = ()
    suspended: tuple[Frame, ...] = ()
    closed: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    memory: Mapping[Asked, str] = field(default_factory=dict)
    whole: bool = False
    heap: Heap = field(default_factory=Heap)

    def with_frames(self, *frames: Frame) -> State:
        """Other frames on the stack."""
        return replace(self, frames=frames)

    def suspending(self, frame: Frame) -> State:
        """``frame`` among those that are suspended."""
        frame = replace(frame, since=frozenset())
        return replace(self, suspended=(*self.suspended[-_MOST_SUSPENDED:], frame))

    def touching(self, touched: Touched) -> State:
        """Objects were changed while frames are suspended."""
        return replace(
            self, suspended=tuple(replace(one, since=together(one.since, touched)) for one in self.suspended)
        )

    def resumed(self, line: int) -> Frame | None:
        """The frame that was suspended last at ``line``, of those that may go on."""
        return next(reversed(self._ready(line)), None)

    def is_one(self, line: int) -> bool:
        """Whether only one of the frames that are suspended at ``line`` may go on."""
        return len(self._ready(line)) == 1

    def resumed_with(self, line: int, texts: Mapping[str, str]) -> Frame | None:
        """The one that may go on at ``line`` with the values ``texts``, ``None`` where several may."""
        ready = self._ready(line)
        alike = [one for one in ready if one.texts == texts] if len(ready) > 1 else ready
        return alike[0] if len(alike) == 1 else None

    def _ready(self, line: int) -> list[Frame]:
        """The frames suspended at ``line`` that may go on: one for which another waits does with that."""
        found = [one for one in self.suspended if one.line == line]
        waited = [one for one in found if self.frames and one.identity == self.frames[-1].awaiting]
        others = {one.awaiting for one in self.suspended}
        return waited or [one for one in found if one.identity not in others] or found

    def suspended_in(self, function: str, kept: str = "") -> Frame | None:
        """The frame of a ``function`` of that name that was suspended last, or of a ``kept`` generator."""
        if kept:
            return next((one for one in self.suspended if one.kept == kept), None)
        fitting = (one for one in reversed(self.suspended) if one.name == function)
        return next(fitting, None)

    @property
    def empty(self) -> bool:
        """Nothing is running."""
        return not self.frames

    @property
    def texts(self) -> Mapping[str, str]:
        """The values of the innermost frame."""
        return self.frames[-1].texts if self.frames else EMPTY

    @property
    def line(self) -> int:
        """The statement of the innermost frame."""
        return self.frames[-1].line if self.frames else 0

    @property
    def frame(self) -> int:
        """The identity of the innermost frame."""
        return self.frames[-1].identity if self.frames else -1

    @property
    def function(self) -> str:
        """The function of the innermost frame."""
        return self.frames[-1].function if self.frames else ""


NOTHING = State()
"""Nothing is running."""
