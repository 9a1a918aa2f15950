"""What tests do with the module under repair, as scripts without pytest: one for each thing that they assert.

Fixtures of the file and of each ``conftest.py`` around it are written out, parameters become assignments,
assertions become the values that they look at. A test that needs more than that (a temporary folder, a patch,
a fixture of a plugin) has none. Pure.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, product

from cwm_lsp.repair.scripts import written

CASES = 12
"""Sets of parameters of one test."""

_EQUAL = {
    "assertEqual", "assertAlmostEqual", "assertIs", "assertNotEqual", "assertListEqual", "assertDictEqual",
    "assertTupleEqual", "assertSetEqual", "assertSequenceEqual", "assertCountEqual", "assertMultiLineEqual",
}  # fmt: skip
_PAIRED = {"assertIn", "assertNotIn", "assertLess", "assertLessEqual", "assertGreater", "assertGreaterEqual"}
_SETUPS = ("setUp", "setup_method", "setup")

Function = ast.FunctionDef | ast.AsyncFunctionDef


class _Beyond(Exception):
    """A test needs what a script cannot give."""


def scripts(test: str, module: str, names: Sequence[str], around: Sequence[str] = ()) -> dict[str, list[str]]:
    """The scripts of each test of a file, by node below the file (``TestShop::test_add``).

    ``module``: the last part of the name of the module under repair; ``names``: what it defines; ``around``:
    the files whose fixtures the tests have too, the nearest last. A file that does not parse has none.
    """
    try:
        tree, *others = map(ast.parse, (test, *around))
    except (SyntaxError, ValueError, RecursionError):
        return {}
    reader = _Reader(tree, module, set(names), others)
    return {node: found for node, found in reader.tests() if found}


def defined(source: str) -> list[str]:
    """The names that a module defines at its top. Raises ``SyntaxError``."""
    found: list[str] = []
    for one in ast.parse(source).body:
        if isinstance(one, Function | ast.ClassDef):
            found.append(one.name)
        elif isinstance(one, ast.Assign | ast.AnnAssign):
            targets = one.targets if isinstance(one, ast.Assign) else [one.target]
            found += [target.id for target in targets if isinstance(target, ast.Name)]
    return found


@dataclass
class _Reader:
    """Reads one test file."""

    tree: ast.Module
    module: str
    names: set[str]
    around: Sequence[ast.Module] = ()
    known: dict[str, ast.stmt] = field(default_factory=dict)  # what the file itself defines and imports
    fixtures: dict[str, Function] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    modules: set[str] = field(default_factory=set)  # names of the module under repair

    def tests(self) -> Iterator[tuple[str, list[str]]]:
        """Each test and its scripts."""
        for statement in (one for tree in (*self.around, self.tree) for one in tree.body):
            self._learn(statement)
        for statement in self.tree.body:
            if isinstance(statement, ast.FunctionDef) and statement.name.startswith("test"):
                yield statement.name, self._of(statement, None)
            elif isinstance(statement, ast.ClassDef):
                for one in statement.body:
                    if isinstance(one, ast.FunctionDef) and one.name.startswith("test"):
                        yield f"{statement.name}::{one.name}", self._of(one, statement)

    def _learn(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            for alias in statement.names:
                self._imported(statement, alias)
        elif isinstance(statement, Function | ast.ClassDef):
            marks = [ast.unparse(one) for one in statement.decorator_list]
            if any(one.startswith(("pytest.fixture", "fixture")) for one in marks):
                if isinstance(statement, Function):
                    self.fixtures[statement.name] = statement
            else:
                self.known[statement.name] = statement
        elif isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    self.known[target.id] = statement

    def _imported(self, statement: ast.Import | ast.ImportFrom, alias: ast.alias) -> None:
        name = alias.asname or alias.name
        if alias.name.rpartition(".")[2] == self.module:
            self.modules.add(name)
        elif isinstance(statement, ast.ImportFrom) and alias.name in self.names:
            self.renamed[name] = alias.name
        elif isinstance(statement, ast.Import):
            self.known[name.partition(".")[0]] = ast.Import([alias])
        elif not statement.level and statement.module != "__future__":
            self.known[name] = ast.ImportFrom(statement.module, [alias], 0)

    def _of(self, test: ast.FunctionDef, owner: ast.ClassDef | None) -> list[str]:
        found: dict[str, None] = {}
        try:
            for given in islice(self._parameters(test), CASES):
                prefix = [*self._setup(owner), *self._given(test, given)]
                for statements, value in self._values(test.body, prefix):
                    found[self._whole(statements, value)] = None
        except _Beyond:
            return []
        return list(found)

    # --- what a test is given

    def _parameters(self, test: ast.FunctionDef) -> Iterator[dict[str, ast.expr]]:
        """The sets of parameters that a test is run with."""
        ways: list[list[dict[str, ast.expr]]] = []
        for mark in test.decorator_list:
            if not (isinstance(mark, ast.Call) and ast.unparse(mark.func).endswith("mark.parametrize")):
                continue
            if len(mark.args) < 2:
                raise _Beyond
            names, rows = _names(mark.args[0]), self._elements(mark.args[1])
            ways.append([_row(names, row) for row in rows])
        for chosen in product(*ways):
            yield {name: value for row in chosen for name, value in row.items()}

    def _elements(self, node: ast.expr) -> list[ast.expr]:
        """The elements of a display, or of a constant of the file that is one."""
        if isinstance(node, ast.Name) and isinstance(known := self.known.get(node.id), ast.Assign):
            node = known.value
        if not isinstance(node, ast.List | ast.Tuple):
            raise _Beyond
        return node.elts

    def _given(self, test: ast.FunctionDef, given: Mapping[str, ast.expr]) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for one in (*test.args.posonlyargs, *test.args.args, *test.args.kwonlyargs):
            if one.arg in given:
                found.append(_assigned(one.arg, given[one.arg]))
            elif one.arg != "self":
                found += self._fixture(one.arg, ())
        return found

    def _fixture(self, name: str, within: tuple[str, ...]) -> list[ast.stmt]:
        """The statements of a fixture, what it gives under its name."""
        fixture = self.fixtures.get(name)
        if fixture is None or name in within:
            raise _Beyond
        if any("params" in ast.unparse(mark) for mark in fixture.decorator_list):
            raise _Beyond
        found: list[ast.stmt] = []
        for one in fixture.args.args:
            if one.arg != "self":
                found += self._fixture(one.arg, (*within, name))
        for statement in fixture.body:
            if isinstance(statement, ast.Return) and isinstance(statement.value, ast.Name):
                called = _Own({statement.value.id: name}, set())
                return [called.visit(copy.deepcopy(one)) for one in found]
            if isinstance(statement, ast.Return) and statement.value is not None:
                return [*found, _assigned(name, statement.value)]
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Yield):
                return [*found, _assigned(name, statement.value.value or ast.Constant(None))]
            if not _is_text(statement):
                found.append(statement)
        raise _Beyond

    @staticmethod
    def _setup(owner: ast.ClassDef | None) -> list[ast.stmt]:
        body = owner.body if owner is not None else []
        setups = [one for one in body if isinstance(one, ast.FunctionDef) and one.name in _SETUPS]
        return [one for setup in setups for one in setup.body if not _is_text(one)]

    # --- what a test looks at

    def _values(
        self, body: Sequence[ast.stmt], done: list[ast.stmt]
    ) -> Iterator[tuple[list[ast.stmt], ast.expr]]:
        """What has run and the value looked at, for each assertion. ``done`` grows by what runs."""
        for statement in body:
            value = _looked_at(statement)
            if value is not None:
                yield list(done), value
            elif isinstance(statement, ast.With) and _raises(statement):
                *before, last = statement.body
                if isinstance(last, ast.Expr | ast.Assign):
                    yield [*done, *before], last.value
                done.append(_suppressed(statement.body))
            elif isinstance(statement, ast.For) and _asserts(statement):
                for element in self._elements(statement.iter)[:CASES]:
                    yield from self._values(
                        statement.body, [*done, ast.Assign([statement.target], element, lineno=0)]
                    )
            elif _asserts(statement):
                raise _Beyond
            elif not _is_text(statement):
                done.append(statement)

    # --- names

    def _whole(self, statements: Sequence[ast.stmt], value: ast.expr) -> str:
        """A script with what it needs of the test file in front, in the words of the module under repair."""
        own = _Own(self.renamed, self.modules)
        body = [own.visit(copy.deepcopy(one)) for one in statements]
        last: ast.expr = own.visit(copy.deepcopy(value))
        body = _used(body, last)
        needed: dict[str, ast.stmt] = {}
        self._need([*body, last], needed, own)
        return written([*needed.values(), *body], last)

    def _need(self, nodes: Sequence[ast.AST], needed: dict[str, ast.stmt], own: _Own) -> None:
        used = [n for one in nodes for n in ast.walk(one) if isinstance(n, ast.Name)]
        stored = {name.id for name in used if isinstance(name.ctx, ast.Store)}
        for name in dict.fromkeys(name.id for name in used):
            if name in self.known and name not in needed and name not in stored:
                statement = own.visit(copy.deepcopy(self.known[name]))
                needed[name] = statement  # a helper may call itself
                self._need([statement], needed, own)
                needed[name] = needed.pop(name)  # behind what it needs


def _used(body: Sequence[ast.stmt], last: ast.expr) -> list[ast.stmt]:
    """Without plain values under names that nothing reads: what a test compares a result with."""
    nodes = (n for one in (*body, last) for n in ast.walk(one))
    read = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return [one for one in body if _plain_name(one) in (*read, "")]


def _plain_name(statement: ast.stmt) -> str:
    """The name that a statement gives a plain value, "" for any other statement."""
    match statement:
        case ast.Assign(targets=[ast.Name(name)], value=value):
            try:
                ast.literal_eval(value)
            except (ValueError, TypeError, SyntaxError):
                return ""
            return name
    return ""


class _Own(ast.NodeTransformer):
    """Names of the test file as the module under repair calls them; ``self.x`` of a test is ``x``."""

    def __init__(self, renamed: Mapping[str, str], modules: set[str]) -> None:
        self._renamed = renamed
        self._modules = modules

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """A name that was imported under another."""
        if node.id == "self":
            raise _Beyond
        return ast.Name(self._renamed.get(node.id, node.id), node.ctx)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """``module.name`` and ``self.name`` are names."""
        if isinstance(node.value, ast.Name) and node.value.id in (*self._modules, "self"):
            return ast.Name(node.attr, node.ctx)
        self.generic_visit(node)
        return node


def _names(node: ast.expr) -> list[str]:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        raise _Beyond from None
    return [one.strip() for one in value.split(",")] if isinstance(value, str) else list(value)


def _row(names: Sequence[str], row: ast.expr) -> dict[str, ast.expr]:
    if isinstance(row, ast.Call):  # pytest.param(...)
        row = ast.Tuple(row.args, ast.Load()) if len(names) > 1 else row.args[0]
    values = row.elts if len(names) > 1 and isinstance(row, ast.Tuple | ast.List) else [row]
    if len(values) != len(names):
        raise _Beyond
    return dict(zip(names, values, strict=True))


def _assigned(name: str, value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Name(name, ast.Store())], value, lineno=0)


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _looked_at(statement: ast.stmt) -> ast.expr | None:
    """The value that an assertion looks at."""
    if isinstance(statement, ast.Assert):
        return _side(statement.test)
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or not call.args:
        return None
    name = call.func.attr
    if not (isinstance(call.func.value, ast.Name) and call.func.value.id == "self" and name[:6] == "assert"):
        return None
    if name == "assertRaises":
        return ast.Call(call.args[1], call.args[2:], call.keywords) if len(call.args) > 1 else None
    if name in _EQUAL and len(call.args) > 1:
        return _telling(call.args[0], call.args[1])
    return ast.Tuple(call.args[:2], ast.Load()) if name in _PAIRED else call.args[0]


def _side(test: ast.expr) -> ast.expr:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _side(test.operand)
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq | ast.NotEq | ast.Is | ast.IsNot):
        return _telling(test.left, test.comparators[0])
    return test


def _telling(left: ast.expr, right: ast.expr) -> ast.expr:
    """The side of a comparison that is worked out: the left one, unless that is a plain value."""
    try:
        ast.literal_eval(left)
    except (ValueError, TypeError):
        return left
    return right


def _raises(statement: ast.With) -> bool:
    """Whether a block is expected to raise."""
    context = statement.items[0].context_expr
    name = ast.unparse(context.func) if isinstance(context, ast.Call) else ""
    return name in ("pytest.raises", "raises", "self.assertRaises", "self.assertRaisesRegex")


def _suppressed(body: list[ast.stmt]) -> ast.stmt:
    handler = ast.ExceptHandler(ast.Name("Exception", ast.Load()), None, [ast.Pass()])
    return ast.Try(body, [handler], [], [])


def _asserts(statement: ast.stmt) -> bool:
    return any(isinstance(n, ast.stmt) and _looked_at(n) is not None for n in ast.walk(statement)) or any(
        isinstance(n, ast.With) and _raises(n) for n in ast.walk(statement)
    )
