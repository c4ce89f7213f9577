"""One file from end to end."""

import json

import numpy as np
import pytest

from kit.run import Run
from kit.smartpixels.amplifier import measured_templates
from kit.smartpixels.delays import DelayTable
from kit.smartpixels.digitisation import noise
from kit.smartpixels.engine import NUMPY
from kit.smartpixels.options import ClusterParameters
from kit.smartpixels.production import EXAMPLE, Production, ProductionParameters, about_run
from kit.smartpixels.pulses import read_pulses
from kit.smartpixels.reader import ClusterFile
from kit.smartpixels.voltages import Amplifier
from tests.smartpixels import samples

STEM = "pixel_clusters_d00001"


@pytest.fixture
def production(tmp_path, pulses):
    """Give a function that opens a run and returns what makes files in it."""
    runs = []

    def make(delays=None, **values):
        p = ProductionParameters.build({**samples.SHORT, **values, "output": str(tmp_path / "run")})
        templates = measured_templates(read_pulses(pulses, p), p)
        run = Run("smartpixels/convolution", p)
        runs.append(run.__enter__())
        return Production(p, run, Amplifier(templates, p), NUMPY, delays, about_run(p, "pulses.csv"), STEM)

    yield make
    for run in runs:
        if run.state == "running":
            run.__exit__(None, None, None)


def test_a_record_says_what_became_of_a_file(production, tmp_path):
    path = samples.write(tmp_path, samples.text_of(samples.clusters(3)))
    made = production()
    outcome = made.convolve_file(path)
    record = outcome.record
    assert (record["clusters"], record["written"], record["dropped"]) == (3, 3, [])
    assert record["outputs"] == [f"convolved_output_{STEM}.out.gz"]
    assert json.loads((made.run.work / f"{STEM}.json").read_text()) == record
    assert outcome.tally.clusters == 3
    assert (made.run.directory / EXAMPLE).is_file()


def test_what_is_there_is_not_made_again(production, tmp_path):
    path = samples.write(tmp_path, samples.text_of(samples.clusters(3)))
    made = production()
    first = made.convolve_file(path)
    written = made.run.directory / first.record["outputs"][0]
    before = written.stat().st_mtime_ns
    again = made.convolve_file(path)
    assert again.record == first.record
    assert again.tally.clusters == 3
    assert written.stat().st_mtime_ns == before
    written.unlink()
    made.convolve_file(path)
    assert written.is_file()


def test_codes_come_from_voltage_and_noise_of_the_cluster(production, tmp_path):
    made = production(formats=["adc"], noise=True, seed=5)
    path = samples.write(tmp_path, samples.text_of(samples.clusters(3)))
    with ClusterFile(path, ClusterParameters(clusters=[path])) as source:
        voltages = made.amplifier.respond(next(source.blocks()), NUMPY)
        found = made._codes(voltages, STEM)
        quiet = voltages.block.dense(voltages.values)
    for number in range(3):
        wanted = quiet[number] + noise(31, 0.2, 35, made.p, STEM, number)
        np.testing.assert_array_equal(found.voltage[number], wanted[[10, 25]])


def test_codes_know_late_comparators(production, tmp_path):
    never = DelayTable({225.0: (np.array([100.0]), np.array([99.0]))})
    made = production(never, formats=["adc"], select="all", window=20.0, pulse_end=100.0)
    path = samples.write(tmp_path, samples.text_of(samples.clusters(3)))
    assert made.convolve_file(path).tally.occupancy[:, 1:].sum() == 0
