"""Plans in files: back as they were written, and what somebody has changed is refused by the key's name."""

import json
from dataclasses import replace

import pytest

from kit.files import FormatError, resolve
from kit.mu2e.checksums import checksum, identity
from kit.mu2e.ledger import Ledger
from kit.mu2e.plan_files import identity_of, plan_from, plan_record, plan_text, read_plan
from kit.run import RunError
from tests.mu2e.ensembles import count, draw, plan_of


@pytest.fixture
def yields(make_catalogue):
    path = make_catalogue(CeMLL=([300, 300], 3000), DIO=([400, 500], 3000), CRYCosmic=([300, 300], 8000.0))
    return count(path, livetime_on_spill=3600.0)


@pytest.fixture
def planned(yields):
    return draw(yields, step="plan", chunk=1000, subruns=2)


def _edited(run, change, *, agree=False):
    """Write an edited plan, and checksums that agree with it if asked to, and return its path."""
    content = plan_of(run)
    change(content)
    if agree:
        content["checksums"] = {name: checksum(content[name]) for name in content["checksums"]}
    path = run.directory.parent / "edited.json"
    path.write_text(json.dumps(content))
    return str(path)


def _shift(content):
    part, start, stop = content["takes"][-1][1][-1]
    content["takes"][-1][1][-1] = [part, start + 3, stop + 3]


def test_a_plan_reads_back_the_same_and_is_small(planned, tmp_path):
    plan = read_plan(planned.directory / "plan.json")
    text = plan_text(plan)
    assert len(text) < 10_000
    (tmp_path / "plan.json").write_text(text)
    assert read_plan(tmp_path / "plan.json") == plan
    assert plan_from(plan_record(plan), "") == plan
    assert identity_of(plan) == identity(plan_record(plan)) == planned.summary["plan"]
    assert identity_of(plan) != identity_of(replace(plan, seed=plan.seed + 1))


def test_a_range_that_was_moved_is_neither_built_nor_closed(planned):
    edited = _edited(planned, _shift)
    said = r"edited\.json: takes: not what was planned, by its checksum: an edited plan may use events of another"
    with pytest.raises(FormatError, match=said):
        draw("", step="build", plan=edited, output="b")
    draw("", step="build", plan=str(planned.directory / "plan.json"), output="built")
    with pytest.raises(FormatError, match=said):
        draw("", step="close", plan=edited, inputs_built=["built"], output="c")
    assert not list(resolve("b").glob("*.root"))
    assert Ledger(resolve("outputs/mu2e/ledger.sqlite")).ensembles() == {"demo": "reserved"}


def test_what_agrees_with_its_checksums_is_still_not_what_the_ledger_has_reserved(planned):
    edited = _edited(planned, _shift, agree=True)
    draw("", step="build", plan=edited, output="built")
    with pytest.raises(
        RunError, match=r"demo has reserved the events of plan \w{16}, but was built from plan \w{16}"
    ):
        draw("", step="close", inputs_built=["built"], output="c")
    with pytest.raises(RunError, match=r"was built from another plan, \w{16}, not \w{16}"):
        draw("", step="close", plan=str(planned.directory / "plan.json"), inputs_built=["built"], output="d")
    assert not list(resolve("c").glob("validation.csv"))
    assert Ledger(resolve("outputs/mu2e/ledger.sqlite")).ensembles() == {"demo": "reserved"}


def test_every_key_is_held_to_its_checksum(planned):
    content = plan_of(planned)
    others = {"format": "of format 2", "checksums": "there are no checksums"}
    for key, value in content.items():
        edited = value + 1 if isinstance(value, int) else [*value, 0] if isinstance(value, list) else {}
        with pytest.raises(FormatError, match=others.get(key, f"^where: {key}: not what was planned")):
            plan_from(content | {key: edited}, "where")


def test_what_does_not_fit_together_is_refused_before_it_is_built(planned):
    def change(content):
        content["counts"][1][2] += 1

    said = r"edited\.json: cannot be built:\n  counts: subrun 1 has \d+ of DIO, but its takes hold \d+"
    with pytest.raises(FormatError, match=said):
        draw("", step="build", plan=_edited(planned, change, agree=True), output="b")


@pytest.mark.parametrize("content", [[], {}, {"format": 1}, {"format": 2}, {"format": 9}])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "x.json").write_text(json.dumps(content))
    with pytest.raises(FormatError, match=r"should be the plan\.json that mu2e/mixture writes"):
        read_plan(tmp_path / "x.json")


def test_files_of_a_plan_that_was_given_up_do_not_count_for_the_next(yields):
    run = draw(yields, output="m")
    (first, *_) = sorted(run.directory.glob("nts.*.root"))
    manifest = json.loads((run.directory / "manifest.json").read_text())
    (run.directory / "manifest.json").write_text(json.dumps(manifest | {"state": "failed"}))
    kept = first.rename(first.with_suffix(".kept"))
    for path in run.directory.glob("nts.*.root"):
        path.unlink()
    ledger = Ledger(resolve("outputs/mu2e/ledger.sqlite"))
    ledger.release("demo")
    kept.rename(first)
    draw(yields, ensemble="other", seed=2)  # has some of these events now
    with pytest.raises(
        RunError, match="holds files of another plan of ensemble demo, whose events were given back"
    ):
        draw(yields, output="m")
    assert ledger.ensembles() == {"demo": "released", "other": "used"}
