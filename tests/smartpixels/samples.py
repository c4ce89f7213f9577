"""Small cluster files and pulses for tests: made here, read by the kit and by the plain loop alike."""

from pathlib import Path

import numpy as np

from kit.smartpixels import demo
from kit.smartpixels.demo import Sensor
from kit.smartpixels.pixelav import Cluster, cluster_text

SMALL = Sensor(rows=5, columns=7, slices=400)
SHORT_CHARGES = (100.0, 300.0, 1000.0, 3000.0)
SHORT = {"pulse_end": 60.0}  # ns; a plain convolution over the whole pulse would take minutes


def sensor(rows: int = 5, columns: int = 7, slices: int = 400, step: float = 10.0) -> Sensor:
    return Sensor(rows=rows, columns=columns, slices=slices, step=step)


def clusters(count: int, of: Sensor = SMALL, **options) -> list[Cluster]:
    return list(demo.make_clusters(count, sensor=of, **options))


def text_of(some: list[Cluster], of: Sensor | None = SMALL, *, row_end: str = "") -> bytes:
    """Return the text of a cluster file, with header where a sensor is given."""
    head = b""
    if of:
        head = demo.HEADER + b"%f  %f  %f  %f\n" % (of.pitch_x, of.pitch_y, of.thickness, of.step)
    return head + b"".join(cluster_text(one, row_end=row_end) for one in some)


def flat(charge: np.ndarray, number: int = 0, step: float = 10.0) -> Cluster:
    """Return a cluster of charge, shape (rows, columns, slices), with metadata that mean nothing."""
    words = ("0.000000", "0.000000", "100.000000", "0.100000", "0.200000", "-1.000000", "7600", "1.0", "-1.5")
    return Cluster(number, words, charge, step)


def write(folder: Path, content: bytes, name: str = "pixel_clusters_d00001.out") -> str:
    path = folder / name
    path.write_bytes(content)
    return str(path)
