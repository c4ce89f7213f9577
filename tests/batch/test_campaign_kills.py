"""A campaign whose process is killed, at whatever moment and however often: called again, it comes to its end.

What comes out is what an undisturbed one makes, no point that was done is done again, and no process is left.
"""

import csv
import json
import random
import time
from collections import Counter
from pathlib import Path

import pytest

FILE = "parameters/campaigns/chain.yaml"
MOMENTS = (  # what is there when the process is killed, each time in another stage
    "outputs/beam/make/.*.part/points.jsonl",
    "outputs/beam/make/*/results/*.tar",
    "outputs/beam/square/*/rounds/001/submitted.json",
    "outputs/beam/total/.*.part/points.jsonl",
)
STORMS, KILLS = 6, 5  # of the long test
SUM = sum(number * number for number in range(6))


@pytest.fixture
def campaign(chain, python):
    """Return a function that starts the command in a process of its own; every stage needs all its points."""
    chain.write_text(chain.read_text().replace(", accept: 0.6", ""))
    return lambda: python("-m", "kit", "campaign", FILE, "--profile", "local")


def processes_of(home):
    """Return the processes that were started for the project at `home`."""
    mark, found = f"KIT_HOME={home}\0".encode(), []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:  # it ended meanwhile, or is another's
            continue
    return found


def end(process):
    process.kill()
    process.communicate(timeout=60)


def check_whole(home, campaign):
    """Let the campaign come to its end, and look at all that it has left."""
    process = campaign()
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, out + err
    assert [line.split()[1] for line in out.splitlines()[-4:-1]] == ["complete"] * 3
    runs = sorted(path.parent for path in home.glob("outputs/beam/*/[!.]*/points.jsonl"))
    assert [run.parent.name for run in runs] == ["make", "square", "total"]  # none was begun anew
    assert not list(home.glob("outputs/**/*.part"))
    for run, points in zip(runs, (3, 2, 1), strict=True):
        lines = [
            json.loads(line) for path in run.glob("results/*.jsonl") for line in path.read_text().splitlines()
        ]
        assert Counter(line["state"] for line in lines) == {"done": points}
        assert len({line["id"] for line in lines}) == points
        assert json.loads((run / "manifest.json").read_text())["state"] == "complete"
    files = sorted(path for path in home.glob("outputs/beam/make/*/outputs/*/number_*.txt"))
    assert sorted(int(path.read_text()) for path in files) == list(range(6))
    (row,) = csv.DictReader((runs[2] / "merged" / "points.csv").read_text().splitlines())
    assert int(row["total"]) == SUM


def test_killed_in_every_stage_a_campaign_that_is_called_again_makes_what_an_undisturbed_one_makes(
    campaign, tmp_path, eventually
):
    for moment in MOMENTS:
        process = campaign()
        reached = eventually(lambda: any(tmp_path.glob(moment)) or process.poll() is not None, 120)  # noqa: B023
        end(process)
        assert reached, moment
        assert eventually(lambda: not processes_of(tmp_path)), moment
    check_whole(tmp_path, campaign)


@pytest.mark.slow
@pytest.mark.parametrize("storm", range(STORMS))
def test_a_storm_of_kills_at_any_moment_changes_nothing_of_what_comes_out(campaign, tmp_path, eventually, storm):
    moments = random.Random(storm)
    longest = 8.0  # s; about what an undisturbed one takes
    for _ in range(KILLS):
        process = campaign()
        time.sleep(longest * moments.random())
        end(process)
        assert eventually(lambda: not processes_of(tmp_path))
    check_whole(tmp_path, campaign)
