"""What the panel of masses looks at, as files: pictures, the histogram, and the parameters that give it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from kit import files
from kit.opendata.bumpnet import write_histograms
from kit.opendata.mass_view import MassView
from kit.parameters import Parameters

__all__ = ["KINDS", "write_view"]

KINDS = ("png", "pdf", "root", "yaml")


def write_view(
    stem: Path,
    kinds: Sequence[str],
    view: MassView,
    write_picture: Callable[[Path, tuple[str, ...]], list[Path]],
    parameters: Parameters,
    state: Mapping[str, Any],
) -> list[Path]:
    """Write a view, and return the paths.

    Parameters
    ----------
    stem : Path
        Of the files, without their endings.
    kinds : sequence of str
        ``png`` and ``pdf`` pictures, the main part as ``root`` histogram, a ``yaml`` file of parameters,
        beside which a ``json`` file keeps the view.

    Raises
    ------
    ValueError
        If a kind is none of these.
    """
    if strangers := sorted(set(kinds) - set(KINDS)):
        message = f"cannot export: {', '.join(strangers)}; there are {', '.join(KINDS)}"
        raise ValueError(message)
    stem.parent.mkdir(parents=True, exist_ok=True)
    written = write_picture(stem, tuple(kind for kind in kinds if kind in ("png", "pdf")))
    if "root" in kinds and view.histogram is not None:
        with files.whole(stem.with_suffix(".root")) as part:
            write_histograms(part, [view.histogram])
        written.append(stem.with_suffix(".root"))
    if "yaml" in kinds:
        with files.whole(stem.with_suffix(".yaml")) as part:
            values = parameters.model_dump(exclude={"output", "interactive"})
            part.write_text(yaml.safe_dump(values, sort_keys=False, allow_unicode=True), encoding="utf-8")
        files.write_json(stem.with_suffix(".json"), dict(state))
        written += [stem.with_suffix(".yaml"), stem.with_suffix(".json")]
    return written
