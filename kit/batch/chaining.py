"""What one stage leaves becomes what the next works on: from the results of a run to points of another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kit.batch import checks, sweeps
from kit.batch.campaign import Source, Stage
from kit.batch.collecting import collect
from kit.batch.notebooks import find
from kit.batch.points import read_ids
from kit.batch.status import Status
from kit.batch.worker.derivation import Derivation
from kit.parameters import ParameterError
from kit.wording import annotation_text

__all__ = ["check_stage", "derivation", "example", "points_after", "takes_list"]


def check_stage(stage: Stage) -> None:
    """Refuse names and values that the notebook of a stage does not take, before any stage has run.

    Raises
    ------
    ParameterError
        Naming the stage, and what cannot be used.
    """
    notebook = find(stage.notebook)
    try:
        rest = sweeps.expand(stage.sweep, notebook.model) if stage.sweep else [{}]
        again = {parameter: ["demo"] for parameter in stage.again}
        sets = [stage.fixed | again | example(stage) | values for values in rest]
        checks.check_notebook(notebook, dict.fromkeys(name for values in sets for name in values))
        checks.checked(notebook, sets)
    except ParameterError as fault:
        message = f"stage {stage.name}: {fault}"
        raise ParameterError(message) from None


def example(stage: Stage) -> dict[str, Any]:
    """Return what stands for the outputs of the stage before, until they are known."""
    if stage.source is None:
        return {}
    return {stage.source.parameter: ["demo"] if takes_list(stage) else "demo"}


def points_after(stage: Stage, before: Sequence[Status] = ()) -> list[dict[str, Any]]:
    """Return the points of `stage`: its own sweep, over what the runs of the stage before have left."""
    model = find(stage.notebook).model
    if stage.source is None or not before:
        return sweeps.expand(stage.sweep, model) if stage.sweep else [{}]
    for status in before:
        collect(status)
    groups = _groups(stage.source, before, together=stage.together)
    listed = takes_list(stage)
    chained = [{stage.source.parameter: group if listed else group[0]} for group in groups]
    rest = sweeps.expand(stage.sweep, model) if stage.sweep else [{}]
    return [one | other for one in chained for other in rest]


def _groups(source: Source, before: Sequence[Status], *, together: bool) -> list[list[str]]:
    """Return the files, or folders, of the done points of runs in their order, bundled."""
    if together and not source.pattern:
        return [[str(status.run.directory) for status in before]]
    found: list[Path] = []
    for status in before:
        ids = read_ids(status.run.points)
        done = [ids[index] for index, letter in enumerate(status.results.letters) if letter == "d"]
        for name in done:
            folder = status.run.directory / "outputs" / name
            found += sorted(folder.glob(source.pattern)) if source.pattern else [folder]
    each = source.bundle or max(1, len(found))
    texts = [str(path) for path in found]
    return [texts[start : start + each] for start in range(0, len(texts), each)]


def takes_list(stage: Stage) -> bool:
    """Tell whether the parameter that takes the inputs is a list."""
    if stage.source is None:
        return False
    field = find(stage.notebook).model.model_fields.get(stage.source.parameter)
    return field is not None and "list" in annotation_text(field.annotation)


def derivation(stage: Stage, before: Path, values: dict[str, Any]) -> Derivation:
    """Return how jobs make the points of `stage` themselves from what the run `before` has left."""
    assert stage.source is not None
    source = stage.source
    return Derivation(source.parameter, str(before), source.pattern, source.bundle, values, takes_list(stage))
