"""What is known at a line before it runs: all that can be worked out there, put together."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cwm_lsp.codec.calls import Site, Target
from cwm_lsp.codec.deeds import Effect, effect
from cwm_lsp.codec.frames import Frame
from cwm_lsp.codec.heads import taken
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


def facts(frame: Frame, logical: LogicalLine, constants: Mapping[str, str], *, aided: bool) -> Facts:
    """What is known of the line at which ``frame`` stands; ``aided`` false only looks up."""
    texts = {**constants, **frame.texts, **frame.renewed}
    known = tell(logical.work, texts, frame.returned, aided)
    items = taken(logical, frame, constants, aided) if frame.line in frame.visits else ()
    if not aided:
        return Facts(known, items=items)
    does = effect(logical.deeds, texts, frame.returned, frame.shares) if logical.deeds else Effect()
    if frame.renewed:
        does = replace(does, changed={**frame.renewed, **does.changed})
    return Facts(known, does, items)


def passed(frame: Frame, shown: Slice, site: Site, targets: Sequence[Target]) -> Iterator[tuple[str, str]]:
    """The parameters of the one function that ``site`` may enter, with the values that they get."""
    if len(targets) != 1:
        return
    texts = {**shown.constants, **frame.texts, **frame.renewed}
    receiver = targets[0].parameters[:1] if targets[0].owner else ()
    made = shown.by_line[frame.line].sites[: len(frame.returned)]
    given = frame.returned if site.takes(made) else ()
    for name, node in site.values(targets[0]):
        text = told(node, texts, given) if name not in receiver else None
        if text is not None:
            yield name, text
