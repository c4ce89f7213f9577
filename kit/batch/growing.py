"""A campaign that grows: what is new is worked on alone, and what is made of all is made of old and new.

Each call with ``--again`` begins a turn. Every stage gets a run of its own for what is new in it; its runs of the
turns before stay as they are, and are listed in the campaign's record.
"""

from __future__ import annotations

from typing import Any

from kit import files
from kit.batch.campaign import Campaign, Stage
from kit.batch.collecting import collect
from kit.batch.faults import SubmissionError
from kit.batch.points import read_ids
from kit.batch.status import Status, status_of

__all__ = ["begin_turn", "earlier_runs", "found_nothing", "left_before", "put_back", "refuse_dag", "runs_before"]


def begin_turn(campaign: Campaign, unfinished: list[str]) -> None:
    """Let every stage have another run, and note those it has had.

    Raises
    ------
    SubmissionError
        If stages are unfinished, as told, or none has what is needed to leave out what it knows.
    """
    if not any(stage.again for stage in campaign.stages):
        message = (
            f"campaign {campaign.name}: no stage has again, such as again: {{since: list.json}}, which tells it"
            " what is known already"
        )
        raise SubmissionError(message)
    if unfinished:
        message = f"campaign {campaign.name}: --again adds to what is complete; {'; '.join(unfinished)}"
        raise SubmissionError(message)
    for record in campaign.records.values():
        record.earlier.append(record.run)
        record.run = ""
    campaign.save()


def earlier_runs(campaign: Campaign, stage: Stage) -> list[str]:
    """Return the runs that the next one of a stage is added to; none where it has changed, or its source.

    A run that was noted, and of which nothing was written before its submission was cut short, is none yet.
    """
    record = campaign.records.get(stage.name)
    if record is None or (record.own, record.before) != (stage.own_identity(), campaign.before(stage)):
        return []
    begun = bool(record.run) and (files.resolve(record.run) / "points.jsonl").is_file()
    return [] if begun else record.earlier


def left_before(campaign: Campaign, stage: Stage) -> dict[str, Any]:
    """Return the values that tell a stage what its runs of the turns before have found."""
    runs = [status_of(files.resolve(run)) for run in earlier_runs(campaign, stage)]
    return {
        parameter: [path for run in runs for path in _files_of(run, pattern)]
        for parameter, pattern in (stage.again.items() if runs else ())
    }


def _files_of(status: Status, pattern: str) -> list[str]:
    collect(status)
    ids = read_ids(status.run.points)
    folders = [status.run.directory / "outputs" / name for name in ids]
    return [str(path) for folder in folders for path in sorted(folder.glob(pattern))]


def runs_before(campaign: Campaign, stage: Stage) -> list[Status]:
    """Return the runs of the stage before that a stage works on: the latest alone where it is added to others.

    What is made of all needs all of them, and so does a stage that is made anew.
    """
    if stage.source is None:
        return []
    source = campaign.records[stage.source.stage]
    alone = earlier_runs(campaign, stage) and not stage.together
    runs = [source.run] if alone else [*source.earlier, source.run]
    return [status_of(files.resolve(run)) for run in runs]


def found_nothing(campaign: Campaign, stage: Stage) -> bool:
    """Tell whether a stage that looks for what is new has looked, and all of its points call it empty."""
    record = campaign.records.get(stage.name)
    if record is None or not (stage.again and record.run and record.earlier):
        return False
    status = status_of(files.resolve(record.run))
    summaries = [line.get("summary") or {} for line in status.results.lines() if line["state"] == "done"]
    return bool(summaries) and all(summary.get("empty") is True for summary in summaries)


def put_back(campaign: Campaign, stage: Stage) -> None:
    """Let a stage and those behind it be as they were before this turn: there is nothing new for them."""
    behind = {stage.name}
    for one in campaign.stages:
        if one.source and one.source.stage in behind:
            behind.add(one.name)
    for name in behind:
        record = campaign.records[name]
        record.run = record.earlier.pop()
    campaign.save()


def refuse_dag(campaign: Campaign, *, again: bool) -> None:
    """Raise a SubmissionError if a campaign grows, or has grown: jobs cannot know all runs before them."""
    if again or any(record.earlier for record in campaign.records.values()):
        message = f"campaign {campaign.name} grows by --again, which goes a stage at a time; leave --dag out"
        raise SubmissionError(message)
