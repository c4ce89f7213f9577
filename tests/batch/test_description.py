"""job.sub as text: what every pool is told, and what differs from site to site."""

from pathlib import Path

import pytest

from kit.batch.chunks import cut
from kit.batch.description import Job, check_extra, check_folder, describe, describe_gate
from kit.batch.faults import SubmissionError
from kit.batch.options import Options
from kit.batch.sites import PROFILES, Site
from kit.parameters import read_yaml

JOB = Job("001", "masses-a1b2c3", 3000.0, "events.20261120T083000Z.log")
POOLS = ("condor", "cern-afs", "cern-eos", "cern-spool")


def site(name):
    return Site(name, "asked for", **read_yaml(PROFILES / f"{name}.yaml"))


def text_of(name="condor", job=JOB, jobs=20, **options):
    return describe(job, Options(**options), site(name), cut(range(jobs), jobs, 2000))


def told(text):
    """Return the commands of a description by name, and its last line."""
    *lines, last = text.splitlines()
    pairs = [line.partition(" = ") for line in lines]
    assert all(sign for _, sign, _ in pairs), text
    names = [name.strip() for name, _, _ in pairs]
    assert len(names) == len(set(names)), "nothing is said twice"
    return {name.strip(): value for name, _, value in pairs}, last


@pytest.mark.parametrize("name", POOLS)
def test_every_site_gets_what_a_job_needs_and_relies_on_no_shared_file_system(name):
    said, last = told(text_of(name))
    assert last == "queue chunk, dir, mem from chunks.txt"
    assert said["executable"] == "run.sh"
    assert said["transfer_input_files"] == "worker, worker.json, ../../notebook.ipynb, points/$(chunk).jsonl"
    assert said["transfer_output_files"] == "r001_$(chunk).jsonl, r001_$(chunk).tar"
    assert said["transfer_output_remaps"] == (
        '"r001_$(chunk).jsonl=../../results/r001_$(chunk).jsonl;r001_$(chunk).tar=../../results/r001_$(chunk).tar"'
    )
    assert (said["should_transfer_files"], said["when_to_transfer_output"]) == ("YES", "ON_EXIT")
    assert (said["output"], said["error"]) == ("logs/$(dir)/$(chunk).out", "logs/$(dir)/$(chunk).err")
    assert said["log"] == "events.20261120T083000Z.log"
    assert said["submit_event_notes"] == "chunk $(chunk)"
    assert said["batch_name"] == "masses-a1b2c3"
    assert said["notification"] == "Never"
    assert (said["request_cpus"], said["max_retries"]) == ("1", "2")
    assert said["environment"] == '"HOME=./ PYTHONDONTWRITEBYTECODE=1"'
    assert said["+JobFlavour"] == '"longlunch"'


@pytest.mark.parametrize(
    ("name", "disk", "progress", "own"),
    [
        ("condor", "2000MB", "True", {}),
        ("cern-afs", "20000MB", "False", {"MY.SendCredential": "True", "MY.XRDCP_CREATE_DIR": "True"}),
        ("cern-eos", "20000MB", "False", {"MY.SendCredential": "True"}),
        ("cern-spool", "20000MB", "False", {"MY.SendCredential": "True"}),
    ],
)
def test_sites_differ_in_disk_progress_and_credentials_only(name, disk, progress, own):
    said, _ = told(text_of(name))
    assert (said["request_disk"], said["+WantIOProxy"]) == (disk, progress)
    assert {key: value for key, value in said.items() if key.startswith("MY.")} == own
    differing = {"request_disk", "+WantIOProxy", *own}
    common, _ = told(text_of("condor"))
    assert {key: value for key, value in said.items() if key not in differing} == {
        key: value for key, value in common.items() if key not in differing
    }


def test_what_a_person_asks_for_wins_over_the_site():
    said, _ = told(text_of("cern-afs", disk_mb=50, live_progress=True))
    assert (said["request_disk"], said["+WantIOProxy"]) == ("50MB", "True")


def test_the_memory_ladder_is_that_of_the_specification():
    said, _ = told(text_of())
    assert said["request_memory"] == (
        "ifThenElse(isUndefined(NumHolds), $(mem), min({max({$(mem) * pow(2, NumHolds), "
        "ifThenElse(isUndefined(MemoryUsage), 0, MemoryUsage * 3 / 2)}), 16000}))"
    )
    assert said["periodic_release"] == (
        "(HoldReasonCode =?= 34 || (HoldReasonCode =?= 21 && HoldReasonSubCode =?= 102)) && NumHolds < 4"
    )
    assert ", 3000}))" in text_of(memory_max_mb=3000)


@pytest.mark.parametrize(
    ("name", "jobs", "node", "limited"),
    [
        ("condor", 1000, False, False),
        ("condor", 1001, False, True),
        ("cern-afs", 1001, False, True),
        ("cern-spool", 1001, False, False),
        ("condor", 1001, True, False),
    ],
)
def test_jobs_are_made_late_only_above_a_thousand_never_spooled_never_in_a_dag(name, jobs, node, limited):
    job = Job("001", "a", 60.0, "a.log", node=node)
    assert ("max_materialize" in text_of(name, job, jobs)) is limited


def test_a_time_is_given_as_flavour_or_as_seconds_never_both():
    assert told(text_of(flavour="workday"))[0]["+JobFlavour"] == '"workday"'
    said, _ = told(text_of(max_runtime=4000))
    assert said["+MaxRuntime"] == "4000"
    assert "+JobFlavour" not in said


def test_eviction_keeps_results_only_where_asked_for():
    assert told(text_of(keep_on_evict=True))[0]["when_to_transfer_output"] == "ON_EXIT_OR_EVICT"


def test_files_of_points_go_to_an_address_and_their_lines_come_home():
    remaps = told(text_of("cern-afs", output_url="root://eos//eos/user/m/me/"))[0]["transfer_output_remaps"]
    assert remaps == (
        '"r001_$(chunk).jsonl=../../results/r001_$(chunk).jsonl;'
        'r001_$(chunk).tar=root://eos//eos/user/m/me/r001_$(chunk).tar"'
    )


def test_a_node_of_a_dag_leaves_log_note_and_queue_to_dagman():
    said, last = told(text_of(job=Job("001", "a", 60.0, "round.dag.nodes.log", node=True)))
    assert last == "queue"
    assert not {"log", "submit_event_notes", "batch_name"} & set(said)


def test_inputs_of_a_point_travel_in_a_column_of_their_own_and_those_that_jobs_see_do_not():
    job = Job("001", "a", 60.0, "a.log", transfers=True)
    said, last = told(text_of("cern-afs", job, inputs=["/tmp/table.csv", "/afs/x/table.csv", "/cvmfs/y"]))
    assert last == "queue chunk, dir, mem, files from chunks.txt"
    assert said["transfer_input_files"].endswith("points/$(chunk).jsonl, /tmp/table.csv, $(files)")


def test_an_archive_travels_and_an_image_is_named():
    said, _ = told(text_of(environment={"archive": "/home/me/env.tar", "image": "/cvmfs/a.sif"}))
    assert said["transfer_input_files"].endswith(", /home/me/env.tar")
    assert said["MY.SingularityImage"] == '"/cvmfs/a.sif"'


def test_further_lines_stand_as_they_are_before_the_queue():
    lines = text_of("cern-afs", extra=['+AccountingGroup = "group_u_ATLAS.u_zp"']).splitlines()
    assert lines[-2:] == ['+AccountingGroup = "group_u_ATLAS.u_zp"', "queue chunk, dir, mem from chunks.txt"]


def test_the_gate_receives_lines_not_files_and_may_send_the_one_mail():
    results = ["../../results/r001_000000.jsonl", "../../results/r001_000010.jsonl"]
    options = Options(dag=True, notify="mail", accept=0.98)
    said, last = told(describe_gate(JOB, options, site("condor"), results))
    assert last == "queue"
    assert said["arguments"] == "gate --accept 0.98"
    assert said["transfer_input_files"] == f"worker, ../../points.jsonl, {', '.join(results)}"
    assert said["transfer_output_remaps"] == (
        '"points.csv=../../merged/points.csv;report.json=../../merged/report.json"'
    )
    assert said["notification"] == "Complete"
    assert told(describe_gate(JOB, Options(), site("condor"), results))[0]["notification"] == "Never"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("log = my.log", "log"),
        ("LOG=my.log", "log"),
        ("queue 5", "queue"),
        ("queue\t5", "queue"),
        ("transfer_output_remaps = a=b", "transfer_output_remaps"),
        ("  Transfer_Input_Files=x", "transfer_input_files"),
        ("initialdir = /tmp", "initialdir"),
        ("rank = 1\nqueue 5", "queue"),
    ],
)
def test_a_line_that_changes_what_the_kit_relies_on_is_refused_and_named(line, name):
    with pytest.raises(SubmissionError, match=rf"changes {name}, which the kit relies on; leave it out"):
        check_extra(["rank = Memory", line])


def test_other_lines_pass_also_empty_ones():
    check_extra(['+AccountingGroup = "a"', "requirements = TARGET.Memory > 1", "", "logical = 1"])


HOSTILE = ["a\nqueue 9", "a\rqueue 9", 'a" evil', "$(chunk)", "$ENV(HOME)", "$$([1])", "a, ../../evil", "a\\"]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "make",
    [
        lambda text: {"inputs": [f"/d/{text}"]},
        lambda text: {"output_url": f"root://host//{text}"},
        lambda text: {"environment": {"image": f"/d/{text}"}},
        lambda text: {"environment": {"archive": f"/d/{text}"}},
    ],
    ids=["inputs", "output_url", "image", "archive"],
)
def test_no_name_can_become_a_command(make, text):
    with pytest.raises(SubmissionError, match="HTCondor's lists cannot hold a name with"):
        text_of(**make(text))


@pytest.mark.parametrize("text", HOSTILE)
def test_the_name_in_the_queue_says_no_more_than_a_name(text):
    job = Job("001", text, 3000.0, "events.log")
    assert text_of(job=job).count("\nqueue") == 1
    assert "$" not in told(text_of(job=job))[0]["batch_name"]


def test_an_address_cannot_send_results_to_other_places():
    with pytest.raises(SubmissionError, match="should be an address without"):
        text_of(output_url="root://host//a;r001_0.jsonl=/evil")


@pytest.mark.parametrize("name", ["a$$(b)", "a\nqueue 9", "a\x7f"])
def test_a_folder_whose_path_would_become_another_is_refused(name):
    with pytest.raises(SubmissionError, match="HTCondor cannot work in a folder with"):
        check_folder(Path("/d") / name / "run")
