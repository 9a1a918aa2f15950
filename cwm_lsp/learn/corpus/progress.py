"""The progress bar of a corpus build: shards, time left, traces and tokens per second and core."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cwm_lsp.learn.corpus.build import Progress
from cwm_lsp.learn.corpus.shards import ShardReport


@contextmanager
def bar() -> Iterator[Progress]:
    """A bar on the standard error stream, to be passed to :func:`.build.build_corpus`."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("shards"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[rate]}"),
    )
    with Bar(*columns, console=Console(stderr=True)) as shown:
        task = shown.add_task("", total=None, rate="")

        def advance(done: int, of: int, report: ShardReport | None) -> None:
            shown.update(task, completed=done, total=of, rate=rate(report))

        yield advance


def rate(report: ShardReport | None) -> str:
    """How fast a shard was made, in words."""
    if report is None or not report.seconds:
        return ""
    kept = f"{report.outcomes.get('kept', 0) / report.seconds:,.0f} traces/s/core"
    return f"{kept}, {report.tokens / report.seconds:,.0f} tokens/s/core" if report.tokens else kept
