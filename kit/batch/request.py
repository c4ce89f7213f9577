"""What is asked for on the command line: values for a notebook, and how they are shown before it runs."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import click

from kit import files, wording
from kit.batch.notebooks import Notebook
from kit.parameters import Parameters, read_yaml, refusal

__all__ = ["foresight", "found", "inputs_text", "parameters_of", "table", "values_of"]


def parameters_of(notebook: Notebook, file: Path | None, pairs: tuple[str, ...]) -> Parameters:
    """Return the checked values of the notebook's cell, a YAML file and the command line; the later win.

    Raises
    ------
    ParameterError
        With all faults at once.
    """
    return notebook.parameters(values_of(notebook, file, pairs), _where(notebook, file, pairs))


def _where(notebook: Notebook, file: Path | None, pairs: tuple[str, ...]) -> str:
    return " and ".join([str(file)] * bool(file) + ["command line"] * bool(pairs)) or files.shown(notebook.path)


def values_of(notebook: Notebook, file: Path | None, pairs: tuple[str, ...]) -> dict[str, Any]:
    """Return the values that a YAML file and the command line give; the latter win.

    Raises
    ------
    ParameterError
        If the command line cannot be read; whether the values can be used is not looked at.
    """
    given: dict[str, str] = {}
    faults = []
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            faults.append(f"-p {wording.short(pair)} should be NAME=VALUE")
        elif name in given:
            faults.append(f"-p {name} stands twice; lists are {name}=a,b")
        given[name] = text
    if faults:
        raise refusal(_where(notebook, file, pairs), faults)
    values = read_yaml(found(file)) if file else {}
    return values | {name: notebook.model.from_text(name, text) for name, text in given.items()}


def found(path: Path) -> Path:
    """Return where `path` lies: as the shell completes it, else from the project's root, as the kit shows it."""
    return path.absolute() if path.exists() else files.resolve(path)


def inputs_text(notebook: Notebook, parameters: Parameters) -> str:
    """Return how many files that are read were found, in words, for stages that have some.

    Raises
    ------
    FileNotFoundError
        Naming every input that does not exist.
    FormatError
        If the stage can tell already that it cannot use one; see `Parameters.examine`.
    """
    named = parameters.named_inputs()
    there = files.locate(name for name in named if name != "demo") if notebook.own else []
    parameters.examine()
    if not named or not notebook.own:
        return ""
    plural = "" if len(there) == 1 else "s"
    return f", {len(there)} file{plural} to be read found" if there else ", inputs are made for the demo"


def foresight(notebook: Notebook, parameters: Parameters) -> list[str]:
    """Return what a stage says of a run before it runs, where its module has a ``foresight``.

    It raises what the run would refuse, such as a plan that cannot be carried out.
    """
    if not notebook.own:
        return []
    name = f"kit.{notebook.stage.replace('/', '.')}"
    try:
        room = importlib.import_module(name)
    except ModuleNotFoundError as fault:
        if not name.startswith(str(fault.name)):
            raise
        return []  # a copy of a stage's notebook under another name
    return list(room.foresight(parameters)) if hasattr(room, "foresight") else []


def table(notebook: Notebook, parameters: Parameters | None = None) -> str:
    """Return the parameters of a stage with types, values and meanings; what differs from the demo in bold."""
    values = parameters or notebook.parameters({}, files.shown(notebook.path))
    changed = values.changed()
    rows = [
        (
            name,
            wording.type_text(field.annotation),
            wording.short(wording.literal(getattr(values, name))),
            wording.explain(field),
        )
        for name, field in notebook.model.declared()
    ]
    widths = [min(max(len(row[column]) for row in rows), limit) for column, limit in ((0, 24), (1, 22), (2, 30))]
    lines = [f"{click.style(notebook.stage, bold=True)}: {notebook.sentence}", ""]
    for name, kind, value, meaning in rows:
        head = f"  {name.ljust(widths[0])}  {kind.ljust(widths[1])}  {value.ljust(widths[2])}"
        lines.append(f"{click.style(head, bold=name in changed)}  {meaning}".rstrip())
    return "\n".join(lines)
