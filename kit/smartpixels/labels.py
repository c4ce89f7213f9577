"""What a network learns from a cluster: where and how the track went, and whether the array holds all of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kit.smartpixels.blocks import Block
from kit.smartpixels.pixelav import FloatArray, IntArray, Layout, names

__all__ = ["EDGE_COLUMNS", "SLOPES", "edge_charge", "edge_weights", "is_flipped", "label_columns", "track"]

SLOPES = ("cotAlpha", "cotBeta", "y-midplane", "x-midplane")
EDGE_COLUMNS = ("original_atEdge", "chargeOriginal_atEdge", "nPixOriginalAbove1e_atEdge")


def label_columns(fields: int) -> list[str]:
    """Return the names of the columns of `track`, for so many fields of metadata."""
    return [*names(fields), *SLOPES]


def track(metadata: FloatArray, thickness: float) -> FloatArray:
    """Return metadata, slopes and midplane point of each cluster, shape (clusters, fields + 4).

    The names are the community's: cotAlpha is n_x/n_z, cotBeta n_y/n_z, and the midplane lies halfway through the
    sensor on the track.

    Parameters
    ----------
    metadata : ndarray, shape (clusters, fields)
        As in the file: entry point in um, momentum in GeV, …
    thickness : float
        Of the sensor, in um.
    """
    x, y, z, n_x, n_y, n_z = metadata[:, :6].T
    with np.errstate(divide="ignore", invalid="ignore"):  # a track along the sensor never reaches the midplane
        slope_x, slope_y = n_x / n_z, n_y / n_z
        to_middle = thickness / 2 - z
        middle = y + slope_y * to_middle, x + slope_x * to_middle
    return np.column_stack([metadata, slope_x, slope_y, *middle])


def is_flipped(metadata: FloatArray, thickness: float) -> npt.NDArray[np.bool_]:
    """Tell for each cluster whether it enters elsewhere than at z = thickness."""
    return np.asarray(metadata[:, 2] != thickness)


def edge_weights(layout: Layout) -> IntArray:
    """Return for each pixel how often it counts as edge: corners lie on a first or last row and column."""
    weights = np.zeros((layout.rows, layout.columns), np.int64)
    weights[0] += 1
    weights[-1] += 1
    weights[:, 0] += 1
    weights[:, -1] += 1
    return weights.ravel()


def edge_charge(block: Block, threshold: float) -> tuple[npt.NDArray[np.bool_], FloatArray, IntArray]:
    """Return for each cluster whether it touches the edge, and the charge and number of pixels there.

    A cluster touches the edge where some pixel there holds more than `threshold` electrons, of either sign, in
    the last slice; charge, in electrons, and number are 0 where it does not.
    """
    weight = edge_weights(block.layout)[block.pixel]
    final = block.charge[:, -1] / 10
    owner, count = block.cluster_of, len(block)
    above = np.bincount(owner, weight * (abs(final) > threshold), count).astype(np.int64)
    charge = np.bincount(owner, weight * final, count)
    touching = above > 0
    return touching, np.where(touching, charge, 0.0), above
