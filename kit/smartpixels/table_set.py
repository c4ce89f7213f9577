"""The tables of one file of clusters: labels, images, codes, all with the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kit.files import FormatError
from kit.smartpixels.digitisation import Codes
from kit.smartpixels.labels import EDGE_COLUMNS, edge_charge, is_flipped, label_columns, track
from kit.smartpixels.options import DigitisationParameters, TableParameters
from kit.smartpixels.pixelav import Geometry, Layout
from kit.smartpixels.tables import MOST_COLUMNS, Table
from kit.smartpixels.twins import NEGATIVE_ZERO
from kit.smartpixels.voltages import Voltages

__all__ = ["TableSet"]

MOST_TENTHS = 2**15 - 1  # of a millivolt, in 16 bits


class TableSet:
    """The tables of one file of clusters; all have the same rows.

    Parameters
    ----------
    paths : mapping of str to Path
        Kind of table and file.
    p : TableParameters
        What they hold.
    layout, geometry : Layout, Geometry
        Of the clusters.
    steps : int
        Output slices.
    digitisation : DigitisationParameters
        For the number of sample times.
    about : mapping
        What is known about the run; stored in each table.

    Raises
    ------
    FormatError
        If a wide table would have too many columns.
    """

    def __init__(
        self,
        paths: Mapping[str, Path],
        p: TableParameters,
        layout: Layout,
        geometry: Geometry,
        steps: int,
        digitisation: DigitisationParameters,
        about: Mapping[str, Any],
    ) -> None:
        self.p, self.layout, self.geometry = p, layout, geometry
        self.endless = 0  # of them, those of a track along the sensor
        self.rows = 0  # clusters that were selected so far
        shape = layout.rows, layout.columns
        slices = layout.slices if p.quantity == "charge" else steps
        if p.parquet_layout == "wide" and slices * layout.pixels > MOST_COLUMNS and {"recon3D", "part"} & {*paths}:
            message = (
                f"a wide table of {slices} slices of {layout.rows} x {layout.columns} pixels has "
                f"{slices * layout.pixels} columns, above {MOST_COLUMNS}; parquet_layout: list has no such limit"
            )
            raise FormatError(message)
        labels = [*label_columns(layout.fields), *EDGE_COLUMNS]
        times = len(digitisation.sample_times)
        contents: dict[str, tuple[list[str], dict[str, tuple[str, tuple[int, ...]]]]] = {
            "labels": (labels, {}),
            "recon2D": ([], {"": (p.parquet_type, shape)}),
            "recon3D": ([], {"": (p.parquet_type, (slices, *shape))}),
            "part": (labels[:-2], {"": (p.parquet_type, (slices, *shape))}),
            "adc": ([], {"code": ("uint8", (times, *shape)), "voltage": ("float64", (times, *shape))}),
        }
        wide = p.parquet_layout == "wide"
        self.tables = {
            kind: Table(path, *contents[kind], wide=wide, list_name=p.quantity, about=_about(about, kind, p))
            for kind, path in paths.items()
        }

    def append(self, voltages: Voltages, codes: Codes | None) -> None:
        """Append the clusters of a block that are selected.

        Raises
        ------
        FormatError
            If they have another shape than the first ones, or a voltage does not fit its type.
        """
        block = voltages.block
        if block.layout != self.layout:
            message = f"cluster {block.numbers[0]} has another shape than the first; a table holds one shape"
            raise FormatError(message)
        metadata = block.metadata
        flipped = is_flipped(metadata, self.geometry.thickness)
        chosen = {"unflipped": ~flipped, "flipped": flipped, "all": np.ones(len(block), bool)}[self.p.select]
        if not chosen.any():
            return
        self.rows += int(chosen.sum())
        self.endless += int((metadata[chosen, 5] == 0).sum())
        labels = [*track(metadata, self.geometry.thickness).T, *edge_charge(block, self.p.edge_threshold)]
        kept_labels = [column[chosen] for column in labels]
        row = np.cumsum(chosen) - 1
        values = self._values(voltages)
        inside = chosen[block.cluster_of]
        owner, pixel = row[block.cluster_of[inside]], block.pixel[inside]
        for kind, table in self.tables.items():
            own = kept_labels if kind == "labels" else kept_labels[:-2] if kind == "part" else []
            arrays: dict[str, Any] = {}
            if kind == "recon2D":
                arrays[""] = owner, pixel, values[inside][:, -1]
            elif kind in ("recon3D", "part"):
                places = np.arange(values.shape[1]) * self.layout.pixels + pixel[:, None]
                arrays[""] = owner[:, None], places, values[inside]
            elif kind == "adc" and codes is not None:
                arrays = _dense_codes(codes, chosen)
            table.append(block.numbers[chosen], own, arrays)

    def describe(self, about: Mapping[str, Any]) -> None:
        """Store in each table what is known only at the end."""
        for table in self.tables.values():
            table.describe(about)

    def _values(self, voltages: Voltages) -> npt.NDArray[Any]:
        """Return what the tables hold of the pixels that ever hold charge, shape (pixels, slices)."""
        if self.p.quantity == "charge":
            return np.asarray(voltages.block.charge / 10)
        if self.p.parquet_type == "int16":
            tenths = np.where(voltages.tenths == NEGATIVE_ZERO, 0, voltages.tenths)
            if abs(tenths).max(initial=0) > MOST_TENTHS:
                message = f"a voltage of {abs(voltages.values).max():.1f} mV does not fit int16, choose float32"
                raise FormatError(message)
            return np.asarray(tenths)
        return voltages.rounded if self.p.round_tables else voltages.values


def _about(about: Mapping[str, Any], kind: str, p: TableParameters) -> dict[str, Any]:
    """Return what a table says about itself; whole numbers count tenths of a millivolt."""
    said = {**about, "table": kind}
    if p.parquet_type == "int16" and kind in ("recon2D", "recon3D", "part"):
        said["units"] = {**about.get("units", {}), "voltage": "0.1 mV"}
    return said


def _dense_codes(codes: Codes, chosen: npt.NDArray[np.bool_]) -> dict[str, Any]:
    count = int(chosen.sum())
    size = codes.codes.shape[1] * codes.codes.shape[2]
    row, place = np.arange(count)[:, None], np.arange(size)
    return {
        "code": (row, place, codes.codes[chosen].reshape(count, size)),
        "voltage": (row, place, codes.voltage[chosen].reshape(count, size)),
    }
