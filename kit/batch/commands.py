"""The commands of batch: thin words around its rooms, each with ``--json``.

Exit status 0: good; 1: points failed or are missing; 2: refused.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from kit.batch.answers import answer, campaign_named, end, end_campaign, sayer, shower
from kit.batch.command_options import JSON, RUN, OptionsCommand, chosen_options
from kit.batch.run_commands import RUN_COMMANDS

__all__ = ["COMMANDS"]


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
        click.option(
            "-f", "--file", type=click.Path(path_type=Path), help="YAML file of values that all points share."
        ),
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
        sayer(given)(tried.words)
        made = tried.applied(made)
    if given["as_json"]:
        return answer({**made.told(), "notes": made.notes})
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
    directory = given["directory"].absolute() if given["directory"] else None
    label = given["file"].stem if given["file"] else "sweep"
    with closing(shower(given)) as show:
        batch = launching.launch(made, directory, label=label, say=sayer(given), show=show)
    end(status_of(batch.directory), given, waits=not made.site.local, excused=made.options.dry_run)


@click.command(cls=OptionsCommand)
@RUN
@click.option("--wait", is_flag=True, help="Wait for jobs that still wait or run.")
@click.option("--stop", "stop_first", is_flag=True, help="Remove jobs that still wait or run.")
@JSON
@click.pass_context
def resume(context: click.Context, /, **given: Any) -> None:
    """Send the points of RUN that are not done once more, and only these; RUN may be that of a campaign.

    Of a campaign, --accept opens the gate at which it has stopped, from that share of its points on.
    """
    from kit.batch import campaign_commands, resuming
    from kit.batch.status import status_of

    options = chosen_options(context)
    made = campaign_named(given)
    with closing(shower(given)) as show:
        how = {"wait": given["wait"], "stop_first": given["stop_first"], "say": sayer(given), "show": show}
        if made:
            campaign_commands.resume(made, options, **how)
            return end_campaign(made, given)
        sent = resuming.resume(given["run"], options, **how)
    status = status_of(given["run"])
    return end(status, given, waits=status.alive, excused=options.dry_run or not sent)


@click.command(cls=OptionsCommand)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--stale", is_flag=True, help="Make stages anew that were made before an earlier one changed.")
@click.option("--again", is_flag=True, help="All is complete: look for what is new, and work on that alone.")
@click.option("--status", "only_look", is_flag=True, help="Only tell how the stages stand.")
@JSON
@click.pass_context
def campaign(context: click.Context, /, **given: Any) -> None:
    """Run the chain of stages that FILE describes, as far as it can be now; call it again to go on.

    On this computer stages are worked off one after the other; on HTCondor each is submitted when the one before
    is complete. With --dag all become one DAG at once. What is complete is never run again; --again adds what
    has come since.
    """
    from kit.batch import campaign as campaigns
    from kit.batch import campaign_commands, request

    path = request.found(given["file"])
    made = campaigns.read_campaign(path)
    changes = chosen_options(context)
    if not given["only_look"]:
        with closing(shower(given)) as show:
            campaign_commands.go_on(
                made, path, changes, stale=given["stale"], again=given["again"], say=sayer(given), show=show
            )
    end_campaign(made, given)


COMMANDS = (plan, submit, resume, campaign, *RUN_COMMANDS)


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
