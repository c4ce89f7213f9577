"""Masses of the original, counted and merged as ours."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kit.files import FormatError
from kit.opendata.bumpnet import read_histograms
from kit.opendata.histograms import HistogramParameters, make_histograms
from kit.opendata.masses import MassParameters, make_masses
from kit.opendata.massfile import read_masses
from kit.opendata.peaks import divide_masses
from kit.opendata.spectra import merge
from kit.run import Run, RunError
from tests.opendata.test_originals import arrays, database

STATE = "2e_0m_0j_0g_0t_0b"


def rows(seed: int, number: int = 300) -> list[tuple[str, list[float]]]:
    masses = np.random.default_rng(seed).exponential(60, number) + 20
    return [(f"parsed_{seed}_FS_2e_0m_0j_0g_IM_e0e1", np.float32(masses).tolist())]


def masses_run(output: Path, *inputs: str, **values: Any) -> Run:
    p = MassParameters(inputs=list(inputs), output=str(output), keep_masses=True, interactive=False, **values)
    with Run("opendata/masses", p) as run:
        run.summary = make_masses(p, run)
    return run


def test_they_are_counted_on_the_grid_and_may_be_divided_as_the_original_did(tmp_path: Path):
    for seed in (1, 2):
        database(tmp_path / f"im_batch_{seed}.sqlite", rows(seed))
    run = masses_run(tmp_path / "masses", str(tmp_path / "im_batch_*.sqlite"))
    assert (run.summary["events"], run.summary["entries"], run.summary["pieces"]) == (600, 600, 2)
    assert "these are masses of the original" in run.notices[0]
    every = [np.array(rows(seed)[0][1]) for seed in (1, 2)]
    spectra = merge(record.spectra for record in read_masses(run.directory / "masses.parquet").records())
    expected = np.bincount((np.concatenate(every) // 10).astype(int), minlength=1000)
    assert spectra.counts((STATE, "e0e1")).tolist() == expected.tolist()
    p = HistogramParameters(inputs=[str(run.directory)], output=str(tmp_path / "h"), grid="linspace")
    with Run("opendata/histograms", p) as made:
        made.summary = make_histograms(p, made)
    (histogram,) = read_histograms(made.directory / "bumpnet.root")
    main = divide_masses(np.concatenate(every), 10.0, peak_cut=True, split=True).main
    assert histogram.entries == len(main)
    assert (histogram.low, histogram.high) == (pytest.approx(main.min()), pytest.approx(main.max()))


def test_jobs_share_the_files(tmp_path: Path):
    paths = [path for seed in range(5) for path in arrays(tmp_path / "npy", rows(seed, 10))]
    parts = [masses_run(tmp_path / f"{job}", *sorted(set(paths)), job=job, jobs=2) for job in (1, 2)]
    assert [part.summary["pieces"] for part in parts] == [2, 3]
    assert sum(part.summary["entries"] for part in parts) == 50


def test_a_damaged_one_fails_and_a_copy_is_refused(tmp_path: Path):
    path = database(tmp_path / "a.sqlite", rows(1))
    (tmp_path / "b.sqlite").write_bytes(b"broken" * 99)
    with pytest.raises(RunError, match=r"1 of 2 files failed(?s:.*)b\.sqlite: file is not a database"):
        masses_run(tmp_path / "masses", path, str(tmp_path / "b.sqlite"))
    run = masses_run(tmp_path / "some", path, str(tmp_path / "b.sqlite"), max_failed_fraction=0.5)
    assert run.summary["files_failed"] == 1
    (tmp_path / "b.sqlite").write_bytes(Path(path).read_bytes())
    with pytest.raises(FormatError, match=r"same events would be counted twice(?s:.*)a\.sqlite(?s:.*)b\.sqlite"):
        masses_run(tmp_path / "twice", path, str(tmp_path / "b.sqlite"))


def test_they_cannot_be_mixed_with_events(tmp_path: Path):
    (tmp_path / "x.root").write_bytes(b"root")
    with pytest.raises(
        FormatError, match=r"x\.root: no ending of \.npy or \.sqlite; masses of the original and events"
    ):
        masses_run(tmp_path / "m", database(tmp_path / "a.sqlite", rows(1)), str(tmp_path / "x.root"))
