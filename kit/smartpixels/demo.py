"""Clusters and pulse responses of our own making, in the byte formats of PixelAV and of a Cadence export.

Nothing here is a simulation of a real sensor or chip: tracks free pairs along their path, electrons and holes
drift apart and induce charge on the pixels near them until they are collected. It is enough to show what real
files show: charge that overshoots, turns negative on neighbours, stays where it is in half of all slices.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kit import files
from kit.smartpixels.options import ClusterParameters
from kit.smartpixels.pixelav import Cluster, FloatArray, cluster_text

__all__ = ["CHARGES", "Sensor", "clusters", "make_clusters", "make_pulses", "prepare", "pulses", "write_clusters"]

CHARGES = (*(100.0 * number for number in range(1, 101)), 50_000.0, 100_000.0)  # e-; as in the author's delays
ELECTRON_CHARGE = 1.60217663e-19  # C
PACKETS = 260  # in which the pairs of a track drift
PAIRS_PER_LENGTH = 76.0  # 1/um, of a minimum-ionising particle in silicon
ELECTRON_SPEED, HOLE_SPEED = 0.085, 0.048  # um/ps
LORENTZ = 0.4  # shift in y for each um of drift
DIFFUSION = 0.11  # um / sqrt(ps)
WEIGHTING_POWER = 2.2  # of the weighting potential (1 - z/thickness)


HEADER = b"demo_50x12P5:made by hep-notebook-kit, no simulation of a real sensor \n"
CLUSTERS = 60  # of the demo; about a second to make


@dataclass(frozen=True)
class Sensor:
    """The array of pixels and how its charge is written down."""

    rows: int = 13
    columns: int = 21
    slices: int = 400
    step: float = 10.0  # ps
    pitch_x: float = 50.0  # um
    pitch_y: float = 12.5  # um
    thickness: float = 100.0  # um


def make_clusters(
    count: int,
    seed: int = 1,
    sensor: Sensor | None = None,
    *,
    first: int = 0,
    flipped: float = 0.0,
    fields: int = 9,
) -> Iterator[Cluster]:
    """Yield clusters of straight tracks through a sensor.

    Parameters
    ----------
    count : int
        Number of clusters.
    seed : int
        A cluster depends on `seed` and its number alone.
    sensor : Sensor
        The array of pixels.
    first : int
        Number of the first cluster.
    flipped : float
        Share of clusters that enter at z = 0.
    fields : int
        9 metadata fields as CMS files have them, or 12 as those of the muon collider.
    """
    sensor = sensor or Sensor()
    for number in range(first, first + count):
        rng = np.random.default_rng([seed, number])
        slope_x, slope_y = rng.uniform(-1.6, 1.6), rng.normal(0, 0.55)
        direction = 1.0 if rng.random() < flipped else -1.0
        entry_z = 0.0 if direction > 0 else sensor.thickness
        half = direction * sensor.thickness / 2
        # near the centre of the array once the Lorentz shift has moved it
        middle_x = rng.uniform(-1, 1) * sensor.pitch_x
        middle_y = rng.uniform(-1.5, 1.5) * sensor.pitch_y - LORENTZ * sensor.thickness / 2
        entry_x, entry_y = middle_x - slope_x * half, middle_y - slope_y * half
        charge, pairs = _charge(rng, sensor, (entry_x, entry_y, entry_z), (slope_x, slope_y), direction)
        momentum = 0.1 + rng.exponential(1.5)
        normal = direction * momentum / np.sqrt(1 + slope_x**2 + slope_y**2)
        pt = np.hypot(slope_y * normal, normal) * rng.choice([-1, 1])
        numbers = [entry_x, entry_y, entry_z, slope_x * normal, slope_y * normal, normal]
        last = [rng.uniform(-8, 8), pt]
        if fields == 12:
            last = [last[0], rng.uniform(-60, 60), pt, rng.exponential(0.1)]
        words = [f"{value:.6f}" for value in numbers] + [str(pairs)] + [f"{value:.6f}" for value in last]
        yield Cluster(number, tuple([*words, "13"] if fields == 12 else words), charge, sensor.step)


def _charge(
    rng: np.random.Generator,
    sensor: Sensor,
    entry: tuple[float, float, float],
    slopes: tuple[float, float],
    direction: float,
) -> tuple[FloatArray, int]:
    """Return the charge on each pixel up to each slice, shape (rows, columns, slices), and the number of pairs."""
    path = sensor.thickness * np.sqrt(1 + slopes[0] ** 2 + slopes[1] ** 2)
    mean = PAIRS_PER_LENGTH * path / PACKETS
    moyal = -np.log(rng.normal(size=PACKETS) ** 2)  # a Landau's near relation; its mean is 1.27
    number = np.rint(np.maximum(mean * (0.7 + 0.236 * moyal), 1))
    depth = direction * (np.arange(PACKETS) + 0.5) / PACKETS * sensor.thickness
    x, y, z = entry[0] + slopes[0] * depth, entry[1] + slopes[1] * depth, entry[2] + depth
    times = sensor.step * np.arange(1, sensor.slices + 1)
    shape = (sensor.rows, sensor.columns)
    charge = np.zeros((sensor.slices, sensor.rows * sensor.columns))
    for sign, speed, room in ((1.0, ELECTRON_SPEED, z), (-1.0, HOLE_SPEED, sensor.thickness - z)):
        arrival = room / speed
        drifting = np.minimum(times[:, None], arrival)  # ps, shape (slices, packets)
        spread = DIFFUSION * np.sqrt(drifting)
        at_x = x + spread * rng.normal(size=PACKETS)
        at_y = y + spread * rng.normal(size=PACKETS) + LORENTZ * speed * drifting
        at_z = z - sign * speed * drifting
        moving = times[:, None] < arrival
        for values, held in _induced(sensor, at_x, at_y, at_z):
            weights = (sign * number * values)[moving]
            # bincount adds in order: the same sum everywhere
            places = (np.arange(sensor.slices)[:, None] * charge.shape[1] + held)[moving]
            inside = (np.broadcast_to(held, moving.shape) >= 0)[moving]
            charge += np.bincount(places[inside], weights[inside], charge.size).reshape(charge.shape)
        if sign > 0:
            held = _pixel(sensor, at_x, at_y, 0, 0)
            landed = ~moving & (held >= 0)
            places = (np.arange(sensor.slices)[:, None] * charge.shape[1] + held)[landed]
            counts = np.broadcast_to(number, moving.shape)[landed]
            charge += np.bincount(places, counts, charge.size).reshape(charge.shape)
    tenths = np.rint(10 * charge)
    return np.moveaxis((tenths / 10).reshape(sensor.slices, *shape), 0, 2), int(number.sum())


def _induced(
    sensor: Sensor, x: FloatArray, y: FloatArray, z: FloatArray
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Yield, for each of the nine pixels around moving charge, the induced share and the pixel's number."""
    depth = np.maximum(1 - z / sensor.thickness, 0) ** WEIGHTING_POWER
    softness = 1.0 + 0.5 * z  # um; a far pixel sees blurred edges
    along_x = [_share(sensor.pitch_x, x, softness, step) for step in (-1, 0, 1)]
    along_y = [_share(sensor.pitch_y, y, softness, step) for step in (-1, 0, 1)]
    for step_x in (-1, 0, 1):
        for step_y in (-1, 0, 1):
            values = depth * along_x[step_x + 1] * along_y[step_y + 1]
            yield values, _pixel(sensor, x, y, step_x, step_y)


def _share(pitch: float, place: FloatArray, softness: FloatArray, step: int) -> FloatArray:
    """Return the lateral share of the pixel that is `step` pixels from the one at `place`."""
    distance = place - (np.rint(place / pitch) + step) * pitch
    upper = np.tanh((distance + pitch / 2) / softness)
    return np.asarray(upper - np.tanh((distance - pitch / 2) / softness)) / 2


def _pixel(sensor: Sensor, x: FloatArray, y: FloatArray, step_x: int, step_y: int) -> FloatArray:
    """Return the number of the pixel at a place, row by row, or a negative number outside the array."""
    column = np.rint(x / sensor.pitch_x).astype(np.int64) + (sensor.columns - 1) // 2 + step_x
    row = np.rint(y / sensor.pitch_y).astype(np.int64) + (sensor.rows - 1) // 2 + step_y
    inside = (column >= 0) & (column < sensor.columns) & (row >= 0) & (row < sensor.rows)
    return np.where(inside, row * sensor.columns + column, -1)


def make_pulses(charges: Iterable[float] = CHARGES) -> str:
    """Return the pulse responses of an amplifier that is nobody's, as a Cadence export writes them.

    Parameters
    ----------
    charges : iterable of float
        Injected charges, in electrons; one pair of columns each: time in s, response in V/C.
    """
    after = 1e-3 * np.logspace(0, np.log10(20e3), 1340)  # ns; 1 ps to 20 ns
    times = np.concatenate([np.linspace(0, 50, 60), 50 + after, np.linspace(70.2, 400, 200)])
    times = np.round(times, 6)
    columns, names = [], []
    for charge in charges:
        header = f'leafValue( vtime(\'tran "/CSA_OUT") "Cdet" 2e-14 "Qin" {charge:g} )'
        names += [f"{header} X", f"{header} Y"]
        columns += [times * 1e-9, _response(times, charge)]
    lines = [",".join(names)]
    lines += [",".join(f"{value:.9e}" for value in row) for row in np.transpose(columns).tolist()]
    return "\n".join(lines) + "\n"


def _response(times: FloatArray, charge: float) -> FloatArray:
    """Return the response in V/C at `times`, in ns, to `charge`, in electrons."""
    since = np.maximum(times - 50.09, 0)
    rise, fall = 2.6 + 0.9 * np.tanh(charge / 6000), 900 + 0.05 * charge  # ns
    gain = 58.5e-6 * ((1 - 0.06 * charge / 12_000) if charge < 12_000 else 0.94 * 12_000 / charge)  # V/e-
    shape = (1 - np.exp(-since / rise) * (1 + 0.35 * since / rise)) * np.exp(-since / fall)
    baseline = 3e-4 / (charge * ELECTRON_CHARGE)  # V/C: 0.3 mV in the export
    return np.asarray(gain / ELECTRON_CHARGE * shape + baseline)


def write_clusters(
    path: Path, clusters: Iterable[Cluster], sensor: Sensor | None = None, *, row_end: str = ""
) -> None:
    """Write clusters as PixelAV does, gzipped where the name ends in ``.gz``.

    Parameters
    ----------
    path : Path
        The file; it appears whole.
    clusters : iterable of Cluster
        As from `make_clusters`.
    sensor : Sensor, optional
        Whose header and geometry line stand before the first cluster; None for a file without header.
    row_end : str
        Stands before the end of each row; some versions of PixelAV leave a blank there.
    """
    with files.whole(path) as part, part.open("wb") as stream:
        sink = gzip.GzipFile("", "wb", 6, stream, mtime=0) if path.suffix == ".gz" else stream
        if sensor:
            numbers = sensor.pitch_x, sensor.pitch_y, sensor.thickness, sensor.step
            sink.write(HEADER + "  ".join([f"{number:f}" for number in numbers]).encode() + b"\n")
        for cluster in clusters:
            sink.write(cluster_text(cluster, row_end=row_end))
        if sink is not stream:
            sink.close()


def clusters() -> str:
    """Return the cluster file for which "demo" stands; it is made where it does not exist."""
    path = files.resolve("outputs/demo/smartpixels/pixel_clusters_d00001.out.gz")
    if not path.is_file():
        sensor = Sensor()
        write_clusters(path, make_clusters(CLUSTERS, seed=1, sensor=sensor, flipped=0.1), sensor)
    return str(path)


def pulses() -> str:
    """Return the pulse responses for which "demo" stands; they are made where they do not exist."""
    path = files.resolve("outputs/demo/smartpixels/pulses.csv")
    if not path.is_file():
        with files.whole(path) as part:
            part.write_text(make_pulses(), encoding="utf-8")
    return str(path)


def prepare(p: ClusterParameters) -> None:
    """Make the files for which "demo" stands in the parameters; does nothing where they exist."""
    if "demo" in p.clusters:
        clusters()
    if getattr(p, "pulses", "") == "demo":
        pulses()
