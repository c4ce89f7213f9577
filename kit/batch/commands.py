"""The commands of batch: thin words around its rooms, each with ``--json``.

Exit status 0: good; 1: points failed or are missing; 2: refused.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kit.batch.command_options import BatchCommand, OptionsCommand, chosen_options

if TYPE_CHECKING:
    from kit.batch.campaign import Campaign
    from kit.batch.status import Status

__all__ = ["COMMANDS"]


def _found(_context: click.Context, _parameter: click.Parameter, path: Path) -> Path:
    from kit.batch import request

    return request.found(path)


RUN = click.argument("run", metavar="RUN", type=click.Path(path_type=Path), callback=_found)
JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
WORSE = 1  # exit status: points failed or are missing


def _sweep_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add what says which points: stage, fixed values, sweep."""
    for add in (
        JSON,
        click.option("--run", "directory", type=click.Path(path_type=Path), help="Directory of the run to make."),
        click.option("--bundle", type=click.IntRange(1), default=1, show_default=True, help="Files of a point."),
        click.option("--zip", "pairs", is_flag=True, help="Several --over go side by side, not as a product."),
        click.option(
            "--points",
            "table",
            type=click.Path(path_type=Path),
            help="Points from a file: YAML, JSON, JSONL or CSV.",
        ),
        click.option(
            "--over",
            "axes",
            multiple=True,
            metavar="NAME=VALUES",
            help="1,2,5; 1..20 or 0..1..0.1, ends included; a pattern; @list.txt. Repeated: a product.",
        ),
        click.option("-p", "values", multiple=True, metavar="NAME=VALUE", help="A value that all points share."),
        click.option("-f", "--file", type=click.Path(path_type=Path), help="YAML file of such values."),
        click.argument("stage", metavar="STAGE"),
    ):
        function = add(function)
    return function


@click.command(cls=OptionsCommand)
@_sweep_options
@click.option("--measure", is_flag=True, help="Run the first point here, for its time and its memory.")
@click.pass_context
def plan(context: click.Context, /, **given: Any) -> None:
    """Tell which points and jobs a sweep over STAGE would be, and what they cost; write nothing."""
    made = _plan(context, given)
    if given["measure"]:
        from kit.batch import trying

        tried = trying.measure(made)
        _say(given)(tried.words)
        made = tried.applied(made)
    if given["as_json"]:
        return _answer({**made.told(), "notes": made.notes})
    for name, value in made.told().items():
        click.echo(f"  {name}: {value}")
    from kit.batch.points import told

    shown = [*made.points[:3], *(made.points[-1:] if len(made.points) > 3 else [])]
    for point in shown:
        click.echo(f"  {point.index}: {told(point.parameters)}")
    for note in made.notes:
        click.echo(f"note: {note}")
    return None


@click.command(cls=OptionsCommand)
@_sweep_options
@click.pass_context
def submit(context: click.Context, /, **given: Any) -> None:
    """Run STAGE once for each point of a sweep, as jobs on HTCondor or here.

    Values, names and inputs are checked before anything is written. The run directory, below
    outputs/SYSTEM/STAGE, holds points, jobs and results as plain files. On this computer the command works until
    all is done; Ctrl-C once lets running points end, twice ends them; `kit resume` goes on.
    """
    from kit.batch import launching
    from kit.batch.status import status_of

    made = _plan(context, given)
    show = _shower(given)
    directory = given["directory"].absolute() if given["directory"] else None
    label = given["file"].stem if given["file"] else "sweep"
    batch = launching.launch(made, directory, label=label, say=_say(given), show=show)
    show.close()
    _end(status_of(batch.directory), given, waits=not made.site.local, dry=made.options.dry_run)


@click.command(cls=OptionsCommand)
@RUN
@click.option("--wait", is_flag=True, help="Wait for jobs that still wait or run.")
@click.option("--stop", "stop_first", is_flag=True, help="Remove jobs that still wait or run.")
@JSON
@click.pass_context
def resume(context: click.Context, /, **given: Any) -> None:
    """Send the points of RUN that are not done once more, and only these; RUN may be that of a campaign."""
    from kit.batch import campaign_commands, resuming
    from kit.batch.status import status_of

    show = _shower(given)
    options = chosen_options(context)
    if made := _campaign(given):
        campaign_commands.resume(
            made, options, wait=given["wait"], stop_first=given["stop_first"],
            say=_say(given), show=show,
        )  # fmt: skip
        return _end_campaign(made, given)
    batch = resuming.resume(
        given["run"], options, wait=given["wait"], stop_first=given["stop_first"],
        say=_say(given), show=show,
    )  # fmt: skip
    show.close()
    status = status_of(batch.directory)
    return _end(status, given, waits=status.alive, dry=options.dry_run)


@click.command(cls=BatchCommand)
@RUN
@JSON
def status(**given: Any) -> None:
    """Tell how RUN stands, and merge it when its jobs have ended; RUN may be that of a campaign."""
    from kit.batch.status import status_of

    if made := _campaign(given):
        return _end_campaign(made, given)
    return _end(status_of(given["run"].absolute()), given, waits=True)


@click.command(cls=BatchCommand)
@RUN
@click.option("--interval", type=click.FloatRange(0.2), default=2.0, show_default=True, help="Seconds.")
@JSON
def watch(**given: Any) -> None:
    """Follow RUN until its jobs have ended, and merge it; RUN may be that of a campaign."""
    from kit.batch import campaign_commands, watching
    from kit.batch.status import status_of

    if made := _campaign(given):
        campaign_commands.follow(made, lambda _standing: None)
        return _end_campaign(made, given)
    current = status_of(given["run"].absolute())
    show = _shower(given)
    watching.watch(current, _accept(current), show, interval=given["interval"])
    show(current, at_once=True)
    show.close()
    return _end(current, given, waits=False)


@click.command(cls=BatchCommand)
@RUN
@click.argument("point", required=False)
@JSON
def why(**given: Any) -> None:
    """Tell why RUN is not done, or everything about one POINT (its number, or the beginning of its id)."""
    from kit.batch import why as reasons
    from kit.batch.status import status_of

    current = status_of(given["run"].absolute())
    if given["point"] is None:
        lines = [*reasons.about_run(current), *filter(None, [reasons.waiting_for(current)])]
        if given["as_json"]:
            return _answer(lines)
        click.echo("\n".join(lines) or "nothing is wrong")
        return None
    about = reasons.about_point(current, reasons.point_named(current, given["point"]))
    if given["as_json"]:
        return _answer(about)
    click.echo("\n".join(reasons.told(about)))
    return None


@click.command("try", cls=BatchCommand)
@RUN
@click.argument("point")
@JSON
def try_(**given: Any) -> None:
    """Run one POINT of RUN here, with the same worker; its result does not count."""
    from kit import files
    from kit.batch import trying
    from kit.batch.status import status_of
    from kit.batch.why import point_named

    current = status_of(given["run"].absolute())
    line, folder = trying.try_point(current.run, point_named(current, given["point"]))
    if given["as_json"]:
        _answer(line | {"folder": str(folder)})
    else:
        error = line["error"]
        click.echo(
            f"{line['state']} after {line['seconds']:.1f} s, {line['rss_mb']:.0f} MB: {files.shown(folder)}"
        )
        if error:
            click.echo(
                "\n".join([f"cell {error['cell']}: {error['name']}: {error['value']}", *error["traceback"]])
            )
    sys.exit(0 if line["state"] == "done" else WORSE)


@click.command(cls=BatchCommand)
@RUN
@click.option("--gently", is_flag=True, help="On this computer: let running points end.")
@JSON
def stop(**given: Any) -> None:
    """Remove all jobs of RUN; what came back stays, and `kit resume` goes on."""
    from kit.batch import campaign_commands, stopping

    if made := _campaign(given):
        campaign_commands.stop(made, _say(given))
        return _end_campaign(made, given)
    current = stopping.stop(given["run"].absolute(), say=_say(given), how="gently" if given["gently"] else "now")
    return _end(current, given, waits=True)


@click.command(cls=BatchCommand)
@RUN
@click.option("--naming", default="", help="Pattern of the folders, such as {seed}_{scale:.2f}; the ids without.")
@click.option("--list", "listed", is_flag=True, help="Unpack nothing, write where each file lies.")
@JSON
def collect(**given: Any) -> None:
    """Merge RUN and unpack the files of its points into outputs/ID/."""
    from kit import files
    from kit.batch import merging
    from kit.batch.status import status_of

    current = status_of(given["run"].absolute())
    if not current.alive:
        merging.finish(current, _accept(current))
    number = merging.collect(current, given["naming"], listed=given["listed"])
    if not given["as_json"]:
        where = current.run.merged / "files.csv" if given["listed"] else current.run.directory / "outputs"
        click.echo(f"{number} files {'listed in' if given['listed'] else 'written to'} {files.shown(where)}")
    _end(current, given, waits=True)


@click.command(cls=OptionsCommand)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--stale", is_flag=True, help="Make stages anew that were made before an earlier one changed.")
@click.option("--status", "only_look", is_flag=True, help="Only tell how the stages stand.")
@JSON
@click.pass_context
def campaign(context: click.Context, /, **given: Any) -> None:
    """Run the chain of stages that FILE describes, as far as it can be now; call it again to go on.

    On this computer stages are worked off one after the other; on HTCondor each is submitted when the one before
    is complete. With --dag all become one DAG at once. What is complete is never run again.
    """
    from kit.batch import campaign as campaigns
    from kit.batch import campaign_commands, request

    path = request.found(given["file"])
    made = campaigns.read_campaign(path)
    changes = chosen_options(context)
    if not given["only_look"]:
        campaign_commands.go_on(made, path, changes, stale=given["stale"], say=_say(given), show=_shower(given))
    _end_campaign(made, given)


@click.command(cls=BatchCommand)
@RUN
@JSON
def hold(**given: Any) -> None:
    """Hold all jobs of RUN that wait or run; what runs starts over when released."""
    from kit.batch import stopping

    return _end(stopping.hold(given["run"].absolute(), _say(given)), given, waits=True)


@click.command(cls=BatchCommand)
@RUN
@JSON
def release(**given: Any) -> None:
    """Release the held jobs of RUN."""
    from kit.batch import stopping

    return _end(stopping.release(given["run"].absolute(), _say(given)), given, waits=True)


COMMANDS = (plan, submit, status, watch, why, try_, resume, stop, hold, release, collect, campaign)


def _campaign(given: dict[str, Any]) -> Campaign | None:
    """Return the campaign whose directory was named in place of a run."""
    from kit.batch.campaign import campaign_in

    return campaign_in(given["run"].absolute())


def _end_campaign(made: Campaign, given: dict[str, Any]) -> None:
    """Say how the stages of a campaign stand, and exit by what they are."""
    from dataclasses import asdict

    from kit import files
    from kit.batch import campaign_commands, driving

    standing = driving.look(made)
    if given["as_json"]:
        _answer({"campaign": str(made.directory), "stages": [asdict(one) for one in standing]})
    else:
        click.echo("\n".join([*campaign_commands.told(standing), files.shown(made.directory)]))
    sys.exit(WORSE if any(one.state in ("stopped", "stale", "changed") for one in standing) else 0)


def _plan(context: click.Context, given: dict[str, Any]) -> Any:
    """Return the plan that a command line describes."""
    from kit.batch import notebooks, planning, request, sweeps

    if not given["axes"] and not given["table"]:
        message = "say which points: --over NAME=VALUES, or --points FILE"
        raise click.UsageError(message)
    notebook = notebooks.find(given["stage"])
    model = notebook.model
    sweep: Any = sweeps.over(given["axes"], model, pairs=given["pairs"], bundle=given["bundle"])
    if given["table"]:
        rows = sweeps.expand(str(given["table"].absolute()), model)
        sweep = (
            rows if not given["axes"] else [one | other for one in rows for other in sweeps.expand(sweep, model)]
        )
    fixed = request.values_of(notebook, given["file"], given["values"])
    directory = given["directory"].absolute() if given["directory"] else None
    return planning.make_plan(given["stage"], fixed, sweep, chosen_options(context), directory)


def _accept(current: Status) -> float:
    return float(current.run.submission["options"]["accept"])


def _shower(given: dict[str, Any]) -> Any:
    from kit.batch.watching import Shower

    return Shower(quiet=given["as_json"])


def _say(given: dict[str, Any]) -> Callable[[str], None]:
    """Return how sentences are said: on stderr where the answer is JSON."""
    return lambda text: click.echo(text, err=given["as_json"])


def _answer(content: Any) -> None:
    click.echo(json.dumps(content, ensure_ascii=False, indent=1))


def _end(current: Status, given: dict[str, Any], *, waits: bool, dry: bool = False) -> None:
    """Say how a run stands, merge it when it is over, and exit by what it is; a dry run is good."""
    from kit import files
    from kit.batch import watching, why

    watching.watch(current, _accept(current), lambda _status: None, once=True)
    over = not current.alive
    if given["as_json"]:
        wrong = list(why.about_run(current))
        _answer({"run": str(current.run.directory), **current.counts, "over": over, "reasons": wrong})
    else:
        click.echo(watching.line(current))
        for text in why.about_run(current):
            click.echo(f"  {text}")
        click.echo(files.shown(current.run.directory))
    bad = sum(current.counts[state] for state in ("failed", "timeout", "memory", "died", "missing"))
    sys.exit(0 if dry or ((not bad or (waits and not over)) and not current.stuck) else WORSE)
