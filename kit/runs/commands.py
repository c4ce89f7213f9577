"""The commands about runs that are there: ``kit list``, ``diff``, ``clean`` and ``report``."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from kit.runs.finding import FoundRun

__all__ = ["COMMANDS"]

STATES = ("complete", "failed", "stopped", "running")
HOURS = {"h": 1, "d": 24, "w": 7 * 24}


def _moment(_context: click.Context, _parameter: click.Parameter, text: str | None) -> datetime | None:
    """Return the moment that a date or an age means, with a time zone."""
    if text is None:
        return None
    here = datetime.now().astimezone()
    if age := re.fullmatch(r"(\d+)([hdw])", text):
        return here - timedelta(hours=int(age[1]) * HOURS[age[2]])
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text} is no time; should be a date such as 2026-05-31, or an age such as 12h, 30d, 2w"
        raise click.BadParameter(message) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=here.tzinfo)


def _filters(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add what says which runs."""
    for add in (
        click.option("-p", "values", multiple=True, metavar="NAME=VALUE",
                     help="Only runs with this value of a parameter or of the summary."),
        click.option("--before", metavar="WHEN", callback=_moment,
                     help="Only runs begun before: a date, or an age such as 12h, 30d, 2w."),
        click.option("--since", metavar="WHEN", callback=_moment, help="Only runs begun since then."),
        click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="Only in this state."),
        click.option("--stage", default="", help="Only of this stage, or of this system."),
    ):  # fmt: skip
        function = add(function)
    return function


@click.command("list")
@click.argument("folders", metavar="[FOLDER]...", nargs=-1, type=click.Path(path_type=Path))
@_filters
@click.option("--sort", default="started", show_default=True, metavar="NAME",
              help="started, path, stage, state, seconds, or any number of summary or parameters.")  # fmt: skip
@click.option("--reverse", is_flag=True, help="The other way round.")
@click.option(
    "--show", "shown", multiple=True, metavar="NAME", help="Add a column: a summary's number, a parameter."
)
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def list_(folders: tuple[Path, ...], **given: Any) -> None:
    """List the runs below FOLDER, or below outputs: when, how they stand, how long, where.

    The points of a batch run count as one run. `stopped` is a run that ended without a word, as after a kill.

    \b
      kit list                                   all runs, the latest last
      kit list --stage opendata --state failed   what failed
      kit list --show events --show bin_width --sort events
    """  # noqa: D301 - click's sign for lines that stay as they are
    from kit import files
    from kit.runs import finding

    places = _places(folders)
    found = finding.sorted_by(_chosen(places, given), given["sort"])
    found = found[::-1] if given["reverse"] else found
    for text in (text for place in places for text in finding.damaged_below(place)):
        click.echo(f"left out: {text}", err=True)
    if given["as_json"]:
        click.echo(json.dumps([_content(one) for one in found], ensure_ascii=False, indent=1))
        return
    if not found:
        click.echo(f"no such run in {', '.join(map(files.shown, places))}")
        return
    columns = ["begun (UTC)", "state", "time", "stage", *given["shown"], "run"]
    _table([columns, *(_row(one, given["shown"]) for one in found)])


@click.command()
@click.argument("first", metavar="RUN", type=click.Path(path_type=Path))
@click.argument("second", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 where they differ, for scripts.")
def diff(first: Path, second: Path, *, as_json: bool, exit_code: bool) -> None:
    """Tell in what two runs differ: values, inputs, versions, numbers, outputs.

    Files count by their content: the same file at another place is no difference. Of two sweeps it tells which
    points only one has, and which came out otherwise.
    """
    from dataclasses import asdict
    from itertools import groupby

    from kit import manifest
    from kit.batch import request
    from kit.runs import comparing

    found = comparing.differences(*(manifest.load(request.found(path)) for path in (first, second)))
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=1))
    elif not found:
        click.echo("no difference that counts")
    else:
        for part, group in groupby(found, key=lambda one: one.part):
            click.secho(part, bold=True)
            _table([[f"  {one.name}", one.first, "→", one.second, one.remark] for one in group])
    sys.exit(1 if found and exit_code else 0)


@click.command()
@click.argument("paths", metavar="[RUN]...", nargs=-1, type=click.Path(path_type=Path))
@_filters
@click.option("-y", "--yes", is_flag=True, help="Ask nothing.")
@click.option("-n", "--dry-run", is_flag=True, help="Show what would go, remove nothing.")
def clean(paths: tuple[Path, ...], *, yes: bool, dry_run: bool, **given: Any) -> None:
    """Remove runs: those named, those that the options choose, or else all that failed or were stopped.

    What would go is shown first, with its size. A run stays while a process writes it, and while a run or a
    campaign that stays refers to it.
    """
    from kit import files
    from kit.runs import cleaning, finding

    outputs = files.resolve("outputs")
    if not paths and not any(given.values()):
        given["states"] = ("failed", "stopped")
    wanted = _chosen(_places(paths), given)
    found = cleaning.clearance(wanted, finding.runs_below(outputs), outputs)
    for one, reason in found.staying:
        click.echo(f"stays: {files.shown(one.directory)}: {reason}")
    if not found.going:
        click.echo("nothing to remove")
        return
    _table([[_bytes_text(size), one.state, files.shown(one.directory)] for one, size in found.going])
    if dry_run:
        click.echo(f"{len(found.going)} runs, {_bytes_text(found.bytes)}, would go; nothing was removed")
        return
    if not yes:
        click.confirm(f"remove these {len(found.going)} runs, {_bytes_text(found.bytes)}?", abort=True)
    for one, _ in found.going:
        cleaning.remove(one)
    click.echo(f"removed {len(found.going)} runs, {_bytes_text(found.bytes)}")


@click.command()
@click.argument("paths", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path))
def report(paths: tuple[Path, ...]) -> None:
    """Write report.html into RUN: one page with numbers, values, files and the executed notebook.

    RUN may be a batch run or the directory of a campaign: its page links to those of its points or stages.
    A page needs nothing beside it and can be sent to a colleague.
    """
    from kit import files
    from kit.batch import request
    from kit.runs import pages

    for path in paths:
        click.echo(files.shown(pages.report(request.found(path))))


def _places(paths: tuple[Path, ...]) -> list[Path]:
    from kit import files
    from kit.batch import request

    return [request.found(path) for path in paths] or [files.resolve("outputs")]


def _chosen(places: list[Path], given: dict[str, Any]) -> list[FoundRun]:
    import yaml

    from kit.runs import finding

    values = {}
    for text in given["values"]:
        name, sign, value = text.partition("=")
        if not sign:
            message = f"-p {text}: should be NAME=VALUE"
            raise click.UsageError(message)
        values[name] = yaml.safe_load(value)
    runs = {one.directory: one for place in places for one in finding.runs_below(place)}
    return finding.chosen(
        list(runs.values()), given["stage"], given["states"], values, given["before"], given["since"]
    )


def _row(found: FoundRun, names: tuple[str, ...]) -> list[str]:
    from kit import files
    from kit.manifest import number_text

    begun = found.started[:16].replace("T", " ")
    time = f"{found.seconds:.0f} s" if found.seconds else "–"
    values = [number_text(found.value(name)) for name in names]
    return [begun, found.state, time, found.run.stage, *values, files.shown(found.directory)]


def _content(found: FoundRun) -> dict[str, Any]:
    names = ("stage", "parameters", "summary", "started", "seconds")
    known = {name: found.run.manifest.get(name) for name in names}
    return {"run": str(found.directory), **known, "state": found.state}


def _bytes_text(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"


def _table(rows: list[list[str]]) -> None:
    widths = [max(len(text) for text in column) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


COMMANDS = (list_, diff, clean, report)
