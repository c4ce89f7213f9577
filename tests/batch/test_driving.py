"""A campaign goes a step at a time: a stage is sent when the one before is complete, and none that is complete."""

import json

import pytest

from kit import files
from kit.batch.campaign import begin, campaign_in, read_campaign
from kit.batch.condor import CondorError
from kit.batch.driving import advance, look, with_changes
from kit.batch.options import Options
from kit.batch.rounds import batch_run

POOL = Options(profile="condor", per_job=1)


def quiet(*_):
    return None


def states(standing):
    return [one.state for one in standing]


def go_on(made, *, stale=False, changes=POOL, say=quiet):
    return advance(made, changes, stale=stale, say=say, show=quiet)


def points_of(made, name):
    text = batch_run(made.records[name].run).points.read_text()
    return [json.loads(line)["parameters"] for line in text.splitlines()]


@pytest.fixture
def begun(chain, commands):
    """Begin the campaign on a pool that takes everything, and return it."""
    made = read_campaign(chain)
    begin(made, chain, dag=False)
    go_on(made)
    return made


@pytest.fixture
def ends(begun, take_up):
    """Return a function that lets the jobs of a stage end with points in these states."""

    def end(name, *ends_as):
        run = take_up(begun.records[name].run)
        for process, state in enumerate(ends_as):
            run.begin(process)
            run.bring({process: state})
            run.tell("end", process)

    return end


def test_before_anything_is_done_no_stage_has_begun(chain):
    standing = look(read_campaign(chain))
    assert states(standing) == ["waiting"] * 3
    assert [one.words for one in standing] == ["not begun", "waits for make", "waits for square"]


def test_only_the_first_stage_is_sent_while_the_others_wait_for_it(begun, commands):
    assert states(look(begun)) == ["running", "waiting", "waiting"]
    assert "3 waiting" in look(begun)[0].words
    assert commands.calls("condor_submit") == ["-terse job.sub"]
    go_on(begun)
    assert len(commands.calls("condor_submit")) == 1
    assert campaign_in(begun.directory).records == begun.records


def test_the_next_stage_is_sent_when_the_one_before_reaches_its_share_and_gets_what_is_done(begun, ends):
    ends("make", "done", "failed", "done")  # two of three are more than the 0.6 asked for
    assert states(look(begun)) == ["complete", "waiting", "waiting"]
    said = []
    begun.stages[1].source.__dict__["pattern"] = "x.txt"  # what stands for the files of a point here
    assert states(go_on(begun, say=said.append)) == ["complete", "running", "waiting"]
    assert said[0] == "square: beam/square"
    (point,) = points_of(begun, "square")
    run = batch_run(begun.records["make"].run)
    ids = [json.loads(line)["id"] for line in run.points.read_text().splitlines()]
    assert point["inputs"] == [str(run.directory / "outputs" / ids[index] / "x.txt") for index in (0, 2)]


def test_below_its_share_a_stage_has_stopped_and_says_so(begun, ends):
    ends("make", "done", "failed", "failed")
    standing = go_on(begun)
    assert states(standing) == ["stopped", "waiting", "waiting"]
    assert "1/3 done, 2 failed: below accept, 0.6" in standing[0].words
    assert f"`kit resume {standing[0].run} --retry-failed`, then this campaign again" in standing[0].words


def test_jobs_that_only_a_person_can_free_have_stopped_it_too(begun, take_up):
    run = take_up(begun.records["make"].run)
    for process in range(3):
        run.begin(process)
        run.tell("hold", process, "checked (by user alice)\n\tCode 1 Subcode 0")
    standing = look(begun)
    assert standing[0].state == "stopped"
    assert "3 jobs: held by alice" in standing[0].words


def test_a_stage_that_changed_is_made_anew_and_what_was_made_of_it_only_when_asked(begun, ends, chain):
    ends("make", "done", "done", "done")
    begun.stages[1].source.__dict__["pattern"] = "x.txt"
    go_on(begun)
    ends("square", "done")
    chain.write_text(chain.read_text().replace("limit: 9", "limit: 10").replace("number_*.txt", "x.txt"))
    first = begun.records["make"].run
    made = read_campaign(chain)
    standing = look(made)
    assert states(standing) == ["changed", "stale", "waiting"]
    assert standing[0].words == "its notebook, values or points have changed since"
    assert standing[1].words == "made before make changed; --stale makes it anew"
    assert states(go_on(made)) == ["running", "stale", "waiting"]
    assert made.records["make"].run != first
    assert files.resolve(first).is_dir()  # what was there stays
    begun.records["make"] = made.records["make"]
    ends("make", "done", "done", "done")
    assert states(go_on(made)) == ["complete", "stale", "waiting"]
    assert states(go_on(made, stale=True)) == ["complete", "running", "waiting"]


def test_a_run_is_noted_before_it_is_sent_so_that_a_submission_cut_short_is_found_again(chain, commands):
    commands.fails("condor_submit", "ERROR: the schedd is full")
    commands.says("condor_q", "")
    made = read_campaign(chain)
    begin(made, chain, dag=False)
    with pytest.raises(CondorError, match="the schedd is full"):
        go_on(made)
    again = campaign_in(made.directory)
    assert again.records == made.records
    assert states(look(again)) == ["stopped", "waiting", "waiting"]
    assert len(batch_run(made.records["make"].run).rounds) == 1


def test_options_of_the_command_line_win_over_those_of_the_stage():
    stage = Options(memory_mb=500, retries=1)
    made = with_changes(stage, Options(retries=5, profile="condor"))
    assert (made.memory_mb, made.retries, made.profile) == (500, 5, "condor")
