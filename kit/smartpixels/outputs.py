"""What the results of one file of clusters are called."""

from __future__ import annotations

import re

from kit.smartpixels.options import TableParameters

__all__ = ["output_names", "tag_of"]

TAG = re.compile(r"d\d+$")


def tag_of(stem: str) -> str:
    """Return ``dNNNNN`` from the stem of a file's name, or all of it."""
    found = TAG.search(stem)
    return found[0] if found else stem


def output_names(stem: str, p: TableParameters) -> dict[str, str]:
    """Return the outputs of one file of clusters: kind and name in the run's directory.

    Parameters
    ----------
    stem : str
        Of the file's name; a part is called by it where it ends in no number, for a number that counts the files
        of one run would be the same in every job.
    """
    tag = tag_of(stem)
    digits = re.search(r"\d+$", tag)
    names = {}
    if "text" in p.formats:
        names["text"] = f"convolved_output_{stem}.out{'.gz' if p.compression else ''}"
    if "parquet" in p.formats:
        names |= {kind: f"{p.select}/{kind}_{tag}.parquet" for kind in ("labels", "recon2D", "recon3D")}
    if "part" in p.formats:
        names["part"] = f"{p.select}/part.{int(digits[0]) if digits else stem}.parquet"
    if "adc" in p.formats:
        names["adc"] = f"{p.select}/adc_{tag}.parquet"
    return names
