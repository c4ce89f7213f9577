"""Pictures of what events hold: pT, η and multiplicity of each type of object, read and selected.

All take the content of `objects.json` or `cutflow.json` (see `events`) and a caption.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kit import figures
from kit.figures import COLOURS
from kit.opendata import drawing
from kit.opendata.captions import Caption

NOTHING = "no object was read"
AXES = {  # quantity: title of the axis, unit
    "pt": (r"$p_\mathrm{T}$", "GeV"),
    "eta": (r"$\eta$", ""),
    "multiplicity": ("Number of {name} in an event", ""),
}
LOOKS: dict[str, dict[str, Any]] = {
    "read": {"color": "black", "linewidth": 1.2},
    "selected": {"fill": True, "facecolor": COLOURS[0], "alpha": 0.5, "hatch": "///", "edgecolor": COLOURS[0]},
}


def distributions(objects: Mapping[str, Any], quantity: str, caption: Caption) -> figures.Picture:
    """Draw the distribution of one quantity for each type that was read.

    Parameters
    ----------
    objects : mapping
        Content of `objects.json`.
    quantity : str
        ``pt``, ``eta`` or ``multiplicity``.
    caption : Caption
        What stands above.
    """
    types = [kind for kind in objects["types"].values() if kind["read"]]
    edges = np.array(objects["edges"][quantity])
    with figures.style(caption.style):
        if not types:
            return caption.nothing(NOTHING)
        picture, every = caption.panels(len(types))
        for kind, axes in zip(types, every, strict=True):
            _panel(axes, kind, quantity, edges)
        every[0].legend(loc="upper left" if quantity == "eta" else "center right")
        return picture


def _panel(axes: Any, kind: Mapping[str, Any], quantity: str, edges: Any) -> None:
    title, unit = AXES[quantity]
    width = float(edges[1] - edges[0])
    low = float(edges[0]) - (0.5 if quantity == "multiplicity" else 0.0)  # whole numbers in the middle of bins
    counts = {which: np.array(kind["distributions"][which][quantity]["counts"]) for which in LOOKS}
    for which in ("selected", "read"):
        drawing.steps(axes, counts[which], low, width, which, **LOOKS[which])
    shown = len(edges) - 1 if quantity == "eta" else max(8, drawing.last_shown(counts["read"], 0.999))
    axes.set_xlim(low, low + width * shown)
    rest = int(counts["read"][shown:].sum()) + kind["distributions"]["read"][quantity]["outside"]
    logarithmic = quantity != "eta"
    highest = float(max(c.max() for c in counts.values()))
    drawing.head_room(axes, highest, logarithmic, 1.25 if logarithmic else 1.45)
    axes.set_xlabel(title.replace("{name}", kind["name"]) + (f" [{unit}]" if unit else ""))
    lines = [kind["name"]]
    if quantity == "multiplicity":
        axes.set_ylabel("Events")
        drawing.whole_numbers(axes.xaxis)
    else:
        axes.set_ylabel(f"{kind['name'].capitalize()} / {width:g}" + (f" {unit}" if unit else ""))
        lines += [f"{drawing.number_text(kind[which])} {which}" for which in LOOKS]
    lines += [f"beyond the axis: {drawing.number_text(rest)}"] if rest else []
    drawing.note(axes, "\n".join(lines))
