"""Names from outside, before the parsers of a real HTCondor: each stays the name of one file, or is refused."""

import contextlib
import random
import re
import string
import subprocess
from pathlib import Path

import pytest

from kit.batch import description
from kit.batch.chunks import Chunk
from kit.batch.faults import SubmissionError
from kit.batch.options import Options
from kit.batch.round_files import RoundFiles
from kit.batch.sites import PROFILES, Site
from kit.parameters import read_yaml

READ = (
    "import json\nfrom pathlib import Path\n"
    "words = ' '.join(Path(name).read_text() for name in inputs)\n"
    "_ = Path('summary.json').write_text(json.dumps({'words': words}))"
)
WORDS = [
    *("queue", "queue 9", "$(chunk)", "$ENV(HOME)", "$$([1])", "$(", "$F(x)", "=", "+Owner = 1", "@=end"),
    *("if true", "include : /etc/passwd |", "\n", "\r", "\t", '"', "'", "\\", ",", ";", "#", " ", "ä", "日"),
    *("\u0085", "\u2028", "\u00a0"),
]
ODD = [
    *("a b", "a'b", "a=b", "#a", "a%b;c&d|e", "queue 3", "a\\b", "$HOME", "ü日", "a\u0085b", "a\u2028b", "-x"),
    *("~", "`id`", "(b)$", "[b]*?", "{c}", "'q'"),
]
SITE = Site("condor", "asked for", **read_yaml(PROFILES / "condor.yaml"))


def names():
    """Return every sign of ASCII at the begin, in the middle and at the end of a name, and words of HTCondor's."""
    draw = random.Random(11)
    signs = [chr(number) for number in range(1, 128) if chr(number) != "/"]
    placed = [text for sign in signs for text in (f"{sign}ab", f"a{sign}b", f"ab{sign}")]
    return placed + WORDS + ["".join(draw.choices([*WORDS, *string.ascii_letters], k=4)) for _ in range(300)]


def read_by_htcondor(folder, listed, **options):
    """Return the advertisements that `condor_submit` makes of a round with these inputs, a job for each list."""
    chunks = [Chunk([number], 300) for number in range(len(listed))]
    job = description.Job("001", "name", 60.0, "events.log", transfers=True)
    text = description.describe(job, Options(**options), SITE, chunks)
    lines = [b'{"id":"0","index":%d,"parameters":{}}\n' % number for number in range(len(listed))]
    carried = {chunk.name: {path: path for path in paths} for chunk, paths in zip(chunks, listed, strict=True)}
    folder.mkdir(parents=True)
    made = RoundFiles(chunks, lines, {"log": "events.log"}, text, "#!/bin/sh\n", carried).write(folder, "001")
    command = ["condor_submit", "-dry-run", "ads", "job.sub"]
    done = subprocess.run(command, cwd=made.directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"{len(listed)} job(s) dry-run to cluster 1." in done.stdout
    return (made.directory / "ads").read_text(encoding="utf-8")


def said(text, attribute):
    """Return the texts of an attribute, one for each job, without the escapes of their quotes."""
    found = re.findall(rf'^{attribute}="(.*)"$', text, re.M)
    return [value.replace(r"\"", '"') for value in found]


def accepted(texts):
    for text in texts:
        with contextlib.suppress(SubmissionError):
            yield description.fit(text)


def test_a_name_that_is_taken_is_read_by_htcondor_as_it_is(tmp_path):
    listed = [[path, "/d/last"] for path in accepted(f"/d/{name}" for name in names())]
    assert len(listed) > 350  # most signs are no danger
    found = said(read_by_htcondor(tmp_path / "run", listed), "TransferInput")
    own = "worker,worker.json,../../notebook.ipynb,points/{:06d}.jsonl,"
    wanted = [own.format(number) + ",".join(paths) for number, paths in enumerate(listed)]
    assert [pair for pair in zip(found, wanted, strict=True) if pair[0] != pair[1]] == []


def test_what_is_refused_would_have_been_something_else(tmp_path):
    refused = ["/d/a$(chunk)b", "/d/ab ", "/d/$ENV(HOME)"]
    assert list(accepted(refused)) == []
    found = said(read_by_htcondor(tmp_path / "run", [[path] for path in refused]), "TransferInput")
    assert [path for path, text in zip(refused, found, strict=True) if text.endswith(f".jsonl,{path}")] == []


@pytest.mark.parametrize("attribute", ["TransferInput", "SingularityImage", "TransferOutputRemaps"])
def test_values_of_other_options_change_their_own_attribute_alone(attribute, tmp_path):
    odd = "x (y) 'q' #1 & | % ä日 queue $HOME"
    options = {
        "TransferInput": {"environment": {"archive": f"/d/{odd}"}},
        "SingularityImage": {"environment": {"image": f"/d/{odd}"}},
        "TransferOutputRemaps": {"output_url": f"root://h//{odd}"},
    }
    text = read_by_htcondor(tmp_path / "run", [["/d/a"]], **options[attribute])
    plain = read_by_htcondor(
        tmp_path / "run_", [["/d/a"]], environment={"image": "/d/b"}, output_url="root://h//d"
    )
    assert odd in said(text, attribute)[0]
    assert attributes(text) - attributes(plain) == set()


def attributes(text):
    return set(re.findall(r"^(\w+)=", text, re.M))


@pytest.mark.parametrize("name", ["x $(y)", "x 'q' \"p\"", "x\\y", "a,b", "$ENV(HOME)", "queue 3", "#1 & ; | = %"])
def test_a_run_may_lie_in_any_folder(name, tmp_path):
    description.check_folder(tmp_path / name)
    text = read_by_htcondor(tmp_path / name, [["/d/a"]])
    assert said(text, "Iwd") == [str(tmp_path / name / "001")]


@pytest.mark.slow  # two jobs behind DAGMan
def test_odd_names_reach_the_jobs_of_a_dag(make_notebook, submitted, until, tmp_path):
    notebook = make_notebook("notebooks/beam/read.ipynb", ("parameters", "inputs: list[str] = []  # files"), READ)
    folder = tmp_path / "inputs"
    folder.mkdir()
    for name in ODD:
        (folder / name).write_text(name)
    points = [{"inputs": [str(folder / name)]} for name in ODD]
    status = until(submitted(notebook, points, per_job=9, dag=True))
    assert status.good
    assert {line["index"]: line["summary"]["words"] for line in status.results.lines()} == dict(enumerate(ODD))
    assert not Path("queue").exists()
