"""The panel of clusters: choose one, watch charge become voltage, turn every knob and see codes change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
import traitlets

from kit import files
from kit.smartpixels import demo
from kit.smartpixels.cluster_view import ClusterView, view_of
from kit.smartpixels.convolution import ConvolutionParameters
from kit.smartpixels.exports import write_animation, write_arrays, write_waveforms
from kit.smartpixels.panel_controls import Dial, Dials, choice, choices, pick_field, player, tick
from kit.smartpixels.random_access import ClusterIndex, index_of
from kit.smartpixels.scene import OVER_TIME, PER_SLICE, PIXEL_COLOURS, Scene, caption, pixel_at
from kit.smartpixels.stream import file_name, stem_of
from kit.smartpixels.view_plots import (
    MAPS_SIZE,
    WAVEFORMS_SIZE,
    draw_maps,
    draw_waveforms,
    move_maps,
    move_waveforms,
)
from kit.widgets import Browser, LiveFigure, Panel, ParameterForm, Words
from kit.widgets.look import hooked, line

__all__ = ["ClusterPanel"]

GROUPS = {
    "Amplifier": [
        "response", "window", "pulses", "template_by", "t0_fix", "feedback_capacitance", "rise_time", "fall_time",
        "krummenacher_current",
    ],
    "Codes": [
        "sample_times", "thresholds", "adc_input", "noise", "seed", "enc", "gain", "bandwidth", "delay_table",
        "delay_window", "delay_shift", "crossing",
    ],
}  # fmt: skip
SHOWN = [name for names in GROUPS.values() for name in names]
FRAME = 0.1  # ns of a step of the player
HIGHEST = 200.0  # mV up to which thresholds can be dragged
NUMBERS = {"csv": write_waveforms, "npz": write_arrays, "gif": write_animation}
KINDS = ("png", "pdf", *NUMBERS)


class ClusterPanel(Panel):
    """Clusters before and after, one at a time.

    Parameters
    ----------
    p : ConvolutionParameters
        Files and values to begin with; never changed.
    interactive : bool
        See `Panel`.

    Attributes
    ----------
    form : ParameterForm
        Amplifier and codes; ``form.parameters`` is the checked set, ready to be copied.
    browser : Browser
        The clusters of the file: filter ``pt>2 contained=yes``, next, previous.
    maps, waveforms : LiveFigure
        The pictures.
    view : ClusterView
        The numbers behind them.
    controls : dict
        The controls of the panel's own traits, by name.

    Examples
    --------
    >>> panel = ClusterPanel(p)
    >>> panel.browser.filter = "pt>1 flipped=no"
    >>> panel.time, panel.pixels = 1.2, ((6, 10),)
    >>> panel.form.set(noise=True, seed=3)
    """

    file = traitlets.Unicode(help="path of the file that is looked into")
    time = traitlets.Float(2.0, min=0.0, help="ns; shared by the maps, marked in the waveforms")
    pixels = traitlets.Tuple(help="rows and columns of the pixels whose waveforms are drawn")
    overlay = traitlets.Bool(True, help="draw, too, what the other t0_fix and the other template would make")
    sample = traitlets.Int(0, min=0, help="which sample time the map of codes shows, from 0")
    scale = traitlets.Enum([OVER_TIME, PER_SLICE], OVER_TIME, help="what the colours span")
    folder = traitlets.Unicode("outputs/exports", help="where exports are written")

    def __init__(self, p: ConvolutionParameters, *, interactive: bool = True) -> None:
        hidden = [name for name in ConvolutionParameters.model_fields if name not in SHOWN]
        self.form = ParameterForm(p, hidden=hidden, groups=GROUPS, interactive=interactive)
        self.browser = Browser(noun="clusters", interactive=interactive)
        look: dict[str, Any] = {"rows": 3, "sharex": True, "interactive": interactive}
        self.maps = LiveFigure(draw_maps, update=move_maps, caption=caption, size=MAPS_SIZE, **look)
        self.waveforms = LiveFigure(draw_waveforms, update=move_waveforms, size=WAVEFORMS_SIZE, **look)
        self.index: ClusterIndex | None = None
        self.view: ClusterView | None = None
        self.told = Words("kit-told", role="status")
        self._showing = False
        super().__init__(hook="kit-clusters", interactive=interactive)
        self.paths = files.locate(demo.clusters() if name == "demo" else name for name in p.clusters)
        self.controls = self._make_controls()
        self._lay_out()
        self.browser.observe(self.guarded(lambda _: self._look()), "selected")
        self.form.observe(self.guarded(lambda _: self._look()), "parameters")
        self.form.observe(lambda change: self._refuse(change.new), "faults")
        self.observe(self.guarded(lambda _: self._show()), ["time", "pixels", "overlay", "sample", "scale"])
        self.observe(self.guarded(lambda _: self._open()), "file")
        self.file = self.paths[0]

    @property
    def scene(self) -> Scene:
        """What is looked at.

        Raises
        ------
        ValueError
            If no cluster is chosen, or a pixel that is not in the array.
        """
        if self.view is None:
            message = "no cluster is chosen; the filter may match none"
            raise ValueError(message)
        rows, columns = self.view.charge.shape[:2]
        for row, column in self.pixels:
            if not (0 <= row < rows and 0 <= column < columns):
                message = f"pixel {(row, column)} is not in the array of {rows} rows and {columns} columns"
                raise ValueError(message)
        sample = min(self.sample, len(self.view.p.sample_times) - 1)
        return Scene(self.view, min(self.time, self.view.p.window), self.pixels, self.overlay, sample, self.scale)

    def random(self) -> None:
        """Choose any cluster that passes the filter."""
        self.browser.go_to(int(np.random.default_rng().integers(max(len(self.browser.matching), 1))))

    def pick(self, x: float, y: float, *, add: bool = False) -> None:
        """Choose the pixel at a place of the maps' picture.

        Parameters
        ----------
        x, y : float
            The place, as shares of width and height from the top left.
        add : bool
            Whether the pixel joins those that are chosen, or leaves them.
        """
        figure = self.maps.figure
        width, height = figure.get_size_inches() * figure.dpi
        for axes in figure.axes[:3]:
            if axes.get_window_extent().contains(x * width, (1 - y) * height):
                place = axes.transData.inverted().transform((x * width, (1 - y) * height))
                pixel = pixel_at(self.scene.view, *map(float, place))
                if pixel is not None:
                    self.toggle(pixel, add=add)

    def toggle(self, pixel: tuple[int, int], *, add: bool = True) -> None:
        """Choose a pixel alone, or let it join or leave those that are chosen."""
        others = tuple(one for one in self.pixels if one != pixel)
        joined = (*others, pixel)[-len(PIXEL_COLOURS) :]
        self.pixels = (others if pixel in self.pixels else joined) if add else (pixel,)

    def export(self, *kinds: str) -> list[Path]:
        """Write what is looked at, and return the paths.

        Parameters
        ----------
        *kinds : str
            ``png`` and ``pdf`` pictures, ``csv`` and ``npz`` numbers, a ``gif`` of the maps.
        """
        if strange := [kind for kind in kinds if kind not in KINDS]:
            message = f"cannot write {strange[0]!r}, should be one of {', '.join(KINDS)}"
            raise ValueError(message)
        scene = self.scene
        stem = files.resolve(self.folder) / f"{stem_of(self.file)}_cluster{scene.view.number}"
        pictures = tuple(kind for kind in kinds if kind not in NUMBERS)
        paths: list[Path] = []
        for name, picture in (("maps", self.maps), ("waveforms", self.waveforms)):
            paths += picture.write(stem.with_name(f"{stem.name}_{name}"), pictures) if pictures else []
        for kind, write in NUMBERS.items():
            if kind in kinds:
                paths.append(stem.with_name(f"{stem.name}.{kind}"))
                write(scene, paths[-1])
        self.told.text = "written: " + ", ".join(files.shown(path) for path in paths)
        return paths

    def static(self) -> dict[str, Any]:
        """Return the pictures with their captions."""
        return Panel([self.maps, self.waveforms], interactive=False).static()

    def close(self) -> None:
        """Stop drawing, close the file, and leave the front end."""
        for picture in (self.maps, self.waveforms):
            picture.close()
        if self.index is not None:
            self.index.access.close()
        super().close()

    def _open(self) -> None:
        """Read the index of the chosen file, and show its first cluster."""
        index, before = index_of(self.file, self.form.start), self.index
        if before is not None:
            before.access.close()
        self.index, self.view = index, None
        left_out = f", {index.damaged} damaged left out" if index.damaged else ""
        self.told.text = f"{file_name(self.file)}: {len(index)} clusters{left_out}"
        records: list[Any] = list(index.records())
        if records == self.browser.records:
            self._look()
        self.browser.records = records

    def _refuse(self, faults: Sequence[str]) -> None:
        """Say what cannot be used; the pictures stay as they were."""
        self.complain("form", ValueError("\n".join(faults)) if faults else None)

    def _look(self) -> None:
        """Make the view of the chosen cluster with the present values, and show it."""
        chosen, p = self.browser.selected, self.form.parameters
        if self.index is None or chosen is None or not isinstance(p, ConvolutionParameters):
            return
        place = int(np.searchsorted(self.index.numbers, chosen["cluster"]))
        before, self.view = self.view, view_of(self.index.block(place), self.index.geometry, p, stem_of(self.file))
        if before is None or before.number != self.view.number or not self.pixels:
            telling = tuple(self.view.touched()[:2])
            if telling != self.pixels:
                self.pixels = telling  # which shows it, too
                return
        self._show()

    def _show(self) -> None:
        """Let pictures and controls show the traits."""
        if self.view is None:
            return
        scene = self.scene
        self.maps.show(scene)
        self.waveforms.show(replace(scene))
        self._showing = True
        try:
            self._set_controls(scene)
        finally:
            self._showing = False

    def _set_controls(self, scene: Scene) -> None:
        here, p, touched = self.controls, scene.view.p, scene.view.touched()
        here["time"].show(scene.time, p.window)
        here["play"].max, here["play"].value = round(p.window / FRAME), round(scene.time / FRAME)
        here["pixels"].options = [(f"row {row}, column {column}", (row, column)) for row, column in touched]
        here["pixels"].value = [pixel for pixel in scene.pixels if pixel in touched]
        here["sample"].options = [(f"{time:g} ns", number) for number, time in enumerate(p.sample_times)]
        here["sample"].value = scene.sample
        here["overlay"].value, here["scale"].value = self.overlay, self.scale
        here["thresholds"].show(p.thresholds, max(HIGHEST, *p.thresholds), 0.1)
        here["sample_times"].show(p.sample_times, p.window, p.output_step * 1e-3)

    def _make_controls(self) -> dict[str, Any]:
        options = [(file_name(path), path) for path in self.paths]
        field, script = pick_field(self._heard(self._pick))
        return {
            "file": choice("file", options, self._heard(lambda path: self.set_trait("file", path)), "kit-file"),
            "time": Dial("time [ns]", 2.0, 0.0, 6.0, 0.05, self._heard(lambda time: self.set_trait("time", time))),
            "play": player(self._heard(lambda at: self.set_trait("time", at * FRAME)), "kit-play"),
            "sample": choice("codes at", [("", 0)], self._heard(lambda at: self.set_trait("sample", at))),
            "scale": choice(
                "colours", (OVER_TIME, PER_SLICE), self._heard(lambda to: self.set_trait("scale", to))
            ),
            "overlay": tick("show other choices", True, self._heard(lambda on: self.set_trait("overlay", on))),
            "pixels": choices("pixels", self._heard(self._choose), "kit-pixels"),
            "thresholds": Dials("threshold", "mV", self._heard(lambda to: self.form.set(thresholds=to))),
            "sample_times": Dials("sample time", "ns", self._heard(lambda to: self.form.set(sample_times=to))),
            "pick": field,
            "script": script,
        }

    def _heard(self, act: Callable[[Any], object]) -> Callable[[Any], object]:
        """Return `act` for what a person, not this panel itself, has put into a control."""
        guarded = self.guarded(act)
        return lambda value: None if self._showing else guarded(value)

    def _choose(self, pixels: Sequence[tuple[int, int]]) -> None:
        self.pixels = tuple(pixels)[: len(PIXEL_COLOURS)]

    def _pick(self, words: str) -> None:
        x, y, how, _ = words.split()
        self.pick(float(x), float(y), add=how == "add")

    def _lay_out(self) -> None:
        here, button = self.controls, self.button
        buttons = (
            button("Random", self.random, "choose any cluster that passes the filter"),
            button("Picture", lambda: self.export("png", "pdf"), "write the pictures as PNG and PDF"),
            button("Numbers", lambda: self.export("csv", "npz"), "write the waveforms as CSV, all arrays as npz"),
            button("Animation", lambda: self.export("gif"), "write the maps from beginning to end as GIF"),
        )
        settings = ipywidgets.Accordion([self.form], titles=["Amplifier and codes"], selected_index=None)
        self.contain(
            line(here["file"], *buttons),
            self.told,
            self.browser,
            line(here["time"], here["play"], here["sample"], here["scale"], here["overlay"]),
            hooked(self.maps, "kit-maps"),
            line(here["pixels"], ipywidgets.VBox([here["thresholds"], here["sample_times"]])),
            self.waveforms,
            settings,
            here["pick"],
            here["script"],
        )
