"""What the commands do with a campaign: go on, resume, watch, stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from kit import files
from kit.batch import campaign as campaigns
from kit.batch import chained_dag, chaining, driving, growing, resuming, stopping
from kit.batch.campaign import Campaign
from kit.batch.driving import Progress
from kit.batch.options import Options
from kit.batch.rounds import batch_run
from kit.batch.status import Status

__all__ = ["changes", "follow", "go_on", "resume", "stop", "told"]

Say = Callable[[str], object]
LOOK = 2.0  # s


def go_on(
    campaign: Campaign, path: Path, changes: Options, *, stale: bool, again: bool = False, say: Say,
    show: Callable[[Status], object],
) -> None:  # fmt: skip
    """Do what can be done now for a campaign: on its first call begin it, `again` look for what is new.

    Raises
    ------
    SubmissionError
        If a DAG of it is at work, or it cannot go on by itself.
    ParameterError
        If any of its stages has a name or value that its notebook does not take.
    """
    _check_stages(campaign)
    as_dag = changes.dag or (campaign.dag and not again and changes.profile != "local")
    if as_dag:
        growing.refuse_dag(campaign, again=again)
    if as_dag or campaign.dag:  # DAGMan at work goes by the file as it was
        stopping.settle_dag(chained_dag.rounds_of(campaign), wait=False, stop_first=False, say=say)
    if again:
        standing = driving.look(campaign)
        growing.begin_turn(campaign, [f"{one.name} is {one.state}" for one in standing if one.state != "complete"])
    campaigns.begin(campaign, path, dag=as_dag)
    _set_gates(campaign, changes, say)
    if as_dag:
        chained_dag.start_dag(campaign, changes, say, stale=stale)
        return
    driving.advance(campaign, changes, stale=stale, say=say, show=show)


def resume(
    campaign: Campaign, changes: Options, *, wait: bool, stop_first: bool, say: Say,
    show: Callable[[Status], object],
) -> None:  # fmt: skip
    """Send what is missing of the stage that has stopped, and go on behind it.

    A share of good points that `changes` name counts for the gate at which it has stopped, and for no other.
    """
    _check_stages(campaign)
    if (path := files.resolve(campaign.file)).is_file():
        campaigns.begin(campaign, path, dag=campaign.dag)
    _set_gates(campaign, changes, say)
    changes = Options.build({name: getattr(changes, name) for name in changes.model_fields_set - {"accept"}})
    if campaign.dag:
        chained_dag.resume_dag(campaign, changes, wait=wait, stop_first=stop_first, say=say)
        return
    for one in driving.look(campaign):
        if one.state in ("stopped", "running"):
            say(f"{one.name}:")
            resuming.resume(one.run, changes, wait=wait, stop_first=stop_first, say=say, show=show)
    driving.advance(campaign, changes, stale=False, resend=False, say=say, show=show)


def _check_stages(campaign: Campaign) -> None:
    for stage in campaign.stages:
        record = campaign.records.get(stage.name)
        if record is None or record.own != stage.own_identity():  # what has run needs its files no more
            chaining.check_stage(stage)


def _set_gates(campaign: Campaign, changes: Options, say: Say) -> None:
    """Let stages that have stopped at their gates be complete from another share of good points on."""
    if "accept" not in changes.model_fields_set:
        return
    for one in driving.look(campaign):
        if one.state == "stopped" and not one.held:
            batch = batch_run(one.run)
            driving.set_gate(campaign, campaign.stage(one.name), batch, changes.accept)
            say(f"{one.name}: its gate opens from {changes.accept:.4g} of its points on")


def follow(campaign: Campaign, show: Callable[[list[Progress]], object]) -> list[Progress]:
    """Look at a campaign until none of its jobs is left, nor DAGMan, or all that is left is held."""
    while True:
        standing = driving.look(campaign)
        show(standing)
        held = any(one.held for one in standing)
        if not any(one.state == "running" for one in standing) and (held or not _dag_is_alive(campaign)):
            return standing
        time.sleep(LOOK)


def _dag_is_alive(campaign: Campaign) -> bool:
    return campaign.dag and stopping.dag_is_alive(chained_dag.rounds_of(campaign))


def stop(campaign: Campaign, say: Say) -> None:
    """Remove all jobs of a campaign."""
    if campaign.dag:
        stopping.settle_dag(chained_dag.rounds_of(campaign), wait=False, stop_first=True, say=say)
    for one in driving.look(campaign):
        if one.run and (files.resolve(one.run) / "points.jsonl").is_file():
            stopping.stop(one.run, say=lambda text, name=one.name: say(f"{name}: {text}"))  # type: ignore[misc]


def changes(say: Say) -> Callable[[list[Progress]], None]:
    """Return what says how a stage stands whenever its state has become another."""
    before: dict[str, str] = {}

    def show(standing: list[Progress]) -> None:
        for one, text in zip(standing, told(standing), strict=True):
            if before.get(one.name) != one.state:
                say(text)
            before[one.name] = one.state

    return show


def told(standing: list[Progress]) -> list[str]:
    """Return how the stages stand, a line each."""
    width = max(len(one.name) for one in standing)
    return [
        f"{one.name.ljust(width)}  {one.state.ljust(8)}  {one.words}" + (f"  {one.run}" if one.run else "")
        for one in standing
    ]
