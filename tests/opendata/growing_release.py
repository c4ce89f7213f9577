"""A release of the demo's service that grows file by file, and what a serial run over its good files gives."""

from pathlib import Path

from kit.opendata import demo_shelf
from kit.opendata.bumpnet import read_histograms
from kit.opendata.demo import demo
from kit.opendata.demo_service import file_entry, stock
from kit.opendata.histograms import HistogramParameters, make_histograms
from kit.opendata.masses import MassParameters, make_masses
from kit.run import FinishedRun, Run, complete_below

EVENTS, MINIMUM = 150, 20  # in a file; in a final state that is kept
WRITTEN = ("bumpnet.root", "bumpnet_before.root", "bumpnet_outliers.root")


class Release:
    """The folder that the demo's service serves, with a release of files that are numbered."""

    def __init__(self) -> None:
        self.folder = demo_shelf.folder()
        self.paths: list[Path] = []
        self.bad: list[Path] = []

    def add(self, number: int) -> None:
        """Add so many files to the release."""
        for _ in range(number):
            seed = len(self.paths)
            path = self.folder / f"eos/opendata/atlas/data_{seed:02d}.root"
            path.parent.mkdir(parents=True, exist_ok=True)
            self.paths.append(demo("2020e-13tev", path, EVENTS, seed))
        self._stock()

    def damage(self, number: int) -> None:
        """Overwrite a part of a file's baskets; the list tells the checksum of what it is now."""
        path = self.paths[number]
        content = path.read_bytes()
        path.write_bytes(content[:6000] + bytes(12000) + content[18000:])
        self.bad.append(path)
        self._stock()

    def _stock(self) -> None:
        uris = [file_entry(path, self.folder)["uri"] for path in self.paths]
        data = {"dataset_number": "data", "physics_short": None, "file_list": uris, "skims": []}
        stock(self.folder, {"2020e-13tev": [data]}, {})

    def serial(self, place: str) -> Path:
        """Return the directory of histograms of all good files, made in this process, one after the other."""
        good = [str(path) for path in self.paths if path not in self.bad]
        p = MassParameters(inputs=good, output=f"{place}/masses", interactive=False)
        with Run("opendata/masses", p) as run:
            run.summary = make_masses(p, run)
        h = HistogramParameters(
            inputs=[f"{place}/masses"], output=f"{place}/histograms", min_events=MINIMUM, interactive=False
        )
        with Run("opendata/histograms", h) as run:
            run.summary = make_histograms(h, run)
        return run.directory


def same_histograms(one: Path, other: Path) -> int:
    """Return how many main histograms two runs have, all of which must be the same in all files."""
    for name in WRITTEN:
        ours, theirs = (read_histograms(folder / name) for folder in (one, other))
        assert [h.name for h in ours] == [h.name for h in theirs]
        assert all((a.counts == b.counts).all() and a.low == b.low for a, b in zip(ours, theirs, strict=True))
    return len(read_histograms(one / WRITTEN[0]))


def with_file(folder: Path, name: str) -> list[FinishedRun]:
    """Return the complete runs below a folder that have left this file."""
    return [run for run in complete_below(folder) if (run.directory / name).is_file()]
