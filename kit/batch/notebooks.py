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
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import create_model

from kit import files
from kit.parameters import NOT_COMPARED, Parameters, model_named, parameter
from kit.run import RunError

__all__ = ["Notebook", "find", "rewrite_cell", "stages"]

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
        if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
            message = f"{files.shown(self.path)}: has no cells; should be a Jupyter notebook"
            raise files.FormatError(message)
        return content

    @property
    def title(self) -> str:
        """Its heading."""
        return self._prose()[0]

    @property
    def sentence(self) -> str:
        """The first sentence below the heading."""
        return self._prose()[1]

    @functools.cached_property
    def tagged(self) -> int:
        """Position of the cell tagged ``parameters``.

        Raises
        ------
        RunError
            If there is none, or more than one: papermill would run on defaults, or read only the first.
        """
        places = [
            place
            for place, cell in enumerate(self.content["cells"])
            if TAG in cell.get("metadata", {}).get("tags", [])
        ]
        if len(places) != 1:
            message = f"{files.shown(self.path)}: has {len(places)} cells tagged {TAG}, should have one"
            raise RunError(message)
        return places[0]

    @functools.cached_property
    def model(self) -> type[Parameters]:
        """The class behind its parameters; for a foreign notebook, one made from its tagged cell."""
        following = self.content["cells"][self.tagged + 1 : self.tagged + 2]
        model = model_named(source_of(following[0])) if following else None
        return model or _model_of_cell(self.stage, source_of(self.content["cells"][self.tagged]))

    @functools.cached_property
    def own(self) -> bool:
        """Whether a class of the kit stands behind its parameters."""
        return self.model.__module__.startswith("kit.")

    def differs(self) -> bool:
        """Tell whether its parameters cell differs from the class behind it."""
        return self.own and source_of(self.content["cells"][self.tagged]) != self.model.cell()

    def takes(self, name: str) -> bool:
        """Tell whether the tagged cell sets `name`: a foreign notebook may know no ``output``."""
        return name in _assigned(source_of(self.content["cells"][self.tagged]))

    @functools.cached_property
    def following(self) -> list[Path]:
        """The notebooks to which its last cell links: those that take its output."""
        last = source_of(self.content["cells"][-1]) if self.content["cells"] else ""
        links = re.findall(r"\]\(([^)\s]+\.ipynb)\)", last)
        return [(self.path.parent / link).resolve() for link in links]

    def _prose(self) -> tuple[str, str]:
        cells = self.content["cells"]
        first = source_of(cells[0]) if cells and cells[0]["cell_type"] == "markdown" else ""
        heading, _, text = first.partition("\n")
        sentence = text.strip().partition("\n\n")[0].replace("\n", " ")
        return heading.lstrip("# ").strip() or self.path.stem, sentence


def stages() -> list[Notebook]:
    """Return the stages of the project: system by system, each before the one that takes its output."""
    found = [Notebook(path) for path in sorted(files.home().glob("notebooks/*/*.ipynb")) if path.name[0] != "."]
    ordered: list[Notebook] = []
    for notebook in found:
        _place(notebook, {other.path: other for other in found}, ordered)
    return sorted(ordered, key=lambda notebook: notebook.path.parent)


def _place(notebook: Notebook, known: Mapping[Path, Notebook], ordered: list[Notebook]) -> None:
    """Append `notebook` to `ordered` after the stages that link to it."""
    if notebook in ordered:
        return
    for other in known.values():
        if other.path.parent == notebook.path.parent and notebook.path in other.following and other != notebook:
            _place(other, known, ordered)
    if notebook not in ordered:
        ordered.append(notebook)


def find(name: str) -> Notebook:
    """Return the notebook that ``SYSTEM/STAGE`` or a path names.

    Raises
    ------
    RunError
        If there is none, with the nearest name.
    """
    for path in (files.resolve(f"notebooks/{name}.ipynb"), Path.cwd() / name, files.resolve(name)):
        if path.is_file():
            return Notebook(path)
    known = [notebook.stage for notebook in stages()]
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


def _assigned(source: str) -> dict[str, Any]:
    """Return names and literal values that a tagged cell sets; what is computed is no parameter."""
    values = {}
    for node in ast.parse(source).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        for target in targets:
            if isinstance(target, ast.Name) and value is not None:
                with contextlib.suppress(ValueError):
                    values[target.id] = ast.literal_eval(value)
    return values


def _model_of_cell(stage: str, source: str) -> type[Parameters]:
    try:
        values = _assigned(source)
    except SyntaxError as fault:
        message = f"{stage}: line {fault.lineno} of the parameters cell is not Python: {fault.msg}"
        raise RunError(message) from None
    fields: dict[str, Any] = {
        name: (Any if value is None else type(value), parameter(value, "of a foreign notebook"))
        for name, value in values.items()
        if name not in NOT_COMPARED
    }
    return create_model("ForeignParameters", __base__=Parameters, **fields)
