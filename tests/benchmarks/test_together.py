"""The joint table of all benchmarks: each target once, with the value that its benchmark has left."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks import _together as together


@pytest.mark.parametrize("system", together.benchmarks())
def test_every_benchmark_declares_targets_that_the_table_understands(system):
    targets = together.targets_of(together.benchmarks()[system])
    assert targets
    assert all(bound >= 0 and meaning for meaning, _, bound in targets.values())


def test_the_table_has_each_target_once_and_judges_it(tmp_path):
    for system, path in together.benchmarks().items():
        # every second figure misses its target by a factor of two
        values = {
            key: bound * (2 if least == bool(place % 2) else 0.5)
            for place, (key, (_, least, bound)) in enumerate(together.targets_of(path).items())
        }
        (tmp_path / f"{system}.json").write_text(json.dumps({"targets": values}))
    words = [sys.executable, together.__file__, "--from", tmp_path, "--to", tmp_path / "made"]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    rows = json.loads((tmp_path / "made" / "benchmarks.json").read_text())["table"]
    assert len(rows) == sum(len(together.targets_of(path)) for path in together.benchmarks().values())
    assert {row[4] for row in rows} == {"met", "NOT MET"}
    assert (tmp_path / "made" / "benchmarks.md").read_text().count("\n") == len(rows) + 2
    assert (tmp_path / "made" / "benchmarks.png").stat().st_size > 10_000
    assert Path(together.__file__).name in together.__doc__
