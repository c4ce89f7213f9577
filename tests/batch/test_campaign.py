"""A campaign's file is read whole or refused by its spot; its record says which run is which stage's."""

import json
from pathlib import Path

import pytest

from kit.batch.campaign import Record, Source, begin, campaign_in, read_campaign
from kit.batch.faults import SubmissionError
from kit.files import FormatError
from kit.parameters import ParameterError

PROJECT = Path(__file__).resolve().parents[2]


def test_a_file_becomes_stages_with_their_values_points_sources_and_options(chain):
    made = read_campaign(chain)
    assert (made.name, made.directory.name, made.dag, made.records) == ("chain", "chain", False, {})
    make, square, total = made.stages
    assert (make.fixed, make.sweep, make.source, make.together) == (
        {"limit": 9}, {"first": [0, 2, 4]}, None, False,
    )  # fmt: skip
    assert square.source == Source("inputs", "make", "number_*.txt", 4)
    assert (total.source, total.together) == (Source("inputs", "square", "", None), True)
    assert [stage.options.accept for stage in made.stages] == [0.6, 1.0, 1.0]
    assert {stage.options.memory_mb for stage in made.stages} == {300}


def test_options_of_a_stage_win_over_those_of_all(chain):
    chain.write_text(chain.read_text().replace("accept: 0.6", "accept: 0.6, options: {memory_mb: 700}"))
    made = read_campaign(chain)
    assert [stage.options.memory_mb for stage in made.stages] == [700, 300, 300]


@pytest.mark.parametrize(
    "path", sorted((PROJECT / "parameters" / "campaigns").glob("*.yaml")), ids=lambda p: p.stem
)
def test_the_campaigns_of_the_project_are_read(path, monkeypatch):
    monkeypatch.setenv("KIT_HOME", str(PROJECT))
    made = read_campaign(path)
    assert made.name == path.stem
    assert all(stage.own_identity() for stage in made.stages)


STAGE = "{name: total, notebook: beam/total, all: {inputs: {outputs_of: square}}}"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("campaign: chain", "campain: chain", r"chain\.yaml: campain is not known \(did you mean campaign\?\)"),
        ("campaign: chain", "", r"chain\.yaml: should name the campaign and list its stages"),
        (
            "campaign: chain",
            "campaign: ../../../esc x",
            r"chain\.yaml: the name '\.\./\.\./\.\./esc x' should be made of",
        ),
        ("campaign: chain", "campaign: .", r"chain\.yaml: the name '\.' should be made of letters"),
        ("name: make", "name: a/b", r"stage a/b: the name 'a/b' should be made of letters, digits and"),
        (STAGE, "total", r"chain\.yaml: stage 3 is 'total', should be a map"),
        ("set: {limit", "sets: {limit", r"chain\.yaml, stage make: sets is not known \(did you mean set\?\)"),
        ("name: total, ", "", r"chain\.yaml, stage 3: name is missing"),
        ("notebook: beam/total, ", "", r"chain\.yaml, stage total: notebook is missing"),
        ("name: total", "name: make", r"chain\.yaml, stage make: there is a stage of this name before"),
        ("all: {inputs", "each: {}, all: {inputs", r"stage total: has each and all, should have one of them"),
        (
            "outputs_of: square",
            "outputs_of: squares",
            r"names squares, which is no stage before it \(did you mean sq",
        ),
        ("outputs_of: make", "outputs_of: total", r"outputs_of names total, which is no stage before it"),
        ("bundle: 4", "bundel: 4", r"stage square, inputs: bundel is not known \(did you mean bundle\?\)"),
        (
            "all: {inputs",
            "all: {more: {outputs_of: make}, inputs",
            r"stage total: takes the outputs of two stages",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_with_file_stage_and_suggestion(chain, old, new, told):
    assert old in chain.read_text()
    chain.write_text(chain.read_text().replace(old, new))
    with pytest.raises(SubmissionError, match=told):
        read_campaign(chain)


def test_options_and_notebooks_are_checked_like_those_of_a_submission(chain):
    text = chain.read_text()
    chain.write_text(text.replace("memory_mb: 300", "memory_mb: 3"))
    with pytest.raises(ParameterError, match=r"stage make.*memory_mb is 3"):
        read_campaign(chain)
    chain.write_text(text.replace("beam/total", "beam/totl"))
    with pytest.raises(
        SubmissionError, match=r"chain\.yaml, stage total: there is no .* \(did you mean beam/total\?\)"
    ):
        read_campaign(chain)


def test_the_record_is_found_again_in_the_directory_with_a_copy_of_the_file(chain):
    made = read_campaign(chain)
    assert campaign_in(made.directory) is None
    begin(made, chain, dag=True)
    made.records["make"] = Record("outputs/beam/make/a", "own", "")
    made.records["square"] = Record("outputs/beam/square/a", "other", made.records["make"].identity)
    made.save()
    chain.unlink()
    again = campaign_in(made.directory)
    assert (again.dag, again.records) == (True, made.records)
    assert [stage.name for stage in again.stages] == ["make", "square", "total"]


def test_a_stage_is_known_by_its_code_values_and_points_and_not_by_its_options(chain, tmp_path):
    text = chain.read_text()
    first = read_campaign(chain).stage("make").own_identity()
    chain.write_text(text.replace("memory_mb: 300", "memory_mb: 400"))
    assert read_campaign(chain).stage("make").own_identity() == first
    seen = {first}
    for old, new in (("limit: 9", "limit: 8"), ("[0, 2, 4]", "[0, 2]")):
        chain.write_text(text.replace(old, new))
        seen.add(read_campaign(chain).stage("make").own_identity())
    chain.write_text(text)
    notebook = tmp_path / "notebooks" / "beam" / "make.ipynb"
    content = json.loads(notebook.read_text())
    content["cells"][1]["source"] += "\n# more"
    notebook.write_text(json.dumps(content))
    seen.add(read_campaign(chain).stage("make").own_identity())
    assert len(seen) == 4


def test_what_comes_before_a_run_belongs_to_its_identity():
    assert Record("a", "own", "x").identity != Record("a", "own", "y").identity
    assert Record("a", "own", "x").identity == Record("b", "own", "x").identity


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ("[]", "all of it: input should be a valid dictionary"),
        ("{}", "dag: field required"),
        ('{"dag": false, "stages": {"make": 7}}', r"stages\.make: "),
        ('{"dag": false, "stages": {"make": {"run": "outputs/x", "own": "a"}}}', r"stages\.make\.before: "),
        ('{"dag": false, "stages"', r":1:24: .*should be JSON"),
    ],
)
@pytest.mark.parametrize("reading", [read_campaign, lambda _: campaign_in(Path("outputs/campaigns/chain"))])
def test_a_damaged_record_is_refused_with_file_and_key(chain, reading, record, told):
    made = read_campaign(chain)
    begin(made, chain, dag=False)
    (made.directory / "campaign.json").write_text(record)
    with pytest.raises((SubmissionError, FormatError), match=rf"outputs/campaigns/chain/campaign\.json:? ?{told}"):
        reading(chain)
