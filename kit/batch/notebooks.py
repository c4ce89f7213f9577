"""Notebooks as they lie in the tree: found, asked for title and parameters, their cells kept true.

The file tree is the registry: a stage is a notebook ``notebooks/<system>/<stage>.ipynb``, and what comes after it
is the stage to which its last cell links. Nothing here starts a kernel.
"""

from __future__ import annotations

import ast
import contextlib
import difflib
import functools
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field, create_model

from kit import files
from kit.directories import RunError
from kit.parameters import NOT_COMPARED, ParameterError, Parameters, model_named, refusal

__all__ = ["Notebook", "find", "rewrite_cell", "stage_names", "stages"]

TAG = "parameters"


@dataclass(frozen=True)
class Notebook:
    """A notebook that can be run with parameters."""

    path: Path

    @property
    def stage(self) -> str:
        """System and stage: the names of its folder and its file."""
        return f"{self.path.parent.name}/{self.path.stem}"

    @functools.cached_property
    def content(self) -> dict[str, Any]:
        """The notebook as stored."""
        content = files.read_json(self.path)
        cells = content.get("cells") if isinstance(content, dict) and content.get("nbformat") == 4 else None
        if isinstance(cells, list) and all(map(_is_cell, cells)) and _is_described(content):
            return {**content}
        message = f"{files.shown(self.path)}: has no cells; should be a Jupyter notebook of format 4"
        raise files.FormatError(message)

    @property
    def title(self) -> str:
        """Its heading."""
        return self._prose()[0]

    @property
    def sentence(self) -> str:
        """The first sentence below the heading."""
        return self._prose()[1]

    @property
    def kernel(self) -> str:
        """Name of the kernel that it wants."""
        return str(self.content.get("metadata", {}).get("kernelspec", {}).get("name", "python3"))

    @functools.cached_property
    def tagged(self) -> int:
        """Position of the cell tagged ``parameters``.

        Raises
        ------
        RunError
            If there is none, or more than one: papermill would run on defaults, or read only the first. If
            papermill has put values in already: they would be lost.
        """
        where = files.shown(self.path)
        if self._places("injected-parameters"):
            message = f"{where}: is an executed copy; run the notebook that it was made from"
            raise RunError(message)
        places = self._places(TAG)
        if len(places) != 1:
            message = f"{where}: has {len(places)} cells tagged {TAG}, should have one"
            raise RunError(message)
        return places[0]

    @property
    def cell(self) -> str:
        """Source of its parameters cell."""
        return source_of(self.content["cells"][self.tagged])

    @functools.cached_property
    def values(self) -> dict[str, Any]:
        """Names and literal values that its parameters cell sets; what is computed there is no parameter."""
        values = {}
        for name, node in _assigned(self.path, self.cell):
            with contextlib.suppress(ValueError):
                values[name] = ast.literal_eval(node)
        return values

    @functools.cached_property
    def model(self) -> type[Parameters]:
        """The class behind its parameters; for a foreign notebook, one made from its parameters cell."""
        return self._named_model or _model_of(self.path, self.values)

    @property
    def own(self) -> bool:
        """Whether a class, and not its cell alone, stands behind its parameters."""
        return self._named_model is not None

    def parameters(self, values: Mapping[str, Any], where: str) -> Parameters:
        """Return checked parameters: `values`, and what the notebook's own cell says where they say nothing.

        Raises
        ------
        ParameterError
            Naming `where` and every value and name that cannot be used, of the cell too.
        """
        computed = [name for name, _ in _assigned(self.path, self.cell) if name not in self.values]
        if self.own and computed:
            raise refusal(
                files.shown(self.path), [f"{name} is computed, should be a plain value" for name in computed]
            )
        return self.model.build({**self.values, **values}, where)

    def differs(self) -> bool:
        """Tell whether its parameters cell differs from the class behind it."""
        return self.own and self.cell != self.model.cell()

    @functools.cached_property
    def following(self) -> list[Path]:
        """The notebooks to which its last cell links: those that take its output."""
        last = source_of(self.content["cells"][-1]) if self.content["cells"] else ""
        links = re.findall(r"\]\(([^)\s]+\.ipynb)\)", last)
        return [Path(os.path.normpath(self.path.parent / link)) for link in links]

    @functools.cached_property
    def _named_model(self) -> type[Parameters] | None:
        following = self.content["cells"][self.tagged + 1 : self.tagged + 2]
        try:
            return model_named(source_of(following[0])) if following else None
        except ParameterError as fault:
            raise refusal(files.shown(self.path), [str(fault)]) from None

    def _places(self, tag: str) -> list[int]:
        cells = self.content["cells"]
        return [place for place, cell in enumerate(cells) if tag in cell.get("metadata", {}).get("tags", [])]

    def _prose(self) -> tuple[str, str]:
        cells = self.content["cells"]
        first = source_of(cells[0]) if cells and cells[0]["cell_type"] == "markdown" else ""
        heading, _, text = first.partition("\n")
        sentence = text.strip().partition("\n\n")[0].replace("\n", " ")
        return heading.lstrip("# ").strip() or self.path.stem, sentence


def _is_described(content: Mapping[str, Any]) -> bool:
    about = content.get("metadata", {})
    return isinstance(about, dict) and isinstance(about.get("kernelspec", {}), dict)


def _is_cell(cell: Any) -> bool:
    if not isinstance(cell, dict) or not {"cell_type", "metadata", "source"} <= cell.keys():
        return False
    about, source = cell["metadata"], cell["source"]
    lines = [source] if isinstance(source, str) else source
    return (
        isinstance(about, dict)
        and isinstance(about.get("tags", []), list)
        and isinstance(lines, list)
        and all(isinstance(line, str) for line in lines)
    )


def stages() -> list[Notebook]:
    """Return the stages of the project: system by system, each before the one that takes its output."""
    found = [Notebook(path) for path in _paths()]
    ordered: dict[Path, Notebook] = {}
    for notebook in found:
        _place(notebook, found, ordered, ())
    return sorted(ordered.values(), key=lambda notebook: notebook.path.parent)


def stage_names() -> list[str]:
    """Return the names of the stages, without a look into their notebooks."""
    return [f"{path.parent.name}/{path.stem}" for path in _paths()]


def _paths() -> list[Path]:
    """Return the notebooks of the project but hidden ones: checkpoints of Jupyter, versions of EOS."""
    found = sorted(files.home().glob("notebooks/*/*.ipynb"))
    return [path for path in found if "." not in (path.name[0], path.parent.name[0])]


def _place(
    notebook: Notebook, known: Sequence[Notebook], ordered: dict[Path, Notebook], after: tuple[Path, ...]
) -> None:
    """Add `notebook` to `ordered`, after the stages that link to it; `after` are those that wait for it."""
    if notebook.path in ordered or notebook.path in after:
        return
    for other in known:
        if other.path.parent == notebook.path.parent and notebook.path in other.following:
            _place(other, known, ordered, (*after, notebook.path))
    ordered[notebook.path] = notebook


def find(name: str) -> Notebook:
    """Return the notebook that ``SYSTEM/STAGE`` or a path names.

    Raises
    ------
    RunError
        If there is none, with the nearest name.
    """
    for path in (files.resolve(f"notebooks/{name}.ipynb"), Path.cwd() / name, files.resolve(name)):
        if path.is_file() and path.suffix == ".ipynb":
            return Notebook(path)
    known = stage_names()
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known) or 'none'}"
    message = f"there is no stage or notebook {name} ({hint})"
    raise RunError(message)


def source_of(cell: Mapping[str, Any]) -> str:
    """Return the source of a cell, which the format stores as text or as lines."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def rewrite_cell(notebook: Notebook) -> bool:
    """Write the parameters cell anew from the class behind it, and tell whether it had to change."""
    if not notebook.differs():
        return False
    cell = notebook.content["cells"][notebook.tagged]
    cell["source"] = notebook.model.cell().splitlines(keepends=True)
    with files.whole(notebook.path) as part:
        part.write_text(json.dumps(notebook.content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return True


def _assigned(path: Path, source: str) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names that a parameters cell sets, and what it sets them to."""
    try:
        tree = ast.parse(source)
    except SyntaxError as fault:
        message = f"{files.shown(path)}: line {fault.lineno} of the parameters cell is not Python: {fault.msg}"
        raise RunError(message) from None
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        for target in targets:
            if isinstance(target, ast.Name) and not target.id.startswith("_") and isinstance(value, ast.expr):
                yield target.id, value


def _model_of(path: Path, values: Mapping[str, Any]) -> type[Parameters]:
    """Return a class for the values of a foreign notebook; their types are all that is known."""
    known: dict[type, Any] = {int: int | float, list: list[Any]}  # 10 may become 2.5
    own = [name for name in values if name not in NOT_COMPARED]
    if taken := [name for name in own if hasattr(Parameters, name)]:
        message = f"{files.shown(path)}: {taken[0]} is a name that the kit needs itself; rename the parameter"
        raise RunError(message)
    fields: dict[str, Any] = {}
    for name in own:
        kind = type(values[name])
        plain = kind in (str, bool, float, dict)
        fields[name] = (known.get(kind, kind if plain else Any), Field(default=values[name], description=""))
    return create_model("ForeignParameters", __base__=Parameters, **fields)
