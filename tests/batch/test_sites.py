"""Where jobs run: chosen by looking, with its ground; what a site cannot do is refused before it is written."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from kit.batch.faults import SubmissionError
from kit.batch.options import Profile
from kit.batch.sites import PROFILES, Site, choose, local, on_shared_file_system

AFS, EOS, HOME = Path("/afs/cern.ch/user/m/me/run"), Path("/eos/user/m/me/run"), Path("/home/me/run")
TWO_WAYS = r"lies on EOS, .*`module load lxbatch/eossubmit` .* or `module load lxbatch/spool` \(at most 100 jobs\)"


@pytest.mark.parametrize(
    ("directory", "environment", "name", "ground"),
    [
        (HOME, {}, "condor", r"condor_submit works \(23\.9\.6\)"),
        (AFS, {}, "cern-afs", "the run lies on AFS"),
        (EOS, {"LOADEDMODULES": "a/1:lxbatch/eossubmit"}, "cern-eos", "eossubmit schedds are selected"),
        (EOS, {"CERN_HTCONDOR": "true", "SWAN_HOME": "/eos"}, "cern-eos", "eossubmit schedds are selected"),
        (EOS, {"LOADEDMODULES": "lxbatch/spool"}, "cern-spool", "lxbatch/spool is loaded"),
    ],
)
def test_a_profile_is_found_by_looking_and_says_why(commands, monkeypatch, directory, environment, name, ground):
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    site = choose("auto", {}, directory)
    assert site.name == name
    assert re.search(ground, site.ground)


def test_without_htcondor_points_run_here_and_the_ground_says_so(no_commands):
    site = choose("auto", {}, HOME)
    assert site.local
    assert site.ground.startswith("there is no condor_submit here")
    with pytest.raises(
        SubmissionError, match="profile condor: there is no condor_submit here; profile local runs"
    ):
        choose("condor", {}, HOME)
    assert choose("local", {}, HOME).ground == "asked for"


def test_a_condor_that_does_not_answer_is_told_by_its_own_words(commands):
    commands.fails("condor_version", "ERROR: no configuration\n")
    assert "ERROR: no configuration" in choose("auto", {}, HOME).ground


def test_on_eos_with_the_usual_schedds_both_ways_out_are_named(commands):
    with pytest.raises(SubmissionError, match=TWO_WAYS):
        choose("auto", {}, EOS)
    assert commands.calls("condor_submit") == []


def test_swan_without_its_pool_says_where_in_the_form_it_is_chosen(no_commands, monkeypatch):
    monkeypatch.setenv("SWAN_HOME", "/eos/user/m/me")
    form = "in SWAN's start form choose `CERN HTCondor pool`, then run kinit"
    assert form in choose("auto", {}, HOME).ground
    with pytest.raises(SubmissionError, match=f"profile cern-eos: .*{form}"):
        choose("cern-eos", {}, HOME)


def test_every_profile_that_can_be_asked_for_is_a_file_of_known_keys(commands):
    names = {path.stem for path in PROFILES.glob("*.yaml")}
    assert names == set(Profile.__args__) - {"auto"}
    for name in names:
        site = choose(name, {}, HOME)
        assert site.words
        assert site.ground == "asked for"


def test_keys_of_a_profile_are_overridden_one_by_one_and_strangers_are_refused(commands):
    site = choose("cern-afs", {"kerberos": False, "disk_mb": 50}, HOME)
    plain = choose("cern-afs", {}, HOME)
    changed = {entry.name for entry in fields(Site) if getattr(site, entry.name) != getattr(plain, entry.name)}
    assert changed == {"kerberos", "disk_mb"}
    with pytest.raises(SubmissionError, match=r"site\.kerberoz is not known.*kerberos"):
        choose("cern-afs", {"kerberoz": False}, HOME)


def test_only_spooled_submissions_are_limited_by_their_site(commands):
    assert {
        name: choose(name, {}, HOME).max_jobs for name in ("condor", "cern-afs", "cern-eos", "cern-spool")
    } == {
        "condor": None,
        "cern-afs": None,
        "cern-eos": None,
        "cern-spool": 100,
    }


@pytest.mark.parametrize(
    ("name", "path", "rule"),
    [
        ("cern-eos", "/afs/cern.ch/a.root", "the eossubmit schedds know no AFS path; move it to EOS"),
        ("cern-afs", "/eos/user/a.root", "AFS schedds cannot send files from EOS; .* name it by root://"),
    ],
)
def test_inputs_and_runs_that_a_site_cannot_read_are_refused_with_the_rule(commands, name, path, rule):
    site = choose(name, {}, HOME)
    with pytest.raises(SubmissionError, match=rf"{path} \(and 1 more\): {name}: {rule}"):
        site.check_inputs([path, f"{path}2"])
    site.check_inputs([f"root://eos.cern.ch/{path}", "https://a.b/c"])
    with pytest.raises(SubmissionError, match=rf"{Path(path).parent}: {name}: {rule}"):
        choose(name, {}, Path(path).parent)


def test_an_input_that_cannot_be_read_is_refused_by_name(tmp_path):
    (tmp_path / "here").touch()
    local().check_inputs([str(tmp_path / "here")])
    with pytest.raises(SubmissionError, match=r"gone cannot be read by you"):
        local().check_inputs([str(tmp_path / "here"), str(tmp_path / "gone")])


def test_a_folder_is_seen_with_all_below_it_and_nothing_beside_it(commands):
    site = choose("cern-afs", {}, HOME)
    assert site.sees("/afs")
    assert site.sees("/cvmfs/a/b")
    assert not site.sees("/afsx/a")
    assert not site.sees("/home/me")
    assert site.sees("root://eos/a")
    assert local().sees("/anything")


def test_without_a_ticket_cern_is_refused_and_others_do_not_ask(commands):
    site = choose("cern-afs", {}, AFS)
    site.check_ticket()
    assert commands.calls("klist") == ["-s"]
    commands.fails("klist", "")
    with pytest.raises(SubmissionError, match="no Kerberos ticket: run `kinit` in a terminal, then repeat"):
        site.check_ticket()
    choose("condor", {}, HOME).check_ticket()
    assert len(commands.calls("klist")) == 2


def test_a_disk_of_this_computer_is_no_shared_file_system():
    assert not on_shared_file_system("/proc/self")
