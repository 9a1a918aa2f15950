"""What is known at a line before it runs: all that can be worked out there, put together."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cwm_lsp.codec.awaiting import Awaited
from cwm_lsp.codec.deeds import Effect, effect
from cwm_lsp.codec.definitions import readable
from cwm_lsp.codec.frames import Frame
from cwm_lsp.codec.heads import runs_class, taken
from cwm_lsp.codec.once import once
from cwm_lsp.codec.source import LogicalLine, Slice
from cwm_lsp.codec.working import Told, tell, told


@dataclass(frozen=True, slots=True)
class Facts:
    """What expressions come to (``known``), what the line ``does``, the ``items`` that its loop takes."""

    known: Mapping[ast.expr, Told]
    does: Effect = field(default_factory=Effect)
    items: Sequence[str | None] = ()

    @property
    def texts(self) -> Iterator[str]:
        """All values of which these facts speak, the likeliest to be given to a name first."""
        yield from self.does.changed.values()
        if self.does.result is not None:
            yield self.does.result.text
        yield from (item for item in self.items if item)
        yield from (one.text for one in self.known.values())


@once
def facts(frame: Frame, logical: LogicalLine, constants: Mapping[str, str], *, aided: bool) -> Facts:
    """What is known of the line at which ``frame`` stands; ``aided`` false only looks up."""
    texts = readable(frame, constants)
    known = tell(logical.work, texts, frame.came, aided)
    items = taken(logical, frame, constants, aided) if frame.visits.get(frame.line, -1) >= 0 else ()
    if not aided:
        return Facts(known, items=items)
    given = () if isinstance(logical.head, ast.ClassDef) else frame.came
    carries = logical.deeds and not runs_class(frame, logical)
    does = effect(logical.deeds, texts, given, frame.shares) if carries else Effect()
    if frame.renewed:
        does = replace(does, changed={**frame.renewed, **does.changed})
    return Facts(known, does, items)


def passed(frame: Frame, shown: Slice, called: Awaited) -> Iterator[tuple[str, str]]:
    """The parameters of the one function that is ``called``, with the values that they get."""
    texts = readable(frame, shown.constants)
    receiver = called.targets[0].parameters[:1] if called.targets and called.targets[0].owner else ()
    made = shown.by_line[frame.line].sites[: len(frame.returned)]
    came = dict(zip((one.node for one in made), frame.came, strict=False)) if called.site.takes(made) else {}
    for name, node, known in called.values:
        text = known
        if known is None and node is not None:
            within = {id(part) for part in ast.walk(node)}
            text = told(node, texts, [gave for call, gave in came.items() if id(call) in within])
        if text is not None and name not in receiver:
            yield name, text
