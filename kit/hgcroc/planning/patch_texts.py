"""The patches of a scan as YAML, many at once: one text for each set of axes that change, filled with numbers.

This is what the second original writes, one file a point; the plain way is to merge and compare whole trees.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from kit import files
from kit.hgcroc.planning.axes import Axis
from kit.hgcroc.planning.expansion import laid_over
from kit.hgcroc.planning.originals import expand
from kit.hgcroc.planning.scan import Plan

__all__ = ["patch_texts", "write_configs"]

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def patch_texts(plan: Plan) -> Iterator[str]:
    """Yield for all points, in scan order, the patch of 1.0.15 as YAML text."""
    steps = expand(plan, "1.0.15")
    if not len(plan) or not _are_simple(plan):
        yield from (_dumped(step.patch) for step in steps)
        return
    yield _dumped(next(steps).patch)
    values = [
        axis.settings[digit, 0]
        for axis, digit in zip(plan.axes, plan.digits(np.arange(len(plan)))[1:], strict=True)
    ]
    codes = np.zeros(len(plan) - 1, np.int64)  # which axes change, one bit each
    for bit, column in enumerate(values):
        codes |= (column[1:] != column[:-1]).astype(np.int64) << bit
    forms = {code: _form(plan, code) for code in np.unique(codes).tolist()}
    rows = np.stack(values, axis=1)[1:].tolist() if values else [[]] * len(codes)
    yield from (forms[code].format(*row) for code, row in zip(codes.tolist(), rows, strict=True))


def _are_simple(plan: Plan) -> bool:
    """Tell whether each axis sets all its registers to one value, and no two set the same."""
    touched = np.concatenate([np.empty(0, np.int64), *(axis.index for axis in plan.axes)])
    return len(np.unique(touched)) == len(touched) and all(_is_uniform(axis) for axis in plan.axes)


def _is_uniform(axis: Axis) -> bool:
    settings: npt.NDArray[np.int64] = axis.settings
    uniform = settings.strides[1] == 0 or bool((settings == settings[:, :1]).all())
    return axis.others is None and len(axis.index) > 0 and uniform and bool((settings >= 0).all())


def _form(plan: Plan, code: int) -> str:
    """Return the text of a patch in which some axes change, with a place for the value of each."""
    marks = {int(k): number for number, axis in enumerate(plan.axes) if code >> number & 1 for k in axis.index}
    if not marks:
        return "{{}}\n"
    # a number that no register can have marks the place of an axis
    text = _dumped({"target": plan.table.tree(list(marks), [-1 - number for number in marks.values()])})
    for number in set(marks.values()):
        text = text.replace(f": -{number + 1}\n", f": {{{number}}}\n")
    return text


def _dumped(tree: Any) -> str:
    return str(yaml.dump(tree, Dumper=_Dumper, default_flow_style=False))


def write_configs(plan: Plan, folder: str | Path, network: dict[str, Any] | None = None) -> list[Path]:
    """Write the folder that ``generate-configs`` of 1.0.15 makes: states, settings, and one file for each run."""
    folder = Path(folder)
    default = plan.table.tree(np.flatnonzero(plan.named), plan.default[plan.named])
    layers = [layer for layer in plan.layers if layer.kind != "default"]
    target = laid_over([{"target": plan.table.tree(layer.index, layer.value)} for layer in layers])
    procedure = plan.procedure
    about: dict[str, Any] = {"name": procedure.name, "mode": procedure.mode, "data_format": procedure.data_format}
    about |= {"merge": procedure.merge, "data_columns": procedure.data_columns}
    contents: dict[str, Any] = {
        "default.yaml": {"target": default},
        "initial_state.yaml": laid_over([target, plan.programs]),
        "daq.yaml": plan.programs,
        "postprocessing.yaml": about,
    }
    if network is not None:
        contents["network.yaml"] = network
    written = [_written(folder / name, _dumped(content)) for name, content in contents.items()]
    runs = zip(expand(plan, "1.0.15"), patch_texts(plan), strict=True)
    return written + [_written(folder / step.file, text) for step, text in runs]


def _written(path: Path, text: str) -> Path:
    with files.whole(path) as part:
        part.write_text(text, encoding="utf-8")
    return path
