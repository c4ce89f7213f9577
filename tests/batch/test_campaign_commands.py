"""A campaign as a person commands it: begun, gone on with, stopped, resumed, never doing anything twice."""

import csv
from dataclasses import replace

import pytest

from kit import manifest
from kit.batch import campaign_commands, stopping
from kit.batch.campaign import Record, begin, campaign_in, read_campaign
from kit.batch.campaign_commands import follow, go_on, resume, stop, told
from kit.batch.driving import Progress, look
from kit.batch.faults import SubmissionError
from kit.batch.options import Options
from kit.batch.rounds import batch_run
from kit.parameters import ParameterError

POOL = Options(profile="condor", per_job=1)


def quiet(*_):
    return None


def states(standing):
    return [one.state for one in standing]


def rounds_in(folder):
    return sorted(path for path in folder.glob("outputs/*/*/*/rounds/*") if path.is_dir())


@pytest.fixture
def on_a_pool(chain, commands):
    """Begin the campaign on a pool that takes everything and runs nothing."""
    commands.says("condor_q", "")
    made = read_campaign(chain)
    go_on(made, chain, POOL, stale=False, say=quiet, show=quiet)
    return made


def test_on_this_computer_one_call_brings_it_to_its_end_and_the_next_does_nothing(chain, tmp_path):
    here, said = Options(profile="local"), []
    made = read_campaign(chain)
    go_on(made, chain, here, stale=False, say=said.append, show=quiet)
    assert states(look(made)) == ["complete"] * 3
    table = batch_run(made.records["total"].run).merged / "points.csv"
    (row,) = csv.DictReader(table.read_text().splitlines())
    assert int(row["total"]) == sum(n * n for n in range(6))
    (squares,) = [line for line in said if line.startswith("square")]
    assert squares == "square: beam/square"
    before = rounds_in(tmp_path)
    again = read_campaign(chain)
    go_on(again, chain, here, stale=False, say=said.append, show=quiet)
    assert rounds_in(tmp_path) == before
    assert follow(again, quiet) == look(again)


@pytest.mark.parametrize("options", [{"profile": "local"}, {"profile": "condor", "dag": True}])
@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("{inputs: {outputs_of: square}}", "{inptus: {outputs_of: square}}", r"inptus is not known \(did"),
        ("total, all", "total, set: {scale: 2}, all", r"scale is not known"),
        ("limit: 9", "limit: many", r"^stage make: [\s\S]*limit is 'many', should be"),
    ],
)  # fmt: skip
def test_a_name_or_value_that_any_stage_does_not_take_is_refused_before_the_first_runs(
    chain, tmp_path, old, new, told, options
):
    assert old in chain.read_text()
    chain.write_text(chain.read_text().replace(old, new))
    with pytest.raises(ParameterError, match=told):
        go_on(read_campaign(chain), chain, Options(**options), stale=False, say=quiet, show=quiet)
    assert not (tmp_path / "outputs").exists()


def test_what_was_sent_as_a_dag_can_be_done_on_this_computer_after_its_file_has_changed(chain, tmp_path):
    begin(made := read_campaign(chain), chain, dag=True)
    made.records["make"] = Record("outputs/beam/make/old", "another", "")
    made.save()
    (tmp_path / "outputs" / "beam" / "make" / "old" / "rounds").mkdir(parents=True)
    chain.write_text(chain.read_text().replace("limit: 9", "limit: 8"))
    made = read_campaign(chain)
    go_on(made, chain, Options(profile="local"), stale=False, say=quiet, show=quiet)
    assert states(look(made)) == ["complete"] * 3
    assert "limit: 8" in (made.directory / "campaign.yaml").read_text()
    assert not campaign_in(made.directory).dag


def test_a_stage_below_its_share_stops_it_and_resume_sends_what_failed_and_goes_on(chain, tmp_path):
    here = Options(profile="local")
    chain.write_text(chain.read_text().replace("limit: 9", "limit: 0"))
    made = read_campaign(chain)
    go_on(made, chain, here, stale=False, say=quiet, show=quiet)
    assert states(look(made)) == ["stopped", "waiting", "waiting"]
    said = []
    resume(made, here, wait=False, stop_first=False, say=said.append, show=quiet)
    assert said[0] == "make:"
    assert "nothing is missing: 1 of 3 points are done, 2 failed" in said[1]
    assert states(look(made)) == ["stopped", "waiting", "waiting"]
    resume(made, Options(retry_failed=True), wait=False, stop_first=False, say=said.append, show=quiet)
    assert "2 points are sent again" in said
    assert [path.name for path in rounds_in(tmp_path)] == ["001", "002"]


@pytest.fixture
def at_its_gate(chain):
    """Bring the campaign to the gate of its first stage: two of three points done, and all of them asked for."""
    chain.write_text(chain.read_text().replace("limit: 9", "limit: 3").replace("accept: 0.6", "accept: 1.0"))
    made = read_campaign(chain)
    go_on(made, chain, Options(profile="local"), stale=False, say=quiet, show=quiet)
    assert states(look(made)) == ["stopped", "waiting", "waiting"]
    return made


def test_a_gate_that_a_resume_opens_is_named_and_stays_open_until_the_file_says_another(at_its_gate, chain):
    said = []
    wider = Options(profile="local", accept=0.6)
    resume(at_its_gate, wider, wait=False, stop_first=False, say=said.append, show=quiet)
    assert said[0] == "make: its gate opens from 0.6 of its points on"
    for made in (at_its_gate, read_campaign(chain), campaign_in(at_its_gate.directory)):
        assert states(look(made)) == ["complete"] * 3
    run = batch_run(at_its_gate.records["make"].run)
    assert manifest.load(run.directory).state == "complete"
    assert batch_run(at_its_gate.records["total"].run).options["accept"] == 1.0  # of no other gate
    chain.write_text(chain.read_text().replace("accept: 1.0", "accept: 0.8"))
    assert states(look(campaign_in(at_its_gate.directory))) == ["stopped", "complete", "complete"]
    assert manifest.load(run.directory).state == "failed"


def test_a_gate_is_as_its_file_says_now_for_every_command(on_a_pool, take_up, chain, kit):
    run = take_up(on_a_pool.records["make"].run)
    for process, state in enumerate(("done", "failed", "done")):
        run.begin(process)
        run.bring({process: state})
        run.tell("end", process)
    text, directory = chain.read_text(), "outputs/campaigns/chain"
    for share, status, word in (("0.9", 1, "stopped"), ("0.5", 0, "complete")):
        chain.write_text(text.replace("accept: 0.6", f"accept: {share}"))
        for command in ("watch", "status"):
            answer = kit(command, directory)
            assert (answer.status, answer.out.splitlines()[0].split()[:2]) == (status, ["make", word])
        assert manifest.load(run.batch.directory).state == ("failed" if status else "complete")
    chain.unlink()  # the copy knows, too
    assert kit("status", directory).out.startswith("make    complete")


def test_a_command_that_takes_no_campaign_names_those_that_do_and_the_runs_of_its_stages(on_a_pool, kit):
    for words in (["why"], ["why", "0"], ["try", "0"], ["collect"], ["hold"], ["release"]):
        answer = kit(words[0], "outputs/campaigns/chain", *words[1:])
        assert answer.status == 2
        assert "is a campaign, which status, watch, resume, stop and report take as a whole" in answer.err
        assert f"(make: {on_a_pool.records['make'].run})" in answer.err


def test_what_is_at_work_is_followed_to_its_end(on_a_pool, take_up, monkeypatch):
    monkeypatch.setattr(campaign_commands, "LOOK", 0.01)
    run = take_up(on_a_pool.records["make"].run)
    run.begin(0, 1, 2)
    seen = []

    def show(standing):
        process = len(seen)
        seen.append(standing[0].state)
        if process < 3:
            run.bring({process: "failed"})
            run.tell("end", process)

    assert states(follow(on_a_pool, show)) == ["stopped", "waiting", "waiting"]
    assert seen == ["running"] * 3 + ["stopped"]


def test_stop_removes_the_jobs_of_every_stage_and_names_them(on_a_pool, take_up, removing, monkeypatch):
    monkeypatch.setattr(stopping, "LOOK", 0.01)
    run = take_up(on_a_pool.records["make"].run)
    run.begin(0, 1, 2)
    removed, said = removing(run, 0, 1, 2), []
    stop(on_a_pool, said.append)
    assert len(removed()) == 1
    assert said == ["make: cluster 17 is removed"]
    assert states(look(on_a_pool)) == ["stopped", "waiting", "waiting"]


def test_jobs_at_work_are_not_resumed_unless_stopped_first(on_a_pool, take_up, removing):
    run = take_up(on_a_pool.records["make"].run)
    run.begin(0, 1, 2)
    with pytest.raises(SubmissionError, match="of cluster 17 3 jobs run"):
        resume(on_a_pool, Options(), wait=False, stop_first=False, say=quiet, show=quiet)
    removing(run, 0, 1, 2)
    resume(on_a_pool, Options(), wait=False, stop_first=True, say=quiet, show=quiet)
    assert [round_.number for round_ in run.batch.rounds] == ["001", "002"]


def test_the_commands_take_its_directory_in_place_of_a_run_and_end_by_how_it_stands(chain, kit, tmp_path):
    chain.write_text(chain.read_text().replace("limit: 9", "limit: 0"))
    answer = kit("campaign", "parameters/campaigns/chain.yaml", "--profile", "local")
    assert answer.status == 1
    assert answer.out.splitlines()[-4].startswith("make    stopped ")
    assert answer.out.splitlines()[-1] == "outputs/campaigns/chain"
    assert campaign_in(tmp_path / "outputs/campaigns/chain").records
    for name in ("status", "watch", "stop"):
        again = kit(name, "outputs/campaigns/chain")
        assert (again.status, again.out.splitlines()[-4:]) == (1, answer.out.splitlines()[-4:])
    looked = kit("campaign", "parameters/campaigns/chain.yaml", "--status", "--json")
    assert '"state": "stopped"' in looked.out


def test_how_the_stages_stand_is_told_in_columns():
    standing = [
        Progress("a", "complete", "3/3 done", "outputs/a"), Progress("longer", "waiting", "waits for a", ""),
    ]  # fmt: skip
    assert told(standing) == ["a       complete  3/3 done  outputs/a", "longer  waiting   waits for a"]


def test_who_watches_is_told_of_each_stage_whenever_its_state_becomes_another():
    said = []
    show = campaign_commands.changes(said.append)
    first, second = Progress("one", "running", "1/4 done", ""), Progress("second", "waiting", "waits for one", "")
    show([first, second])
    show([replace(first, words="2/4 done"), second])
    show([replace(first, state="complete", words="4/4 done"), second])
    assert [line.split()[:2] for line in said] == [["one", "running"], ["second", "waiting"], ["one", "complete"]]
