"""The inputs that the pages call by names of the reader's own: small files of the demo generators."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

__all__ = ["make_inputs"]


def make_inputs(folder: Path) -> None:
    """Write them into `folder`: ``my/*.root``, ``dumper/*.root``, ``pixel_clusters_d*.out.gz`` and so on."""
    from kit.ecal import demo as ecal
    from kit.opendata import demo as opendata
    from kit.smartpixels import demo as smartpixels

    for name in ("my", "dumper"):
        (folder / name).mkdir(parents=True)
    for number in (1, 2):
        opendata.demo("2024r-pp", folder / "my" / f"events_{number}.root", 2000, number)
        opendata.demo("2020e-13tev", folder / f"data_{'AB'[number - 1]}.4lep.root", 2000, 10 + number)
        ecal.demo(folder / "dumper" / f"electrons_{number}.root", 150, seed=number)
        clusters = smartpixels.make_clusters(12, seed=number)
        smartpixels.write_clusters(folder / f"pixel_clusters_d0000{number}.out.gz", clusters, smartpixels.Sensor())
    (folder / "pulses.csv").write_text(smartpixels.make_pulses(), encoding="utf-8")
    (folder / "parameters" / "ecal").mkdir(parents=True)
    lines = sorted(str(path.relative_to(folder)) for path in (folder / "dumper").iterdir())
    (folder / "parameters" / "ecal" / "files.txt").write_text("\n".join(lines) + "\n")
    _hexaboard(folder)
    _primaries(folder)


def _hexaboard(folder: Path) -> None:
    """Procedures of the reader's own: one short scan, beside the settings that come with the kit."""
    shipped = Path(__file__).parents[1] / "parameters" / "hgcroc" / "procedures"
    (folder / "settings").mkdir()
    for path in shipped.glob("*.yaml"):
        shutil.copy(path, folder / "settings")
    scans = (shipped / "scans.yaml").read_text()
    short = scans.replace("stop: 2001, step: 100", "stop: 300, step: 100").replace("[2, 4, 6, 8]", "[2]")
    (folder / "settings" / "scans.yaml").write_text(short.replace("name: injection_scan", "name: my_scan"))
    (folder / "my_main.yaml").write_text("libraries:\n  - settings/scans.yaml\n")


def _primaries(folder: Path) -> None:
    """A catalogue of primaries: that of the demo, by a name of the reader's own."""
    from kit import files
    from kit.mu2e import demo
    from kit.mu2e.yields import YieldParameters

    before = os.environ.get("KIT_HOME")
    os.environ["KIT_HOME"] = str(folder)
    try:
        demo.prepare(YieldParameters(primaries="demo"))
        shutil.copy(files.resolve(demo.catalogue_path()), folder / "my_primaries.yaml")
    finally:
        os.environ.pop("KIT_HOME") if before is None else os.environ.update(KIT_HOME=before)
