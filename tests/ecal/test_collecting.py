"""Which files an input stands for, what does not fit together, what is missing."""

import shutil

import pytest

from kit.ecal.collecting import Source, collect, refuse_differences, refuse_gaps
from kit.ecal.windows import WindowParameters, make_windows
from kit.files import FormatError, sha256
from kit.run import Run, RunError


@pytest.fixture
def windows(demo_file, tmp_path):
    """Return a function that makes a run of windows, by default of three files."""
    (tmp_path / "in").mkdir()
    for number, seed in enumerate((1, 2, 3)):
        shutil.copy(demo_file("pairs", 12, seed), tmp_path / "in" / f"{number}.root")

    def make(output, **values):
        p = WindowParameters(**{"inputs": ["in/*.root"], "output": output} | values)
        with Run("ecal/windows", p) as run:
            run.summary = make_windows(p, run)
        return output

    return make


def names(collected):
    return [source.path.name for source in collected.sources]


def test_a_run_stands_for_its_files_in_the_order_of_the_events(windows):
    collected = collect([windows("a")])
    assert names(collected) == ["windows_1_0.parquet", "windows_2_1.parquet", "windows_3_2.parquet"]
    assert [source.origin.rpartition("/")[2] for source in collected.sources] == ["0.root", "1.root", "2.root"]


def test_jobs_in_any_order_give_the_order_of_the_events(windows):
    runs = [windows(f"job{job}", job=job, jobs=3) for job in (1, 2, 3)]
    assert names(collect(runs[::-1])) == names(collect(["job2", "job1", "job3"]))
    whole = collect(["job*"])
    assert [source.origin for source in whole.sources] == [
        source.origin for source in collect([windows("all")]).sources
    ]
    assert refuse_gaps(whole, None, accept_partial=False) == []


def test_a_folder_of_runs_stands_for_all_of_them(windows):
    for job in (1, 2):
        windows(f"batch/outputs/p{job}", job=job, jobs=2)
    assert len(collect(["batch"]).sources) == 3
    with pytest.raises(RunError, match="1 of 3 expected jobs"):
        refuse_gaps(collect(["batch"]), 3, accept_partial=False)


def test_a_job_that_is_missing_is_told_and_may_be_accepted(windows):
    collected = collect([windows("job1", job=1, jobs=3), windows("job3", job=3, jobs=3)])
    with pytest.raises(
        RunError, match=r"not complete:\n.*missing: of 3 jobs of job1 and others: 2\n.*accept_partial"
    ):
        refuse_gaps(collected, None, accept_partial=False)
    assert refuse_gaps(collected, None, accept_partial=True) == ["of 3 jobs of job1 and others: 2"]


def test_a_job_that_is_there_twice_is_refused_in_any_case(windows):
    collected = collect([windows("a", job=1, jobs=2), windows("b", job=1, jobs=2), windows("c", job=2, jobs=2)])
    with pytest.raises(RunError, match="job 1 of 2 is there 2 times: a, b"):
        refuse_gaps(collected, None, accept_partial=True)
    with pytest.raises(FormatError, match=r"a/.* and .*b/.* are both from .*0\.root"):
        refuse_differences(collected.sources, mixed=False)


def test_a_file_that_failed_in_a_job_is_missing(windows, tmp_path):
    (tmp_path / "in" / "1.root").write_text("bad " * 50)
    collected = collect([windows("a", max_failed_fraction=0.5)])
    with pytest.raises(RunError, match=r"missing: .*1\.root, which failed in a"):
        refuse_gaps(collected, None, accept_partial=False)


def test_more_jobs_than_expected(windows):
    with pytest.raises(RunError, match="2 jobs are there, 1 expected"):
        refuse_gaps(
            collect([windows("a", inputs=["in/0.root"]), windows("b", inputs=["in/1.root"])]),
            1,
            accept_partial=False,
        )


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"labels": "deepsc"}, "labels is deepsc, there fixed"),
        ({"precision": "float32"}, "precision is float32, there float64"),
        (
            {"et_seed_min": 2.0, "overlapping": True},
            "et_seed_min is 2.0, there 1.0; overlapping is True, there False",
        ),
        ({"window_version": 2}, "window_version is 2, there 3"),
    ],
)
def test_windows_made_otherwise_do_not_fit_and_every_item_is_told(windows, values, text):
    collected = collect([windows("a", inputs=["in/0.root"]), windows("b", inputs=["in/1.root"], **values)])
    with pytest.raises(
        FormatError, match=rf"b/windows_1_1\.parquet does not fit to .*a/windows_1_0\.parquet: {text}"
    ):
        refuse_differences(collected.sources, mixed=False)


def test_working_points_may_differ_by_flavour_on_wish(windows, table_path):
    other = {"working_point": str(table_path)}
    same = collect([windows("a", inputs=["in/0.root"]), windows("b", inputs=["in/1.root"], flavour=22, **other)])
    with pytest.raises(FormatError, match="working_point is electron_run3_PU65, there demo"):
        refuse_differences(same.sources, mixed=False)
    refuse_differences(same.sources, mixed=True)
    alike = collect(["a", windows("c", inputs=["in/2.root"], **other)])
    with pytest.raises(FormatError, match="working_point is"):
        refuse_differences(alike.sources, mixed=True)


def test_what_holds_no_windows_is_refused(tmp_path, windows):
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunError, match="empty holds no complete run of ecal/windows"):
        collect(["empty"])
    (tmp_path / "x.parquet").write_text("nothing")
    with pytest.raises(FormatError, match=r"x\.parquet: is no whole parquet file"):
        collect(["x.parquet"])
    with pytest.raises(FileNotFoundError, match="there is no gone"):
        collect(["gone"])


def test_a_file_named_twice_is_refused(windows):
    windows("a")
    with pytest.raises(FormatError, match="inputs name files twice"):
        collect(["a/windows_1_0.parquet", "a/*.parquet"])


def test_a_run_named_twice_is_refused(windows):
    run = windows("a", inputs=["in/0.root"])
    with pytest.raises(FormatError, match=r"inputs name runs twice.*\n  a$"):
        collect([run, run])


def test_events_instead_of_windows_are_told_as_such(windows):
    with pytest.raises(FormatError, match=r"0\.root: is a ROOT file, should be windows: ecal/windows makes them"):
        collect(["in/0.root"])


def test_files_of_a_run_have_the_checksum_of_its_manifest_however_they_are_named(windows, tmp_path):
    windows("a", inputs=["in/0.root"], formats=["parquet", "ndjson"])
    [of_run] = collect(["a"]).sources
    [of_file] = collect(["a/windows_1_0.parquet"]).sources
    assert of_run.sha256 == of_file.sha256 == sha256(of_run.path)
    [text] = collect(["a/windows_1_0.ndjson.gz"]).sources
    assert text.sha256 == sha256(text.path)
    shutil.copy(of_run.path, tmp_path / "alone.parquet")
    (tmp_path / "manifest.json").write_text('{"name": "of something else"}')
    assert collect(["alone.parquet"]).sources[0].sha256 == ""


def test_text_is_known_by_its_ending(ecal_data):
    [source] = collect([str(ecal_data / "ele4_50_nonoverlapping.ndjson.tar.gz")]).sources
    assert source.is_text
    assert not Source(ecal_data / "x.parquet", "x").is_text
