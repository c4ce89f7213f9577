"""Inputs that jobs of a real HTCondor do not see: they travel, each under a name of its own."""

READ = (
    "import json\nfrom pathlib import Path\n"
    "words = ' '.join(Path(name).read_text() for name in inputs)\n"
    "_ = Path('summary.json').write_text(json.dumps({'words': words}))"
)


def test_files_of_one_name_reach_their_job_apart(make_notebook, submitted, until, tmp_path):
    notebook = make_notebook("notebooks/beam/read.ipynb", ("parameters", "inputs: list[str] = []  # files"), READ)
    paths = {}
    for folder in "abc":
        paths[folder] = tmp_path / folder / "run.sh"  # a name that each job has itself
        paths[folder].parent.mkdir()
        paths[folder].write_text(folder)
    points = [{"inputs": [str(paths[folder]) for folder in folders]} for folders in ("ab", "bc", "c")]
    status = until(submitted(notebook, points, per_job=2))
    assert status.good
    told = {line["index"]: line["summary"]["words"] for line in status.results.lines()}
    assert told == {0: "a b", 1: "b c", 2: "c"}
    rows = (status.run.rounds[-1].directory / "chunks.txt").read_text().splitlines()
    assert [row.count("inputs/0000") for row in rows] == [2, 2]
