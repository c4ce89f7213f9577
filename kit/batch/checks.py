"""What batch looks at before anything is written or submitted.

papermill only warns where a name is unknown, reads the first of two tagged cells, leaves a default that was
computed from another parameter as it was, and injects NumPy integers as text. Each of these would run a thousand
points on values that nobody asked for; here they die before the first.
"""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kit import files
from kit.batch.faults import SubmissionError
from kit.batch.notebooks import Notebook, source_of
from kit.batch.points import told
from kit.batch.worker.identity import canonical
from kit.parameters import NOT_COMPARED, ParameterError, refusal

__all__ = ["check_notebook", "checked", "imports_of", "language_of", "located"]

FAULTS_TOLD = 10
MADE = {"", "demo"}  # what names no file, but one that a stage makes or does without


def check_notebook(notebook: Notebook, names: Iterable[str]) -> None:
    """Refuse a notebook that cannot be swept over parameters `names`.

    Raises
    ------
    SubmissionError
        If it is no notebook of format 4, has no tagged cell or several, its language has no kernel here, or a
        default in the tagged cell is computed from one of `names`.
    """
    where = files.shown(notebook.path)
    if notebook.content.get("nbformat") != 4:
        message = f"{where}: has format {notebook.content.get('nbformat')}, should be a notebook of format 4"
        raise SubmissionError(message)
    cell = notebook.cell
    language = language_of(notebook)
    if language == "python":
        if faults := _computed(cell, set(names)):
            place = f"{where}, the cell tagged parameters"
            raise refusal(place, faults)
    elif not _kernel_is_installed(notebook):
        kernel = notebook.content["metadata"]["kernelspec"].get("name")
        message = f"{where}: needs the kernel {kernel} ({language}), which is not installed here"
        raise SubmissionError(message)


def language_of(notebook: Notebook) -> str:
    """Return the language of a notebook's kernel, in small letters."""
    kernel = notebook.content.get("metadata", {}).get("kernelspec", {})
    return str(kernel.get("language") or "python").lower()


def _kernel_is_installed(notebook: Notebook) -> bool:
    from jupyter_client.kernelspec import KernelSpecManager

    return notebook.content["metadata"]["kernelspec"].get("name") in KernelSpecManager().find_kernel_specs()


def _computed(source: str, names: set[str]) -> list[str]:
    """Return what is wrong with defaults that are computed from a parameter which the points set.

    Values are injected after the tagged cell: ``c = a * 2`` keeps the value that it got from the old ``a``.
    """
    faults = []
    stale = set(names)
    for node in ast.parse(source).body:
        target = _target(node)
        if target is None or node.value is None:  # type: ignore[attr-defined]
            continue
        used = {part.id for part in ast.walk(node.value) if isinstance(part, ast.Name)}  # type: ignore[attr-defined]
        if (from_points := sorted(used & stale)) and target not in names:
            stale.add(target)
            faults.append(
                f"line {node.lineno}: {target} is computed from {from_points[0]} and would keep its old value; "
                f"compute it in a later cell, or give {target} a plain value here and set it in the points, too"
            )
    return faults


def _target(node: ast.stmt) -> str | None:
    target: ast.expr | None = None
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
    elif isinstance(node, ast.AnnAssign | ast.AugAssign):
        target = node.target
    return target.id if isinstance(target, ast.Name) else None


def checked(notebook: Notebook, sets: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the values of all points as the notebook's parameters take them.

    Names, types, bounds and rules across parameters are the notebook's own; each value becomes what its default
    is (3 becomes 3.0), so that the same point always has the same id.

    Raises
    ------
    ParameterError
        Naming the points, counted from 0, and their faults, the first ten at once.
    """
    notebook.parameters({}, files.shown(notebook.path))  # the cell itself may be at fault
    faults: list[str] = []
    good: list[dict[str, Any]] = []
    for number, values in enumerate(sets):
        try:
            good.append(_typed(notebook, values))
        except (ParameterError, ValueError) as fault:
            faults.append(f"point {number} ({told(values)}): {_reason(fault)}")
            if len(faults) == FAULTS_TOLD:
                break
    if faults:
        raise refusal(files.shown(notebook.path), faults)
    return good


def _typed(notebook: Notebook, values: Mapping[str, Any]) -> dict[str, Any]:
    if own := [name for name in NOT_COMPARED if name in values]:
        message = f"{own[0]} is set by the job itself, leave it out"
        raise ParameterError(message)
    built = notebook.model.build({**notebook.values, **values}, "")
    typed = {name: getattr(built, name) for name in values}
    canonical(typed)  # NaN, infinity and what JSON does not know end here
    return typed


def _reason(fault: ValueError) -> str:
    text = str(fault).removeprefix(": ").replace("\n ", ";")
    return "a value is NaN or infinite, should be a number" if "JSON compliant" in text else text


def imports_of(notebook: Notebook) -> list[str]:
    """Return the modules that a notebook's cells import at their top level, in order, each once.

    Those that are not installed here are left out, as are relative ones.
    """
    modules: list[str] = []
    for cell in notebook.content["cells"]:
        if cell["cell_type"] != "code":
            continue
        lines = [re.sub(r"^(\s*)[%!?].*", r"\1pass", line) for line in source_of(cell).splitlines()]
        try:
            body = ast.parse("\n".join(lines)).body
        except SyntaxError:
            continue
        for node in body:
            if isinstance(node, ast.Import):
                modules += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.append(node.module)
                modules += [f"{node.module}.{alias.name}" for alias in node.names]
    return [module for module in dict.fromkeys(modules) if _is_module(module)]


def _is_module(name: str) -> bool:
    """Tell whether `name` is a module, without importing it (its packages are)."""
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError, AttributeError):
        return False


def located(notebook: Notebook, sets: list[dict[str, Any]], swept: Iterable[str]) -> list[str]:
    """Make the paths of input files in `sets` absolute, check that they exist, and return them.

    Inputs are what the stage names as such, what the parameters `swept` name, and every other text that is the
    path of a file of the project: a job runs in a directory of its own, where a relative path means nothing.

    Raises
    ------
    FileNotFoundError
        Naming every input that is missing.
    FormatError
        If the stage can tell already that it cannot use one of the first point; see `Parameters.examine`.
    """
    known: dict[str, list[str]] = {}
    swept, defaults = list(swept), notebook.values
    relative = {name for name, value in defaults.items() if _absolute(value, known, set()) != value}
    for values in sets:
        # the values were checked before: what they name is asked for without checking them once more
        named = set(notebook.model.model_construct(**{**defaults, **values}).named_inputs())
        named = {*named, *(text for name in swept for text in _texts(values.get(name)))} - MADE
        further = [name for name in defaults if name in relative or not named.isdisjoint(_texts(defaults[name]))]
        for name in dict.fromkeys([*values, *further]):
            values[name] = _absolute(values.get(name, defaults.get(name)), known, named)
    for values in sets[:1]:  # what they share; each looks again at its own
        notebook.model.model_construct(**{**defaults, **values}).examine()
    return list(dict.fromkeys(path for paths in known.values() for path in paths))


def _texts(value: Any) -> list[str]:
    return [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]


def _absolute(value: Any, known: dict[str, list[str]], named: set[str]) -> Any:
    if isinstance(value, list):
        return [path for part in value for path in _several(part, known, named)]
    if isinstance(value, dict):  # what is said of single inputs
        return {path: part for key, part in value.items() for path in _several(key, known, named)}
    return next(iter(_several(value, known, named)))


def _several(value: Any, known: dict[str, list[str]], named: set[str]) -> list[Any]:
    """Return the files that one text names, or the value itself where it names none."""
    if not isinstance(value, str) or files.is_remote(value) or value in MADE:
        return [value]
    if value not in known:
        path = files.resolve(value)
        if value not in named and ("/" not in value or not path.is_file()):
            return [value]
        known[value] = files.locate([value])
    return list(known[value])
