"""What the commands of batch say at their end, and the exit status that goes with it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from kit.batch.campaign import Campaign
    from kit.batch.status import Status

__all__ = ["WORSE", "accept_of", "answer", "campaign_named", "end", "end_campaign", "sayer", "shower"]

WORSE = 1  # exit status: points failed or are missing


def campaign_named(given: dict[str, Any]) -> Campaign | None:
    """Return the campaign whose directory was named in place of a run."""
    from kit.batch.campaign import campaign_in

    return campaign_in(given["run"].absolute())


def end_campaign(made: Campaign, given: dict[str, Any]) -> None:
    """Say how the stages of a campaign stand, and exit by what they are."""
    from dataclasses import asdict

    from kit import files
    from kit.batch import campaign_commands, driving

    standing = driving.look(made)
    if given["as_json"]:
        answer({"campaign": str(made.directory), "stages": [asdict(one) for one in standing]})
    else:
        click.echo("\n".join([*campaign_commands.told(standing), files.shown(made.directory)]))
    sys.exit(WORSE if any(one.state in ("stopped", "stale", "changed") for one in standing) else 0)


def accept_of(current: Status) -> float:
    """Return the share of good points from which a run is complete."""
    return float(current.run.submission["options"]["accept"])


def shower(given: dict[str, Any]) -> Any:
    """Return what shows progress, or nothing where the answer is JSON."""
    from kit.batch.watching import Shower

    return Shower(quiet=given["as_json"])


def sayer(given: dict[str, Any]) -> Callable[[str], None]:
    """Return how sentences are said: on stderr where the answer is JSON."""
    return lambda text: click.echo(text, err=given["as_json"])


def answer(content: Any) -> None:
    """Print an answer as JSON."""
    click.echo(json.dumps(content, ensure_ascii=False, indent=1))


def end(current: Status, given: dict[str, Any], *, waits: bool, excused: bool = False) -> None:
    """Say how a run stands, merge it when it is over, and exit by what it is.

    What was asked for may have gone well whatever the run is (`excused`): a dry run, nothing to be resumed.
    """
    from kit import files
    from kit.batch import watching, why

    try:
        watching.watch(current, accept_of(current), lambda _status: None, once=True)
    except OSError as fault:  # a run may be another's to write
        click.echo(f"not merged: {fault}", err=True)
    over = not current.alive
    if given["as_json"]:
        wrong = list(why.about_run(current))
        answer({"run": str(current.run.directory), **current.counts, "over": over, "reasons": wrong})
    else:
        click.echo(watching.line(current))
        for text in why.about_run(current):
            click.echo(f"  {text}")
        click.echo(files.shown(current.run.directory))
    bad = sum(current.counts[state] for state in ("failed", "timeout", "memory", "died", "missing"))
    sys.exit(0 if excused or ((not bad or (waits and not over)) and not current.stuck) else WORSE)
