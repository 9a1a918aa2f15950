"""The file that a test is about: what it, its fixtures and its setup use of the project."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

from cwm_lsp.errors import TargetError
from cwm_lsp.features.unparsed import unparsed
from cwm_lsp.record.source import read_source
from cwm_lsp.trace.model import SourceFile
from cwm_lsp.trace.statements import parse

_PARENTS = 6  # folders above a test in which what it imports is looked for
_SETUPS = {"setUp", "setUpClass", "setup_method", "setup_class", "asyncSetUp"}
_EXPORTS = 3  # packages through which a name is followed to where it is written

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def subject(test: SourceFile, node: str) -> SourceFile:
    """The file that a test is about: the first beside or above it that it imports and uses, else its own.

    Raises ``UserError``.
    """
    tree = parse(test.text)
    if tree is None:
        raise unparsed(test)
    around = [(tree, Path(test.path).parent), *_conftests(Path(test.path))]
    used = _used([one for one, _ in around], node.partition("[")[0].split("::"))
    for one, folder in around:
        for module, names in _imports(one):
            if used & names and (path := _found(folder, module)) is not None:
                return read_source(str(_written(path, used & names)))
    own = [one for one in tree.body if isinstance(one, _Function | ast.ClassDef) and not _is_fixture(one)]
    if any(one.name in used and not one.name.lower().startswith("test") for one in own):
        return test
    raise TargetError(
        f"{node} uses no function of a file near {test.path}.", "Ask for a fix in the file that is wrong."
    )


def _conftests(test: Path) -> Iterator[tuple[ast.Module, Path]]:
    """The files whose fixtures a test has, the nearest first, each with its folder."""
    for folder in list(test.parents)[:_PARENTS]:
        path = folder / "conftest.py"
        tree = parse(path.read_text(encoding="utf-8", errors="replace")) if path.is_file() else None
        if tree is not None:
            yield tree, folder


def _used(trees: Sequence[ast.Module], path: Sequence[str]) -> set[str]:
    """The names that a test mentions, and those that its setup, its fixtures and its helpers mention."""
    body: ast.AST = trees[0]
    known = {one.name: one for tree in reversed(trees) for one in tree.body if isinstance(one, _Function)}
    left: list[ast.AST] = [one for one in known.values() if _is_fixture(one, "autouse")]
    for name in path:
        inside = [one for one in getattr(body, "body", []) if isinstance(one, _Function | ast.ClassDef)]
        body = next((one for one in inside if one.name == name), body)
        methods = [one for one in getattr(body, "body", []) if isinstance(one, _Function)]
        if isinstance(body, ast.ClassDef):
            left += [one for one in methods if one.name in _SETUPS or _is_fixture(one, "autouse")]
            known |= {one.name: one for one in methods if _is_fixture(one)}
    found: set[str] = set()
    left.append(body)
    while left:
        for one in ast.walk(left.pop()):
            name = one.id if isinstance(one, ast.Name) else one.arg if isinstance(one, ast.arg) else ""
            if name and name not in found:
                found.add(name)
                left += [known[name]] if name in known else []
    return found


def _is_fixture(node: _Function | ast.ClassDef, word: str = "") -> bool:
    """Whether a function is a fixture, one whose mark has ``word``."""
    marks = [ast.unparse(one) for one in node.decorator_list]
    return any("fixture" in mark.partition("(")[0] and word in mark for mark in marks)


def _written(path: Path, names: set[str]) -> Path:
    """The file that names come from which a package takes from its modules, ``path`` itself otherwise."""
    for _ in range(_EXPORTS):
        found = next(_exported(path, names), None) if path.name == "__init__.py" else None
        if found is None:
            break
        path = found
    return path


def _exported(package: Path, names: set[str]) -> Iterator[Path]:
    """The modules from which a package takes some of ``names``."""
    tree = parse(package.read_text(encoding="utf-8", errors="replace"))
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.ImportFrom) and names & {alias.asname or alias.name for alias in node.names}:
            base = package.parents[node.level - 1] if 0 < node.level <= len(package.parents) else package
            inside = base.joinpath(*(node.module or "").split("."))
            files = (inside.with_suffix(".py"), inside / "__init__.py")
            path = next((one for one in files if one.is_file()), None) if node.level else None
            path = path or (_found(package.parent, node.module or "") if not node.level else None)
            if path is not None and path != package:
                yield path


def _imports(tree: ast.Module) -> Iterator[tuple[str, set[str]]]:
    """Modules that may hold what is tested, each with the names that it is known by."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = {alias.asname or alias.name for alias in node.names}
            for alias in node.names:
                yield f"{node.module or ''}.{alias.name}".strip("."), {alias.asname or alias.name}
            yield node.module or "", names
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, {alias.asname or alias.name.partition(".")[0]}


def _found(folder: Path, module: str) -> Path | None:
    """The file of a module beside a test or above it, also in ``src``."""
    if not module:
        return None
    inside = Path(*module.split("."))
    for base in (folder, *list(folder.parents)[:_PARENTS]):
        for root in (base, base / "src"):
            for path in (root / inside.with_suffix(".py"), root / inside / "__init__.py"):
                if path.is_file():
                    return path
    return None
