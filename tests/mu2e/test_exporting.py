"""What an ensemble needs on the grid, written beside it."""

import tarfile

import pytest

from kit.files import FormatError, resolve
from kit.mu2e.exporting import ensemble_of
from kit.mu2e.mixture_options import MixtureParameters
from kit.mu2e.table import read_yields
from tests.mu2e.ensembles import count, draw


@pytest.fixture
def yields(make_catalogue):
    return count(
        make_catalogue(DIO=([200, 200], 9000), CRYCosmic=([300, 60], 8000.0)), processes=["DIO", "CRYCosmic"]
    )


def test_lists_configurations_and_the_job_definition_belong_together(yields):
    run = draw(yields, export_grid=True, step="plan")
    folder = run.directory / "grid"
    assert run.summary["grid_jobs"] == 2
    assert {path.name for path in folder.iterdir()} == {
        "SamplingInput_sr0.fcl", "filenames_DIO", "filenames_DIO_2.txt", "filenames_CRYCosmic",
        "filenames_CRYCosmic_2.txt", "job_0.fcl", "job_1.fcl", "submit.txt",
        "cnf.mu2e.ensembledemo.MDC2025af.0.tar",
    }  # fmt: skip
    paths = (folder / "filenames_DIO").read_text().splitlines()
    assert [path.rsplit("/", 1)[1] for path in paths] == (folder / "filenames_DIO_2.txt").read_text().splitlines()
    with tarfile.open(folder / "cnf.mu2e.ensembledemo.MDC2025af.0.tar") as tar:
        assert tar.extractfile("mu2e.fcl").read() == (folder / "SamplingInput_sr0.fcl").read_bytes()
    assert (folder / "job_1.fcl").read_text().startswith((folder / "SamplingInput_sr0.fcl").read_text())


def test_weights_are_shares_of_the_expected_events_or_of_the_total_given(yields):
    made = read_yields(yields.directory / "yields.json")
    means = {row.process: row.mean for row in made.rows}
    weights = ensemble_of(MixtureParameters(), made).weights
    assert weights == pytest.approx({name: mean / sum(means.values()) for name, mean in means.items()})
    weights = ensemble_of(MixtureParameters(total_events=1000), made).weights
    assert weights == pytest.approx({name: mean / 1000 for name, mean in means.items()})
    assert list(weights) == ["DIO", "CRYCosmic"]


def test_unequal_lists_are_refused_before_anything_is_reserved(make_catalogue):
    yields = count(
        make_catalogue(DIO=([200, 200], 9000), CRYCosmic=([300], 8000.0)), processes=["DIO", "CRYCosmic"]
    )
    with pytest.raises(FormatError, match="data sets have unequal numbers of files: DIO 2, CRYCosmic 1"):
        draw(yields, export_grid=True, output="m")
    assert not resolve("outputs/mu2e/ledger.sqlite").exists()
    assert draw(yields, export_grid=False).summary["rows"] > 0


def test_a_run_touches_nothing_but_its_own_directory_and_the_ledger(make_catalogue, tmp_path):
    yields = count(
        make_catalogue(DIO=([200, 200], 9000), CRYCosmic=([300, 300], 8000.0)), processes=["DIO", "CRYCosmic"]
    )
    for name in ("a.tar", "config.txt", "filenames_DIO", "job_0.fcl", "outputs/mu2e/mixture/b.tar"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("mine")

    def contents():
        files = {path for path in tmp_path.rglob("*") if path.is_file()}
        return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}

    before = contents()
    run = draw(yields, export_grid=True, subruns=2)
    after = contents()
    assert {path: after.get(path) for path in before} == before
    others = {path for path in after.keys() - before.keys() if run.directory not in path.parents}
    assert {path.name for path in others} <= {"ledger.sqlite"}
    assert list(run.directory.rglob("cnf.*.tar"))
