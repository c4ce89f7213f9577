"""Job definitions: what submission tools read, the same bytes every time."""

import io
import json
import tarfile
from dataclasses import replace

import pytest

from kit.files import FormatError
from kit.mu2e.fcl import Ensemble, fcl_text
from kit.mu2e.jobdefs import jobdef_bytes, jobdef_name, jobs_of, submit_text

FILES = {
    name: [f"/d/nts.mu2e.{name}.MDC2025af.001430_{i:08d}.root" for i in range(4)] for name in ("CeMLL", "DIO")
}
ENSEMBLE = Ensemble("T1", "mu2e", "MDC2025af", 9.0, 9.0, 3.0, 1e-13, 95.0, 350.0, 1430, 1, 100, FILES,
                    {"CeMLL": 0.25, "DIO": 0.75}, {})  # fmt: skip
SETUP = "/cvmfs/mu2e/setup.sh"


def _members(content):
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        return {member.name: (member, tar.extractfile(member).read().decode()) for member in tar.getmembers()}


def test_the_tar_holds_parameters_and_configuration_and_nothing_else():
    fcl = fcl_text(ENSEMBLE)
    content = jobdef_bytes(ENSEMBLE, fcl, SETUP, 1)
    members = _members(content)
    assert list(members) == ["jobpars.json", "mu2e.fcl"]
    assert members["mu2e.fcl"][1] == fcl
    assert {(m.mode, m.mtime, m.uid, m.gid, m.uname) for m, _ in members.values()} == {(0o644, 0, 0, 0, "")}
    text = members["jobpars.json"][1]
    assert text.endswith("}\n\n")
    assert '   "code" : "",\n' in text
    assert json.loads(text) == {
        "jobname": "cnf.mu2e.ensembleT1.MDC2025af.0.tar",
        "code": "",
        "setup": SETUP,
        "tbs": {
            "event_id": {"source.maxEvents": "2147483647", "source.run": 1430},
            "subrunkey": "source.subRun",
            "outfiles": {"outputs.OutputMC.fileName": "dts.mu2e.ensembleT1.MDC2025af.001430_00000000.art"},
            "samplinginput": {
                f"source.dataSets.{name}.fileNames": [1, [path.removeprefix("/d/") for path in paths]]
                for name, paths in FILES.items()
            },
            "seed": "source.samplingSeed",
        },
    }
    assert content == jobdef_bytes(ENSEMBLE, fcl, SETUP, 1)
    assert content[257:263] == b"ustar\0"


@pytest.mark.parametrize(
    ("ensemble", "compat"), [(ENSEMBLE, "mds1"), (replace(ENSEMBLE, sampling_seed=7), "none")]
)
def test_without_a_seed_for_each_job_there_is_none_in_the_definition(ensemble, compat):
    text = _members(jobdef_bytes(ensemble, "", SETUP, 1, compat))["jobpars.json"][1]
    assert "seed" not in json.loads(text)["tbs"]
    assert submit_text(ensemble, 4).count("\n") == 1
    said = submit_text(ensemble, 4, ["one", "two"])
    assert said.startswith("# one\n# two\n")
    assert said.endswith(
        "mu2ejobsub --jobdef cnf.mu2e.ensembleT1.MDC2025af.0.tar --firstjob=0 --njobs=4"
        " --default-protocol ifdh --default-location tape\n"
    )
    assert submit_text(ensemble, 4, ["one"], usable=False) == "# one\n"


def test_jobs_take_files_of_all_data_sets():
    assert [jobs_of(FILES, n) for n in (1, 2, 3, 4, 5)] == [4, 2, 2, 1, 1]
    assert jobdef_name(ENSEMBLE) == "cnf.mu2e.ensembleT1.MDC2025af.0.tar"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"a": ["nts.a.b.c.d.root"] * 2, "b": ["nts.a.b.c.d.root"]},
            "data sets have unequal numbers of files: a 2, b 1",
        ),
        ({"a": ["nts.a.b.c.d.root", "x.root"]}, r"filenames_a:2: x\.root should have 6 fields, dots between"),
        ({"a": ["nts.a..c.d.root"]}, "should have 6 fields"),
        ({"a": ["nts.a.b+.c.d.root"]}, "should have 6 fields"),
    ],
)
def test_files_that_grid_tools_cannot_use_are_refused(files, said):
    with pytest.raises(FormatError, match=said) as fault:
        jobs_of(files, 1)
    assert "export_grid: false writes nothing for the grid" in str(fault.value)
