"""The commands about a run that is there: how it stands, why, and what shall become of it."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import Any

import click

from kit.batch.answers import WORSE, accept_of, answer, campaign_named, end, end_campaign, sayer, shower
from kit.batch.command_options import JSON, RUN, BatchCommand

__all__ = ["RUN_COMMANDS"]


@click.command(cls=BatchCommand)
@RUN
@JSON
def status(**given: Any) -> None:
    """Tell how RUN stands, and merge it when its jobs have ended; RUN may be that of a campaign."""
    from kit.batch.status import status_of

    if made := campaign_named(given):
        return end_campaign(made, given)
    return end(status_of(given["run"].absolute()), given, waits=True)


@click.command(cls=BatchCommand)
@RUN
@click.option("--interval", type=click.FloatRange(0.2), default=2.0, show_default=True, help="Seconds.")
@JSON
def watch(**given: Any) -> None:
    """Follow RUN until its jobs have ended, and merge it; RUN may be that of a campaign."""
    from kit.batch import campaign_commands, watching
    from kit.batch.status import status_of

    if made := campaign_named(given):
        quiet = given["as_json"]
        campaign_commands.follow(
            made, campaign_commands.changes(lambda text: None if quiet else click.echo(text, err=True))
        )
        return end_campaign(made, given)
    current = status_of(given["run"].absolute())
    with closing(shower(given)) as show:
        watching.watch(current, accept_of(current), show, interval=given["interval"])
    return end(current, given, waits=False)


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
        lines = lines or list(reasons.underway(current))
        if given["as_json"]:
            return answer(lines)
        click.echo("\n".join(lines) or "nothing is wrong")
        return None
    about = reasons.about_point(current, reasons.point_named(current, given["point"]))
    if given["as_json"]:
        return answer(about)
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
        answer(line | {"folder": str(folder)})
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

    if made := campaign_named(given):
        campaign_commands.stop(made, sayer(given))
        return end_campaign(made, given)
    current = stopping.stop(given["run"].absolute(), say=sayer(given), how="gently" if given["gently"] else "now")
    return end(current, given, waits=True)


@click.command(cls=BatchCommand)
@RUN
@click.option("--naming", default="", help="Pattern of the folders, such as {seed}_{scale:.2f}; the ids without.")
@click.option("--list", "listed", is_flag=True, help="Unpack nothing, write where each file lies.")
@JSON
def collect(**given: Any) -> None:
    """Merge RUN and unpack the files of its points into outputs/ID/."""
    from kit import files
    from kit.batch import collecting, merging
    from kit.batch.status import status_of

    current = status_of(given["run"].absolute())
    if not current.alive:
        merging.finish(current, accept_of(current))
    done = current.counts["done"]
    number = collecting.collect(current, given["naming"], listed=given["listed"])
    if current.counts["done"] != done and not current.alive:  # files were found damaged
        merging.finish(current, accept_of(current))
    if not given["as_json"]:
        where = current.run.merged / "files.csv" if given["listed"] else current.run.directory / "outputs"
        click.echo(f"{number} files {'listed in' if given['listed'] else 'written to'} {files.shown(where)}")
    end(current, given, waits=True)


@click.command(cls=BatchCommand)
@RUN
@JSON
def hold(**given: Any) -> None:
    """Hold all jobs of RUN that wait or run; what runs starts over when released."""
    from kit.batch import stopping

    current = stopping.hold(given["run"].absolute(), sayer(given))
    return end(current, given, waits=True, excused=current.alive)  # to be held is what was asked for


@click.command(cls=BatchCommand)
@RUN
@JSON
def release(**given: Any) -> None:
    """Release the held jobs of RUN."""
    from kit.batch import stopping

    return end(stopping.release(given["run"].absolute(), sayer(given)), given, waits=True)


RUN_COMMANDS = (status, watch, why, try_, stop, hold, release, collect)
