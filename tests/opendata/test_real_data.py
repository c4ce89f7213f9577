"""The two real ATLAS files from the notebook to BumpNet, by the kit's command and by plain papermill."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import uproot

from kit.manifest import load

PROJECT = Path(__file__).resolve().parent.parent.parent
# four leptons are soft: with the usual 25 GeV nothing is left of them
SOFT = {"e": 7.0, "m": 7.0, "j": 30.0, "g": 25.0, "t": 20.0}
NAME = re.compile(r"^ROI_mass_([emjbgt]\d)+_cat_(\d+[emjgtb]x_?)+_width_10\.0$")


def command(*words):
    environment = {**os.environ, "KIT_HOME": str(PROJECT), "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, "-m", *words], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def by_the_kit(stage, output, **values):
    pairs = [word for name, value in values.items() for word in ("-p", f"{name}={json.dumps(value)}")]
    command("kit", "run", f"opendata/{stage}", "-p", f"output={output}", *pairs)
    return load(output)


def by_papermill(stage, output, **values):
    file = output.with_suffix(".yaml")
    file.write_text(json.dumps({"output": str(output), **values}))  # YAML reads JSON
    notebook = PROJECT / "notebooks" / "opendata" / f"{stage}.ipynb"
    command("papermill", str(notebook), f"{output}.ipynb", "-f", str(file), "--cwd", str(notebook.parent))
    return load(output)


@pytest.fixture(scope="module", params=[by_the_kit, by_papermill])
def chain(request, shared_data, tmp_path_factory):
    """Return the runs of masses and histograms over both files."""
    folder = tmp_path_factory.mktemp(request.param.__name__)
    inputs = [str(shared_data / "opendata" / "data_?.4lep.root")]
    masses = request.param("masses", folder / "masses", inputs=inputs, pt_min=SOFT)
    return masses, request.param(
        "histograms", folder / "histograms", inputs=[str(folder / "masses")], min_events=1
    )


def test_all_events_of_both_files_are_counted(chain):
    masses, histograms = chain
    assert (masses.summary["files"], masses.summary["events"]) == (2, 39 + 156)
    assert histograms.summary["entries"] == masses.summary["entries"]


def test_every_histogram_satisfies_the_reader_of_bumpnet(chain):
    _, run = chain
    with uproot.open(run.directory / "bumpnet.root") as file:
        found = [file[key] for key in file.keys(cycle=False)]
        assert len(found) == run.summary["histograms"] > 0
        for histogram in found:
            assert NAME.match(histogram.name)
            assert histogram.classname == "TH1F"
            assert histogram.values()[0] > 0
            assert histogram.values(flow=True)[-1] == 0


def test_the_manifests_tell_inputs_outputs_versions_and_times(chain):
    masses, histograms = chain
    for run in chain:
        assert run.state == "complete"
        assert {"kit", "python", "packages"} <= run.manifest["software"].keys()
        assert run.manifest["seconds"] > 0
        for output in run.manifest["outputs"]:
            assert (run.directory / output["path"]).stat().st_size == output["bytes"]
            assert len(output["sha256"]) == 64
    assert [Path(entry["path"]).name for entry in masses.manifest["inputs"]] == [
        "data_A.4lep.root",
        "data_B.4lep.root",
    ]
    assert [entry["path"] for entry in histograms.manifest["inputs"]] == [str(masses.directory / "masses.parquet")]


def test_the_pictures_are_there(chain):
    masses, histograms = chain
    assert (masses.directory / "plots" / "four_leptons.png").stat().st_size > 10_000
    assert (histograms.directory / "plots" / "spectra.png").stat().st_size > 10_000
