"""Stand-in for `unpack`: from a raw file to the ROOT trees that the original programs read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from kit import files
from kit.files import FormatError
from kit.hgcroc import messages
from kit.hgcroc.events import event_arrays, event_columns
from kit.hgcroc.messages import MessageError
from kit.hgcroc.rawdata import RawData, decode
from kit.hgcroc.summaries import row_columns, summarise

__all__ = ["EVENT_TREE", "SUMMARY_TREE", "main", "summary_columns"]

SUMMARY_TREE = "runsummary/summary"
EVENT_TREE = "unpacker_data/hgcroc"
# the order of the original's columns
ORDER = (
    "adc_median", "adc_iqr", "tot_median", "tot_iqr", "toa_median", "toa_iqr", "adc_mean", "adc_stdd",
    "tot_mean", "tot_stdd", "toa_mean", "toa_stdd", "tot_efficiency", "tot_efficiency_error",
    "toa_efficiency", "toa_efficiency_error",
)  # fmt: skip

Columns = Mapping[str, npt.NDArray[Any]]


@click.command()
@click.option("-i", "raw", required=True, type=click.Path(exists=True, dir_okay=False), help="Raw file.")
@click.option("-o", "root", required=True, type=click.Path(dir_okay=False), help="ROOT file to write.")
@click.option("-t", "kind", default=None, help="As the programs of 0.1.2 call it: unpacked.")
@click.option("-M", "meta", type=click.Path(exists=True, dir_okay=False), help="As those of 1.0.15 do: settings.")
def main(raw: str, root: str, kind: str | None, meta: str | None) -> None:  # noqa: ARG001
    """Unpack a raw file; one that ends in the middle of a record is no fault."""
    try:
        wishes = messages.as_map(Path(meta).read_bytes()).get("metaData", {}) if meta else {}
        read = decode(Path(raw).read_bytes(), characterisation=wishes.get("characMode", 1) == 1, name=raw)
    except (FormatError, MessageError) as fault:
        raise click.ClickException(str(fault)) from fault
    if read.frames.cut:
        click.echo(f"{raw} ends in the middle of a record: {read.frames.cut} bytes are left over", err=True)
    chips = int(read.frames.chip.max(initial=-1)) + 1
    trees: dict[str, Columns] = {}
    if wishes.get("keepSummary", 1):
        trees[SUMMARY_TREE] = summary_columns(read, chips)
    if wishes.get("keepRawData", 0):
        trees[EVENT_TREE] = event_columns(event_arrays(read, chips))
    write_trees(Path(root), trees)


def summary_columns(read: RawData, chips: int) -> Columns:
    """Return the columns of the original's summary, corrupt halves taking part as there."""
    summary = summarise(read, chips, exclude_corrupt=False)
    return row_columns(chips) | {name: summary[name] for name in ORDER}


def write_trees(path: Path, trees: Mapping[str, Columns]) -> None:
    """Write trees of columns into a ROOT file, which appears when it is whole."""
    import uproot

    with files.whole(path) as part, uproot.recreate(part) as file:
        for name, columns in trees.items():
            tree = file.mktree(name, {key: values.dtype for key, values in columns.items()})
            if len(next(iter(columns.values()))):
                tree.extend({key: np.ascontiguousarray(values) for key, values in columns.items()})


if __name__ == "__main__":
    main()
