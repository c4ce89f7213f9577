"""run.sh prepares any environment that was asked for, and becomes the worker; what is missing is named with 65."""

import os
import subprocess
import sys
import tarfile

import pytest

from kit.batch.faults import SubmissionError
from kit.batch.options import Options
from kit.batch.script import environment_for, script
from kit.batch.sites import Site

TELLING = '#!/bin/sh\nprintf "%s\\n" "$0" "$@"\nenv >told\n'


@pytest.fixture
def job(tmp_path):
    """Return a function that runs a script as a job does: without HOME and PATH, in a directory of its own."""
    folder = tmp_path / "a job's place"
    folder.mkdir()

    def run(environment, *words, cpus=1, **variables):
        (folder / "run.sh").write_text(script(environment, cpus))
        words = words or ("000120", "--round", "001")
        return subprocess.run(
            ["/bin/sh", "run.sh", *words], cwd=folder, env=variables, capture_output=True, text=True, check=False
        )

    run.folder = folder
    return run


@pytest.fixture
def python_that_tells(tmp_path):
    """Return a program in the place of Python that writes how it was called and with which environment."""
    path = tmp_path / "their bin" / "python3"
    path.parent.mkdir()
    path.write_text(TELLING)
    path.chmod(0o755)
    return path


def told(job):
    return dict(line.partition("=")[::2] for line in (job.folder / "told").read_text().splitlines())


def test_it_becomes_the_worker_with_all_its_words(job, python_that_tells):
    done = job({"python": str(python_that_tells)}, "000120", "--round", "001", "--seconds", "5")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        str(python_that_tells), "-m", "worker", "000120", "--round", "001", "--seconds", "5",
    ]  # fmt: skip


def test_it_becomes_the_gate(job, python_that_tells):
    done = job({"python": str(python_that_tells)}, "gate", "--accept", "0.9", _CONDOR_SCRATCH_DIR="/somewhere")
    assert done.stdout.splitlines()[1:] == ["-m", "worker.gate", "--accept", "0.9"]
    assert not list(job.folder.glob("*.jsonl"))


def test_a_job_has_a_home_a_path_caches_of_its_own_and_as_many_threads_as_cores(job, python_that_tells):
    job({"python": str(python_that_tells)}, cpus=3)
    variables = told(job)
    here = str(job.folder)
    assert variables["HOME"] == here
    first, *further = variables["PATH"].split(":")
    assert first == str(python_that_tells.parent)
    assert {"/usr/local/bin", "/usr/bin", "/bin"} <= set(further)
    for name in ("IPYTHONDIR", "MPLCONFIGDIR", "NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "KIT_HOME"):
        assert variables[name].startswith(here)
    assert {variables[f"{name}_NUM_THREADS"] for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA")} == {"3"}
    assert variables["PYTHONDONTWRITEBYTECODE"] == "1"


def test_the_project_and_the_cache_of_a_local_pool_are_kept(job, python_that_tells, tmp_path):
    job({"python": str(python_that_tells)}, KIT_HOME=str(tmp_path / "p"), KIT_CACHE=str(tmp_path / "c"))
    assert told(job)["KIT_HOME"] == str(tmp_path / "p")
    assert told(job)["MPLCONFIGDIR"] == str(tmp_path / "c" / "matplotlib")


@pytest.mark.parametrize(
    ("words", "made"),
    [
        (("000120", "--round", "001"), ["r001_000120.jsonl", "r001_000120.tar"]),
        (("007", "--round", "002", "--derived"), ["d002_007.jsonl", "d002_007.tar", "points_007.jsonl"]),
    ],
)
def test_under_htcondor_the_result_files_are_there_whatever_happens_afterwards(job, words, made):
    done = job({"python": "/nowhere/python3"}, *words, _CONDOR_SCRATCH_DIR=str(job.folder))
    assert done.returncode == 65
    assert "run.sh: there is no /nowhere/python3 on " in done.stderr
    assert sorted(path.name for path in job.folder.glob("*_*.*")) == made


def test_results_of_an_earlier_start_of_the_same_job_are_kept(job):
    (job.folder / "r001_000120.jsonl").write_text("a line\n")
    job({"python": "/nowhere/python3"}, _CONDOR_SCRATCH_DIR=str(job.folder))
    assert (job.folder / "r001_000120.jsonl").read_text() == "a line\n"


def test_a_setup_script_is_sourced_though_careless_and_what_it_says_is_no_output(job, python_that_tells, tmp_path):
    setup = tmp_path / "set up.sh"
    setup.write_text(f"echo hello\nfalse\n: $not_set\nPATH='{python_that_tells.parent}':$PATH\nexport LCG=106\n")
    done = job({"setup": str(setup)})
    assert done.returncode == 0, done.stderr
    assert "hello" in done.stderr
    assert done.stdout.splitlines() == [str(python_that_tells), "-m", "worker", "000120", "--round", "001"]
    assert told(job)["LCG"] == "106"


def test_a_setup_script_that_travelled_is_found_by_its_bare_name(job, python_that_tells):
    (job.folder / "setup.sh").write_text(f"PATH='{python_that_tells.parent}':$PATH\n")
    assert job({"setup": "setup.sh"}).returncode == 0


@pytest.mark.parametrize("beside", [True, False])
def test_an_archive_is_unpacked_whether_it_travelled_or_lies_on_a_shared_disk(
    job, python_that_tells, tmp_path, beside
):
    archive = (job.folder if beside else tmp_path) / "my env.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(python_that_tells, "bin/python3")
    done = job({"archive": str(tmp_path / "my env.tar.gz")})
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == str(job.folder / "environment" / "bin" / "python3")


@pytest.mark.parametrize("kind", ["setup", "archive"])
def test_an_environment_that_is_not_there_is_named_with_65(job, kind):
    done = job({kind: "/nowhere/to be found"})
    assert done.returncode == 65
    assert "run.sh: /nowhere/to be found cannot be used on " in done.stderr


def test_the_same_python_finds_the_same_modules(job, python_that_tells, monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["lib", "/opt/lib"]))
    job({"python": str(python_that_tells)})
    assert told(job)["PYTHONPATH"] == f"{tmp_path / 'lib'}:/opt/lib"


def test_on_this_computer_and_where_jobs_see_it_this_python_is_taken(tmp_path):
    here = {"python": sys.executable}
    assert environment_for(Options(), Site("local", "asked")) == here
    assert environment_for(Options(), Site("condor", "asked", shared=["/"])) == here


def test_what_was_asked_for_is_taken_everywhere():
    asked = {"setup": "/cvmfs/setup.sh"}
    for name in ("local", "condor"):
        assert environment_for(Options(environment=asked), Site(name, "asked")) == asked


def test_where_jobs_may_not_see_this_python_the_four_ways_out_are_named(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    with pytest.raises(
        SubmissionError, match=r"jobs may not see .*--environment python=PATH.*setup=.*image=.*archive="
    ):
        environment_for(Options(), Site("condor", "asked"))
