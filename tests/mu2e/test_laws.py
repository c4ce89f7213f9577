"""Laws of many ensembles that two processes draw at once from one ledger, while both are killed again and again.

Numbers spread as Poisson's, events of all processes are mixed evenly, each is used once, and none is missing.
"""

import itertools
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import uproot

from kit.files import resolve
from kit.manifest import load
from tests.mu2e.ensembles import count

PROJECT = Path(__file__).resolve().parents[2]
SUBRUNS = 10
PROCESSES = ("CRYCosmic", "CeMLL", "DIO")
DRAW = """
import sys
from kit.files import resolve
from kit.manifest import load
from kit.mu2e.mixture import MixtureParameters, mix
from kit.run import Run

yields, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for seed in range(first, last):
    name = f"ensemble{seed}"
    if (resolve(name) / "manifest.json").is_file() and load(name).state == "complete":
        continue
    p = MixtureParameters(yields=yields, ensemble=name, output=name, seed=seed, subruns=10, export_grid=False,
                          branches=["mom"], interactive=False)
    with Run("mu2e/mixture", p) as run:
        run.summary = mix(p, run)
"""


class Drawn(NamedTuple):
    """All ensembles: numbers by ensemble, job and process; labels of each job; file and entry of all rows."""

    means: np.ndarray
    counts: np.ndarray
    labels: list[np.ndarray]
    taken: list[tuple[str, int]]
    kills: int


def draw_all(yields, number, kills):
    """Draw ensembles by two processes, each killed at moments that differ, until all are there."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")])}
    shares = [(0, number // 2), (number // 2, number)]
    running = dict.fromkeys(shares)
    random, killed, begun = np.random.default_rng(7), 0, {}
    while shares:
        for share in list(shares):
            process = running[share]
            if process is None:
                command = [sys.executable, "-c", DRAW, str(yields), *map(str, share)]
                running[share] = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
                begun[share] = _made(), 1 + int(random.integers(number // (2 * kills) + 1))
            elif process.poll() is not None:
                told = process.stderr.read().decode()
                process.stderr.close()
                assert process.returncode in (0, -signal.SIGKILL), told
                if process.returncode == 0:
                    shares.remove(share)
                running[share] = None
            elif killed < kills and _made() - begun[share][0] >= begun[share][1]:
                time.sleep(float(random.uniform(0, 0.1)))
                process.kill()
                process.wait()
                killed += process.returncode == -signal.SIGKILL
        time.sleep(0.005)
    return killed


def _made():
    return sum(1 for _ in resolve(".").glob("ensemble*/manifest.json"))


def read_all(number, kills):
    counts = np.zeros((number, SUBRUNS, len(PROCESSES)), int)
    labels, taken, plan = [], [], {}
    for ensemble in range(number):
        run = load(f"ensemble{ensemble}")
        assert run.state == "complete"
        plan = json.loads((run.directory / "plan.json").read_text())
        files = sorted(run.directory.glob("nts.*.root"))
        assert len(files) == SUBRUNS
        for job, path in enumerate(files):
            with uproot.open(path) as file:
                found = file["ntuple"].arrays(["event", "subrun", "proc", "src_file", "src_entry"], library="np")
            assert found["event"].tolist() == list(range(1, len(found["event"]) + 1))
            assert set(found["subrun"].tolist()) <= {job}
            counts[ensemble, job] = np.bincount(found["proc"], minlength=len(PROCESSES))
            labels.append(found["proc"])
            sources = [plan["sources"][i][3] for i in found["src_file"]]
            taken += zip(sources, found["src_entry"].tolist(), strict=True)
    assert tuple(plan["processes"]) == PROCESSES
    return Drawn(np.array(plan["means"]), counts, labels, taken, kills)


def drawn(make_catalogue, number, kills):
    """Return so many ensembles of about 25, 30 and 80 events."""
    room = 1.3 * number
    files = {name: [int(mean * room / 2)] * 2 for name, mean in (("CeMLL", 30), ("DIO", 25), ("CRYCosmic", 80))}
    path = make_catalogue(
        CeMLL=(files["CeMLL"], 1e5), DIO=(files["DIO"], 1e5), CRYCosmic=(files["CRYCosmic"], 1e5)
    )
    record = json.loads(path.read_text())
    means = {"CeMLL": 30.0, "DIO": 25.0, "CRYCosmic": 80.0}
    first = count(path, r_mue=1e-11, output="first").summary["expected"]
    for name, mean in means.items():  # normalisers that give these means
        key = next(iter(record[name]["normaliser"]))
        record[name]["normaliser"][key] *= first[name] / mean
    path.write_text(json.dumps(record))
    yields = count(path, r_mue=1e-11)
    return read_all(number, draw_all(yields.directory, number, kills))


def check(found, sigmas=4.0):
    """Check all laws, numbers within so many standard deviations, and return the widths of the numbers.

    They are in units of the root of the mean: for ensembles, and for jobs.
    """
    assert len(set(found.taken)) == len(found.taken)
    base = sqlite3.connect(resolve("outputs/mu2e/ledger.sqlite"))
    held = base.execute("SELECT identity, start, stop FROM ranges WHERE state = 'used'").fetchall()
    assert base.execute("SELECT COUNT(*) FROM ranges WHERE state != 'used'").fetchone() == (0,)
    base.close()
    assert sorted(found.taken) == sorted((of, at) for of, start, stop in held for at in range(start, stop))
    for (one, _, stop), (other, start, _) in itertools.pairwise(sorted(held)):
        assert one != other or stop <= start
    widths = []
    for numbers, jobs in ((found.counts.sum(axis=1), 1), (found.counts.reshape(-1, len(PROCESSES)), SUBRUNS)):
        mean = found.means / jobs
        width = numbers.std(axis=0, ddof=1) / np.sqrt(mean)
        assert (abs(width - 1) < sigmas * np.sqrt((2 + 1 / mean) / 4 / len(numbers))).all(), width
        assert (abs(numbers.mean(axis=0) - mean) < sigmas * np.sqrt(mean / len(numbers))).all()
        widths.append(width)
    random = np.random.default_rng(3)  # where in its slot each event lies: jobs have few, so that places are steps
    for process in range(len(PROCESSES)):
        found_in = [np.flatnonzero(of == process) for of in found.labels]
        places = np.concatenate(
            [(at + random.random(len(at))) / len(of) for at, of in zip(found_in, found.labels, strict=True)]
        )
        # the mean place of an event is the middle, and places fill the job evenly
        assert abs(places.mean() - 0.5) * np.sqrt(12 * len(places)) < sigmas
        tenths = np.histogram(places, 10, (0, 1))[0]
        assert (abs(tenths - len(places) / 10) < sigmas * np.sqrt(len(places) / 10)).all()
    z = np.array([runs_of(of == 0) for of in found.labels if 0 < np.count_nonzero(of == 0) < len(of)])
    assert abs(z.mean()) * np.sqrt(len(z)) < sigmas
    assert abs(z.std() - 1) < sigmas / np.sqrt(2 * len(z))
    return widths


def runs_of(mine):
    """Return by how many standard deviations the number of runs differs from that of a random order."""
    n = len(mine)
    ones = np.count_nonzero(mine)
    product = 2.0 * ones * (n - ones)
    mean, variance = product / n + 1, product * (product - n) / (n * n * (n - 1))
    return (1 + np.count_nonzero(mine[1:] != mine[:-1]) - mean) / np.sqrt(variance or 1.0)


def test_a_few_ensembles_of_two_processes_that_are_killed_obey_their_laws(make_catalogue):
    found = drawn(make_catalogue, 12, 2)
    assert found.kills == 2
    check(found)


@pytest.mark.slow
def test_two_hundred_ensembles_of_ten_jobs_spread_as_poisson_and_are_mixed_evenly(make_catalogue):
    found = drawn(make_catalogue, 200, 25)
    assert found.kills == 25
    for widths in check(found):
        assert ((widths > 0.9) & (widths < 1.1)).all(), widths
