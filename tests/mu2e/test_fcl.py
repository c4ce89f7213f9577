"""Configurations of SamplingInput: the original's byte for byte, and what it lost."""

import re
from dataclasses import replace

import pytest

from kit.mu2e.configs import read_config
from kit.mu2e.fcl import Ensemble, EventId, fcl_text, job_text, output_name

DATA = "/data/dts/dts.mu2e."
FILES = {
    "CeMLL": [f"{DATA}CeMLeadingLog.MDC2020ai.001205_0000000{i}.art" for i in range(2)],
    "DIO": [f"{DATA}DIOtail_95.MDC2020ai.001205_0000000{i}.art" for i in range(2)],
    "CORSIKACosmic": [f"{DATA}CosmicCORSIKASignalAll.MDC2020ae.001205_0000000{i}.art" for i in range(2)],
}


@pytest.fixture
def ensemble(public):
    config = read_config(public / "config_mds1_MDS1a.txt").values
    means = {
        "CeMLL": float(config["CEMLL"]) * 7000 / 10000,
        "DIO": float(config["DIO"]) * 6200 / 10000,
        "CORSIKACosmic": float(config["CORSIKA"]) * 50045 / 36046.25,
    }
    assert sum(means.values()) == pytest.approx(17636.126, abs=1e-3)
    weights = {name: mean / 17636 for name, mean in means.items()}
    return Ensemble("MDS1a", "mu2e", "MDC2020ai", 36046.2, 36046.2, 11642.9226, 1e-13, 95.0, 350.0, 1201, 1, 17636,
                    FILES, weights, {})  # fmt: skip


def test_the_original_comes_out_byte_for_byte(public, ensemble):
    assert fcl_text(ensemble, "mds1") == (public / "SamplingInput_sr0_mds1.fcl").read_text()


def test_by_default_numbers_read_back_equal(ensemble):
    values = dict(re.findall(r"^#(\w+): (\S+)$", fcl_text(ensemble), re.MULTILINE))
    assert float(values["rue"]) == 1e-13
    assert float(values["livetime_on_spill"]) == 11642.9226
    assert set(values) == {
        "livetime",
        "rue",
        "dem_emin",
        "tmin",
        "run",
        "nevts",
        "livetime_wall",
        "livetime_on_spill",
    }


def test_the_newer_original_has_its_own_header(ensemble):
    lines = fcl_text(ensemble, "mds3").splitlines()[2:8]
    assert lines == [
        "#livetime: 36046.200000",
        "#dioemin: 95.000000",
        "#tmin: 350.000000",
        "#run: 1201.000000",
        "#nevts: 17636",
        "",
    ]


def test_a_subrun_has_at_most_ten_million_events(ensemble):
    assert "#nevts: 10000000\n" in fcl_text(replace(ensemble, events=20_000_000))


def test_data_sets_may_begin_later(ensemble):
    text = fcl_text(replace(ensemble, first={"DIO": EventId(1205, 3, 17)}))
    assert text.count("skipToEvent") == 1
    assert '        skipToEvent : "1205:3:17"\n      }\n      CORSIKACosmic' in text


def test_each_job_has_its_files_its_seed_and_its_name(ensemble):
    common = fcl_text(ensemble)
    text = job_text(common, ensemble, 1, 1)
    assert text.startswith(common)
    own = text.removeprefix(common).splitlines()
    assert own[1:5] == ["# job 1", "source.run : 1201", "source.subRun : 1", "source.maxEvents : 2147483647"]
    assert f'source.dataSets.DIO.fileNames : ["{FILES["DIO"][1]}"]' in own
    assert own[-2:] == [
        "source.samplingSeed : 2",
        'outputs.OutputMC.fileName : "dts.mu2e.ensembleMDS1a.MDC2020ai.001201_00000001.art"',
    ]
    both = job_text(common, ensemble, 0, 2)
    assert f'["{FILES["DIO"][0]}", "{FILES["DIO"][1]}"]' in both
    with pytest.raises(IndexError, match="CeMLL has 2 files, none is left for job 1"):
        job_text(common, ensemble, 1, 2)


def test_a_job_may_begin_later_and_end_earlier(ensemble):
    common = fcl_text(ensemble)
    own = job_text(common, ensemble, 1, 1, 77, {"DIO": EventId(1205, 1, 9)}).removeprefix(common).splitlines()
    assert "source.maxEvents : 77" in own
    assert [line for line in own if "skip" in line] == ['source.dataSets.DIO.skipToEvent : "1205:1:9"']


def test_no_rate_stands_in_a_name(ensemble):
    assert output_name(ensemble, 12) == "dts.mu2e.ensembleMDS1a.MDC2020ai.001201_00000012.art"
