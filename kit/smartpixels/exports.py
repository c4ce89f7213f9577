"""What a panel writes of a cluster: its numbers, and an animation of its maps."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from kit import figures, files
from kit.smartpixels.scene import OVER_TIME, Scene
from kit.smartpixels.view_plots import MAPS_SIZE, draw_maps, move_maps

__all__ = ["write_animation", "write_arrays", "write_scene", "write_waveforms"]

PICTURES = ("png", "pdf")


def write_scene(
    scene: Scene,
    stem: Path,
    kinds: Sequence[str],
    pictures: Mapping[str, Callable[[Path, tuple[str, ...]], list[Path]]],
) -> list[Path]:
    """Write what is looked at, and return the paths.

    Parameters
    ----------
    scene : Scene
        What is looked at.
    stem : Path
        Folder and beginning of the names.
    kinds : sequence of str
        ``png`` and ``pdf`` pictures, ``csv`` and ``npz`` numbers, a ``gif`` of the maps.
    pictures : mapping of str to callable
        What writes each picture, by the end of its name: takes a stem and formats, and returns paths.

    Raises
    ------
    ValueError
        If there is no such kind.
    """
    numbers = {"csv": write_waveforms, "npz": write_arrays, "gif": write_animation}
    if strange := [kind for kind in kinds if kind not in (*PICTURES, *numbers)]:
        message = f"cannot write {strange[0]!r}, should be one of {', '.join((*PICTURES, *numbers))}"
        raise ValueError(message)
    formats = tuple(kind for kind in kinds if kind in PICTURES)
    paths: list[Path] = []
    for name, write_picture in pictures.items() if formats else ():
        paths += write_picture(stem.with_name(f"{stem.name}_{name}"), formats)
    for kind, write in numbers.items():
        if kind in kinds:
            paths.append(stem.with_name(f"{stem.name}.{kind}"))
            write(scene, paths[-1])
    return paths


def write_waveforms(scene: Scene, path: Path) -> None:
    """Write charge and voltage of the chosen pixels at the times of the output as CSV."""
    names, columns = scene.view.table(scene.pixels)
    lines = [",".join(names), *(",".join(f"{value:.6g}" for value in row) for row in columns.tolist())]
    with files.whole(path) as part:
        part.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_arrays(scene: Scene, path: Path) -> None:
    """Write all arrays of the cluster, with the parameters that made them, as npz."""
    view = scene.view
    with files.whole(path) as part, part.open("wb") as stream:
        np.savez_compressed(
            stream, allow_pickle=False, cluster=view.number, metadata=view.metadata, charge=view.charge,
            charge_times=view.input_times, voltage=view.voltage, noisy=view.noisy, times=view.output_times,
            other_start=view.other_start, other_template=view.other_template, at_once=view.at_once,
            template=view.template, codes=view.codes.codes.reshape(-1, *view.charge.shape[:2]),
            parameters=json.dumps(view.p.model_dump()),
        )  # fmt: skip


def write_animation(scene: Scene, path: Path, frames: int = 40, duration: int = 100) -> None:
    """Write a GIF of the maps from t = 0 to the end of the window.

    Parameters
    ----------
    scene : Scene
        What is shown.
    path : Path
        The file.
    frames, duration : int
        Number of pictures, and how long each is seen, in ms.
    """
    from PIL import Image

    drawing, axes = figures.grid(3, 1, size=MAPS_SIZE, sharex=True)
    pictures = []
    artists = draw_maps(axes, replace(scene, time=0.0, scale=OVER_TIME))
    for time in np.linspace(0, scene.view.output_times[-1], frames):
        move_maps(artists, replace(scene, time=float(time), scale=OVER_TIME))
        drawing.suptitle(f"{time:.2f} ns", fontsize=10, x=0.98, ha="right")
        pictures.append(Image.open(io.BytesIO(figures.png(drawing))).convert("P", palette=Image.Palette.ADAPTIVE))
    with files.whole(path) as part:
        pictures[0].save(part, format="GIF", save_all=True, append_images=pictures[1:], duration=duration, loop=0)
