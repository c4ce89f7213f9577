"""The table counts what the tests have recorded, each once, and is written whole as text and as JSON."""

import json

from tests.faults import table


def found():
    made = table.Found()
    made.add(
        "a", [("fault", ("killed", "ecal/truth", "killed", "")), ("fault", ("killed", "ecal/truth", "right", ""))]
    )
    made.add("b", [("fault", ("input: cut", "ecal/truth", "refused", "kit: a.root: ends early\nmore"))])
    made.add("c", [("fault", ("input: cut", "mu2e/yields", "refused", "kit: b: is empty")), ("other", 1)])
    made.add("test_fuzz.py::test_mutants[raw]", [("executions", 500)])
    return made


def test_rows_are_faults_columns_are_stages_and_the_last_is_their_sum():
    assert [line.split() for line in table.lines(found().counts)] == [
        ["truth", "yields", "all"],
        ["killed", "1/0/1/0/0", "–", "1/0/1/0/0"],
        ["input:", "cut", "0/1/0/0/0", "0/1/0/0/0", "0/2/0/0/0"],
    ]


def test_kills_damages_and_refusals_are_written_with_their_words(tmp_path):
    paths = table.write(tmp_path, found(), ["tests/faults"], 61.4)
    content = json.loads(paths[0].read_text())
    wanted = {
        "attempts": 4,
        "kills": 2,
        "damaged inputs": 2,
        "refused": 2,
        "wrong": 0,
        "executions of parsers": 500,
    }
    assert wanted.items() <= content["totals"].items()
    assert content["faults"]["killed"] == {"ecal/truth": {"killed": 1, "right": 1}}
    assert content["refusals"]["input: cut"]["ecal/truth: kit: a.root: ends early"] == 1
    text = paths[1].read_text()
    assert "command: pytest tests/faults\n" in text
    assert "  1 × mu2e/yields: kit: b: is empty\n" in text
