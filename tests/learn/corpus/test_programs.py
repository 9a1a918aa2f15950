"""The generator: reproducible, varied, and made of programs that run."""

from __future__ import annotations

import ast
import re
from collections import Counter
from itertools import islice
from random import Random

import pytest

from cwm_lsp.learn.corpus import idioms
from cwm_lsp.learn.corpus.dedup import Exclusions
from cwm_lsp.learn.corpus.functions import grammar
from cwm_lsp.learn.corpus.micro import KINDS, micro
from cwm_lsp.learn.corpus.program import Program
from cwm_lsp.learn.corpus.programs import MIX, generate
from cwm_lsp.learn.corpus.restyle import restyled
from cwm_lsp.learn.corpus.scripts import as_script
from cwm_lsp.learn.corpus.stream import stream
from cwm_lsp.learn.corpus.values import SHAPES, TYPES, arguments, draw
from cwm_lsp.record.agent.limits import Limits
from cwm_lsp.record.inprocess import trace_call
from cwm_lsp.trace.model import EventKind, Trace

LIMITS = Limits(events=400, bytes=400_000, seconds=5.0, depth=80)


def sample(count: int, seed: int = 0) -> list[Program]:
    rng = Random(seed)
    return [generate(rng) for _ in range(count)]


def run(program: Program) -> Trace:
    return trace_call(program.source, program.call, LIMITS)


def crashes(trace: Trace) -> bool:
    return trace.events[-1].kind is EventKind.EXCEPTION or trace.events[-1].unwinding


def test_a_seed_says_everything() -> None:
    assert sample(60) == sample(60)
    assert sample(60) != sample(60, seed=1)


def test_the_kinds_come_in_their_shares() -> None:
    kinds = Counter(program.origin.partition(":")[0] for program in sample(1500))
    assert kinds["micro"] / 1500 == pytest.approx(MIX["micro"], abs=0.05)
    assert kinds["grammar"] / 1500 == pytest.approx(MIX["grammar"], abs=0.05)
    assert kinds["idiom"] / 1500 == pytest.approx(MIX["idiom"] + MIX["hard"], abs=0.05)


def test_nearly_all_run_to_an_end_within_the_limits() -> None:
    traces = [run(program) for program in sample(600)]
    assert sum(trace.cut is not None for trace in traces) <= 18
    assert sum(crashes(trace) for trace in traces) <= 30
    assert sum(5 <= len(trace.events) <= 40 for trace in traces) > 100


def test_exceptions_are_raised_in_some() -> None:
    raised = sum(any(e.kind is EventKind.EXCEPTION for e in run(p).events) for p in sample(600, seed=2))
    assert 18 <= raised <= 90


def test_results_are_varied() -> None:
    results = []
    for program in sample(600, seed=3):
        value = run(program).events[-1].value
        results.append(value.text if value is not None else "")
    dull = sum(text in ("None", "False", "0", "''", "[]", "{}", "set()", "()") for text in results)
    assert dull < 120
    assert len(set(results)) > 350


@pytest.mark.parametrize("make", [micro, grammar])
def test_what_is_written_knows_its_values(make: object) -> None:
    """Index, key and substring are picked by looking: without that, a third of the programs fail."""
    rng = Random(5)
    programs = [make(rng) for _ in range(200)]  # type: ignore[operator]
    assert sum(crashes(run(program)) for program in programs) <= 12


def test_every_kind_of_operation_is_practised() -> None:
    rng = Random(1)
    found = Counter(micro(rng).origin.partition(":")[2] for _ in range(1500))
    assert set(found) == set(KINDS)


@pytest.mark.parametrize("group", [*idioms.EASY, *idioms.HARD])
def test_every_idiom_compiles_under_any_choice(group: str) -> None:
    rng = Random(0)
    for idiom in idioms.catalogue(group):
        for _ in range(12):
            program = idioms.instance(rng, idiom)
            compile(program.source, program.origin, "exec")
            ast.parse(program.call, mode="eval")


def test_there_are_enough_idioms() -> None:
    assert sum(len(idioms.catalogue(group)) for group in (*idioms.EASY, *idioms.HARD)) >= 150


def test_an_instance_renames_consistently() -> None:
    rng = Random(4)
    idiom = idioms.catalogue("lists")[8]
    results = {
        run(Program(p.source, f"{p.call.partition('(')[0]}([1, 2, 3])", "")).events[-1].kind
        for p in (idioms.instance(rng, idiom) for _ in range(40))
    }
    assert results == {EventKind.RETURN}


def test_restyling_changes_looks_only() -> None:
    changed = 0
    for seed in range(300):
        rng = Random(seed)
        plain = grammar(rng)
        styled = restyled(rng, plain)
        changed += styled.source != plain.source
        before, after = run(plain), run(styled)
        assert [e.value for e in before.events if e.depth == 0 and e.value] == [
            e.value for e in after.events if e.depth == 0 and e.value
        ], styled.source
    assert changed > 40


@pytest.mark.parametrize("spec", [*TYPES, *SHAPES])
def test_values_round_trip_as_text(spec: str) -> None:
    rng = Random(0)
    for _ in range(30):
        value = draw(rng, spec)
        assert ast.literal_eval(repr(value)) == value


def test_related_arguments_look_at_the_first() -> None:
    rng = Random(0)
    drawn = [arguments(rng, ("li+", "item_of")) for _ in range(100)]
    assert sum(item in items for items, item in drawn) > 60  # type: ignore[operator]


def test_unknown_specs_are_refused() -> None:
    with pytest.raises(KeyError):
        draw(Random(0), "frobs")


def test_a_stream_is_reproducible_and_mixes() -> None:
    real = [Program("def g(x):\n    return x + 1\n", "g(1)", "real:test")]
    first = list(islice(stream(7, real=real), 400))
    assert first == list(islice(stream(7, real=real), 400))
    kinds = Counter(program.origin.partition(":")[0] for program in first)
    assert kinds["real"] > 20
    assert kinds["mutant"] > 20


def test_a_stream_without_real_functions_has_none() -> None:
    assert not any("real" in program.origin for program in islice(stream(7), 200))


def test_a_stream_leaves_out_what_is_excluded() -> None:
    real = [Program("def g(x):\n    y = x + 1\n    return y * 2\n", "g(1)", "real:test")]
    found = islice(stream(7, real=real, exclusions=Exclusions([real[0].source])), 200)
    assert not any(program.source == real[0].source for program in found)


def test_scripts_run_the_function_as_it_was_called() -> None:
    rng = Random(7)
    ran = 0
    beside = stream(4, weights={"generated": 1.0})
    for program in islice(stream(3), 40):
        script = as_script(rng, program, lambda: next(beside))
        if not program.call or not script.source.count(program.call):
            continue
        called, trace = run(program), run(script)
        first = called.events[0].function
        inner = [event for event in trace.events if event.function == first]
        if called.cut is None and trace.cut is None and not crashes(called) and not crashes(trace):
            assert trace.events[0].function == "<module>"
            assert script.call == ""
            assert [event.value for event in called.events if event.depth == 0][-1] in [
                e.value for e in inner
            ]
            ran += 1
    assert ran > 20


def test_branches_on_one_line_do_what_they_did() -> None:
    joined = 0
    for program in islice(stream(11, weights={"generated": 1.0}), 400):
        ast.parse(program.source)
        joined += bool(re.search(r"^ *if .*: \S.*$", program.source, re.M))
    assert joined > 5
