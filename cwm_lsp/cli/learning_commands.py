"""What the commands of ``cwm-lsp model`` do, each taking the options of :mod:`.learning` by name."""

from __future__ import annotations

import json
import platform
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from cwm_lsp import __version__
from cwm_lsp.backend.weights import locate, read_manifest
from cwm_lsp.cli.console import Shell
from cwm_lsp.cli.learning_models import ModelSource, extra, installed, recorded_runs, rows
from cwm_lsp.cli.loop import run
from cwm_lsp.cli.writing import check_writable, write, writing
from cwm_lsp.errors import ArgumentsError
from cwm_lsp.learn.evaluate import Answers, EvaluateOptions, answers, answers_in_parallel
from cwm_lsp.learn.judging import RowResult, Status
from cwm_lsp.learn.metrics import FIGURES, Evaluation, summarise
from cwm_lsp.learn.rows import Row

_HEADLINES = (*FIGURES, "ece", "coverage_at_95")
_NAMED_FAILURES = 5


# --- eval and calibrate ------------------------------------------------------------------------


def evaluate(values: Mapping[str, Any]) -> int:
    """Score a model and print the figures."""
    shell = Shell(as_json=values["as_json"])
    if values["output"] is not None:
        check_writable(values["output"])
    chosen = rows(values["data"], values["split"] or "", values["calls"], values["limit"], shell.note)
    start = time.monotonic()
    found = _answers(chosen, _source(values), EvaluateOptions(values["free_events"]), values["jobs"], shell)
    evaluation = summarise(found.info.model, found.results, time.monotonic() - start)
    document = {
        "data": " ".join(path.name for path in values["data"]),
        "command": _command(values),
        "weights": found.info.digest,
        "python": platform.python_version(),
        "version": __version__,
        **evaluation.to_json(),
    }
    if values["output"] is not None:
        write(values["output"], json.dumps(document, indent=1) + "\n")
    if shell.as_json:
        shell.object(document)
    else:
        shell.out.print(_table(evaluation))
    _name_failures(found.results, shell)
    return 0


def calibrate(values: Mapping[str, Any]) -> int:
    """Fit the probabilities of a folder of weights and store the map with them."""
    from cwm_lsp.learn.calibrate import fit, store

    shell = Shell(as_json=values["as_json"])
    chosen = rows(values["data"], values["split"] or "", values["calls"], values["limit"], shell.note)
    source = _source({**values, "raw": True})
    found = _answers(chosen, source, EvaluateOptions(free_events=0), values["jobs"], shell)
    fitted = fit(found.results, values["precision"])
    folder = locate(str(values["model"] or ""))
    split = f", {values['split']} functions" if values["split"] else ""
    with writing(folder):
        store(folder, fitted, " ".join(path.name for path in values["data"]) + split)
    if shell.as_json:
        shell.object(fitted.to_json())
    else:
        shell.out.print(
            f"{fitted.values:,} values: calibration error {fitted.before:.3f}, after {fitted.after:.3f} "
            f"(cross-validated).\nWithheld under {fitted.calibration.threshold:.2f}: {fitted.shown:.0%} are "
            f"shown, of which {fitted.precision:.0%} right.\nStored in {folder}."
        )
    return 0


def _source(values: Mapping[str, Any]) -> ModelSource:
    return ModelSource(
        backend=values.get("backend") or "embedded",
        model=str(values["model"] or ""),
        endpoint=values.get("endpoint", ""),
        checkpoint=str(values.get("checkpoint") or ""),
        threads=values["threads"],
        raw=values["raw"],
        unaided=values.get("unaided", False),
    )


def _answers(
    chosen: Sequence[Row], source: ModelSource, options: EvaluateOptions, jobs: int, shell: Shell
) -> Answers:
    with shell.progress("Evaluating") as advance:
        if jobs > 1:
            return answers_in_parallel(chosen, source.predictor, options, jobs, advance)
        return run(answers(chosen, source.predictor, options, advance))


_DEFAULTS = {"limit": None, "split": None, "calls": 2, "free_events": 400, "backend": "embedded"}
"""Of the options that change the figures."""


def _command(values: Mapping[str, Any]) -> str:
    """The command that gives these figures, folders left out of the file names."""
    words = ["cwm-lsp", "model", "eval", *(path.name for path in values["data"]), "--json"]
    for name, default in _DEFAULTS.items():
        if values[name] != default:
            words += [f"--{name.replace('_', '-')}", str(values[name])]
    if values["checkpoint"]:
        words += ["--checkpoint", values["checkpoint"].name]
    words += [f"--{name}" for name in ("raw", "unaided") if values[name]]
    return shlex.join(words)


def _table(found: Evaluation) -> Table:
    statuses = ", ".join(f"{count} {status}" for status, count in found.statuses.items())
    table = Table(
        "figure",
        *("evaluated rows", "95 % interval", "all rows"),
        title=f"{found.model}: {found.rows_evaluated:,} of {found.rows:,} rows ({statuses})",
        title_justify="left",
    )
    for name in _HEADLINES:
        interval = found.intervals.get(name)
        table.add_row(
            name,
            _share(found.figures[name]),
            f"{_share(interval[0])} to {_share(interval[1])}" if interval else "",
            _share(found.all_rows.get(name)),
        )
    return table


def _share(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def _name_failures(results: Sequence[RowResult], shell: Shell) -> None:
    failed = [row for row in results if row.status is not Status.DONE]
    for row in failed[:_NAMED_FAILURES]:
        shell.note(f"{row.name}: {row.status}. {row.message}")
    if len(failed) > _NAMED_FAILURES:
        shell.note(f"... and {len(failed) - _NAMED_FAILURES} more rows that were not evaluated.")


# --- corpus, train, export ---------------------------------------------------------------------


def corpus(values: Mapping[str, Any]) -> int:
    """Record a corpus."""
    from cwm_lsp.learn.corpus.build import Options, build_corpus
    from cwm_lsp.learn.corpus.progress import bar
    from cwm_lsp.learn.corpus.shards import Plan

    shell = Shell(as_json=values["as_json"])
    plan = Plan(seed=values["seed"], shards=values["shards"], size=values["size"])
    options = Options(
        out=values["out"],
        plan=plan,
        real=values["real"],
        exclude=values["exclude"],
        library=values["library"],
        workers=values["workers"],
        ray=values["ray"],
    )
    with ExitStack() as stack:
        stack.enter_context(writing(options.out))
        stack.enter_context(extra("ray"))
        progress = stack.enter_context(bar()) if shell.err.is_terminal else None
        report = build_corpus(options, encode=_tokens, progress=progress)
    if shell.as_json:
        shell.object({**asdict(report), "tokens_per_second_per_core": report.tokens_per_second_per_core})
    else:
        shell.out.print(
            f"{report.outcomes.get('kept', 0):,} runs, {report.tokens:,} tokens in {report.shards} shards; "
            f"{report.tokens_per_second_per_core:,.0f} tokens/s per core."
        )
    return 0


def _tokens(trace: Any) -> Sequence[int]:
    """The tokens of a trace in the embedded model's format; none where it does not fit."""
    from cwm_lsp.codec.compact import CompactCodec
    from cwm_lsp.errors import ContextExceeded

    try:
        return CompactCodec().encode(trace).tokens
    except ContextExceeded:
        return ()


def train(values: Mapping[str, Any]) -> int:
    """Train, and show a line of the curve now and then."""
    if not values["tokens"] and not values["seconds"]:
        raise ArgumentsError("Training needs an end.", "Give --tokens or --seconds.")
    with extra("train"):
        from cwm_lsp.codec import vocabulary
        from cwm_lsp.learn.model import ModelShape
        from cwm_lsp.learn.train import ADAM_SHARE, TrainOptions
        from cwm_lsp.learn.train import train as train_model

    shell = Shell()
    sizes = {name: values[name] for name in ("hidden", "layers", "heads", "kv_heads", "inner")}
    rates = {"muon_rate": values["rate"], "adam_rate": values["rate"] * ADAM_SHARE}
    given = {name: value for name, value in values.items() if name not in sizes and name != "rate"}
    options = TrainOptions(**given, **rates)
    model = train_model(ModelShape(vocabulary.SIZE, **sizes), options, lambda row: shell.note(_curve(row)))
    shell.out.print(f"{model.parameter_count():,} parameters, in {values['out'] / 'checkpoint.pt'}.")
    return 0


def _curve(row: Mapping[str, float]) -> str:
    rate = row["tokens"] / max(row["seconds"], 1e-9)
    return (
        f"step {row['step']:,.0f}: {row['tokens'] / 1e6:.2f} M tokens, {row['seconds'] / 60:.1f} min, "
        f"{rate:,.0f} tokens/s, loss {row['loss']:.3f}, next token right {row['accuracy']:.1%}"
    )


def export(values: Mapping[str, Any]) -> int:
    """Weights from a checkpoint, with the facts of its training beside them."""
    with extra("train"):
        import torch

        from cwm_lsp.learn.progress import read_checkpoint
        from cwm_lsp.learn.weights import publish
    from cwm_lsp.learn.card import TRAINING, training_facts

    shell = Shell()
    with shell.progress("Exporting"), writing(values["out"]):
        checkpoint = read_checkpoint(values["checkpoint"])
        manifest = publish(checkpoint.model, values["out"], values["name"], bits=int(values["bits"]))
    facts = training_facts(
        shape=checkpoint.model.shape.to_dict(),
        parameters=checkpoint.model.parameter_count(),
        progress=checkpoint.progress,
        device=values["device"],
        data=values["data"],
    )
    write(values["out"] / TRAINING, json.dumps({**facts, "torch": torch.__version__}, indent=1) + "\n")
    shell.out.print(f"{manifest.name}: {values['out']}, SHA-256 {manifest.sha256}.")
    return 0


# --- adapt and card ----------------------------------------------------------------------------


def adapt(values: Mapping[str, Any]) -> int:
    """Fine-tune on one's own runs, or take it back."""
    from cwm_lsp.learn.adapted import adapted_folder, check_room, undo
    from cwm_lsp.learn.own_runs import split

    shell = Shell(as_json=values["as_json"])
    out: Path = (values["out"] or adapted_folder()).absolute()
    if values["undo"]:
        gone = undo(out)
        if shell.as_json:
            shell.object({"folder": str(out), "removed": gone})
        else:
            shell.out.print(f"Removed {out}." if gone else f"There are no adapted weights in {out}.")
        return 0
    installed("train", "torch", "transformers", "onnx")
    check_room(out)
    shipped = locate(str(values["model"] or ""))
    read_manifest(shipped)
    runs = split(
        run(recorded_runs(values["files"], values["tests"], values["most"], values["trusted"], shell))
    )
    with extra("train"):
        from cwm_lsp.learn.adapt import AdaptOptions, adapt  # seconds, which only what is recorded is worth
    options = AdaptOptions(seconds=values["seconds"], threads=values["threads"])
    with ExitStack() as stages:
        made = run(adapt(runs, shipped, out, options, _stage_by_stage(shell, stages)))
    if shell.as_json:
        shell.object(
            {
                "folder": str(made.folder) if made.folder else None,
                "train_runs": made.train_runs,
                "steps": made.steps,
                **{name: getattr(made, name).to_json() for name in _STAGES},
            }
        )
        return 0
    shell.out.print(_before_and_after({name: getattr(made, name) for name in _STAGES}, made.train_runs))
    if made.folder is None:
        shell.out.print("The adapted weights are no better on the functions kept out, so nothing was kept.")
    else:
        shell.out.print(
            f"Adapted weights are in {made.folder}. Use them with `--model {shlex.quote(str(made.folder))}`, "
            "the setting `model` or CWM_LSP_MODEL; `cwm-lsp model adapt --undo` removes them."
        )
    return 0


def _stage_by_stage(shell: Shell, stages: ExitStack) -> Callable[[str, float, float], None]:
    """Progress in percent, each stage with a bar of its own: there is always one in ``stages``."""
    stage, advance = "", None

    def tell(what: str, done: float, total: float) -> None:
        nonlocal stage, advance
        if what != stage or advance is None:
            stages.close()
            stage, advance = what, stages.enter_context(shell.progress(what, "%"))
        advance(int(100 * done / total), 100)

    return tell


_STAGES = ("before", "after", "general_before", "general_after")


def _before_and_after(stages: Mapping[str, Evaluation], train_runs: int) -> Table:
    table = Table(
        "figure",
        *("before", "after", "before", "after"),
        title=(
            f"{train_runs} runs learnt from; functions kept out ({stages['before'].rows} runs), "
            f"then generated ones ({stages['general_before'].rows} runs)"
        ),
        title_justify="left",
    )
    for name in ("frames_exact", "changed_exact", "next_line_exact", "return_forced", "coverage_at_95"):
        table.add_row(name, *(_share(stage.figures[name]) for stage in stages.values()))
    return table


def card(values: Mapping[str, Any]) -> int:
    """Write the model card and its plots."""
    from cwm_lsp.learn.card import card_plots, model_card

    folder, out = locate(str(values["model"] or "")), values["out"]
    write(out, model_card(folder, values["evaluations"], out.stem))
    for name, plot in card_plots(folder, values["evaluations"], out.stem).items():
        write(out.with_name(name), plot)
    Shell().note(f"{out} is written, its plots beside it.")
    return 0
