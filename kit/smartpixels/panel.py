"""The panel of clusters: choose one, watch charge become voltage, turn every knob and see codes change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from typing import Any

import ipywidgets
import numpy as np
import traitlets

from kit import files
from kit.smartpixels import demo
from kit.smartpixels.cluster_view import ClusterView, view_of
from kit.smartpixels.convolution import ConvolutionParameters
from kit.smartpixels.exports import write_scene
from kit.smartpixels.panel_controls import Controls
from kit.smartpixels.random_access import ClusterIndex, index_of
from kit.smartpixels.scene import OVER_TIME, PER_SLICE, PIXEL_COLOURS, Scene, caption
from kit.smartpixels.stream import file_name, stem_of
from kit.smartpixels.view_plots import (
    MAPS_SIZE,
    WAVEFORMS_SIZE,
    draw_maps,
    draw_waveforms,
    move_maps,
    move_waveforms,
    pixel_in_picture,
)
from kit.widgets import Browser, Footer, LiveFigure, Panel, ParameterForm, Words
from kit.widgets.look import hooked, line
from kit.widgets.picking import listen

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
    controls : Controls
        Those of the panel's own traits, of thresholds and of sample times.
    footer : Footer
        What was set: taken back, saved, put back, submitted.

    Examples
    --------
    >>> panel.browser.filter = "pt>1 flipped=no"
    >>> panel.time, panel.pixels = 1.2, ((6, 10),)
    """

    kept = ("file", "form", "browser", "time", "pixels", "overlay", "sample", "scale", "folder")
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
        self._shown: Scene | None = None
        self.told = Words("kit-told", role="status")
        super().__init__(hook="kit-clusters", interactive=interactive)
        self.paths = files.locate(demo.clusters() if name == "demo" else name for name in p.clusters)
        self.controls = Controls(self.paths, self.guarded(self._take))
        self.footer = Footer(self, "smartpixels/convolution", self.form, interactive=interactive)
        self._lay_out()
        self.browser.observe(self.guarded(lambda _: self._look(), "cluster"), "selected")
        self.form.observe(self.guarded(lambda _: self._look(), "values"), "parameters")
        self.form.observe(lambda change: self._refuse(change.new), "faults")
        self.observe(
            self.guarded(lambda _: self._show(), "traits"), ["time", "pixels", "overlay", "sample", "scale"]
        )
        self.observe(self.guarded(lambda _: self._open()), "file")
        # one picture after the other: drawn at the same time, both would come late
        self.maps.observe(lambda _: self.waveforms.show(self._shown), "drawn")
        self.file = self.paths[0]
        self.footer.begin()

    @traitlets.validate("file")
    def _known(self, proposal: Any) -> str:
        if proposal.value not in self.paths:
            message = f"file is {proposal.value!r}, should be one of {', '.join(self.paths)}"
            raise traitlets.TraitError(message)
        return str(proposal.value)

    @traitlets.validate("time")
    def _a_time(self, proposal: Any) -> float:
        if not np.isfinite(proposal.value):
            message = f"time is {proposal.value} ns, should be a number of 0 or more"
            raise traitlets.TraitError(message)
        return float(proposal.value)

    @traitlets.validate("pixels")
    def _pairs(self, proposal: Any) -> tuple[tuple[int, int], ...]:
        try:
            return tuple((int(row), int(column)) for row, column in proposal.value)
        except (TypeError, ValueError):
            message = f"pixels is {proposal.value}, should be pairs of row and column, such as ((5, 9),)"
            raise traitlets.TraitError(message) from None

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
        pixel = pixel_in_picture(self.maps.figure, self.scene.view, x, y)
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
        scene = self.scene
        stem = files.resolve(self.folder) / f"{stem_of(self.file)}_cluster{scene.view.number}"
        paths = write_scene(scene, stem, kinds, {"maps": self.maps.write, "waveforms": self.waveforms.write})
        self.told.text = "written: " + ", ".join(files.shown(path) for path in paths)
        return paths

    def static(self) -> dict[str, Any]:
        """Return the pictures with their captions."""
        return Panel([self.maps, self.waveforms], interactive=False).static()

    def close(self) -> None:
        """Stop drawing, close the file, and leave the front end."""
        for piece in (self.maps, self.waveforms, self.footer):
            piece.close()
        if self.index is not None:
            self.index.access.close()
        super().close()

    def _open(self) -> None:
        """Read the index of the chosen file, and show its first cluster."""
        index, before = index_of(self.file, self.form.start), self.index
        if before is not None:
            before.access.close()
        self.index, self.view = index, None
        if self.interactive:
            Thread(target=index.access.prepare, args=(int(index.places[-1]),), daemon=True).start()
        places = "place" if index.damaged == 1 else "places"
        left_out = f", the file is damaged in {index.damaged} {places}" if index.damaged else ""
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
        self._shown = self.scene
        self.maps.show(self._shown)
        self.controls.show(self._shown, self.file)
        for key in ("cluster", "values", "traits"):  # whatever was wrong with the scene is mended
            self.complain(key, None)

    def _take(self, name: str, value: Any) -> None:
        """Take over what a person has put into a control."""
        if name in SHOWN:
            self.form.set(**{name: value})
        else:
            self.set_trait(name, value)

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
            line(here.file, *buttons),
            self.told,
            self.browser,
            line(here.time, here.play, here.sample, here.scale, here.overlay),
            hooked(self.maps, "kit-maps"),
            line(here.pixels, ipywidgets.VBox([here.thresholds, here.sample_times])),
            self.waveforms,
            settings,
            self.footer,
        )
        listen(self.maps, lambda x, y, add: self.pick(x, y, add=add))
