"""The command `kit`: the door to stages, runs and this machine.

Nothing heavy is imported before a command needs it, and nothing here knows a system: stages are found in the tree.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import click
from click.shell_completion import CompletionItem, get_completion_class

import kit
from kit.batch import commands as batch
from kit.runs import commands as runs

__all__ = ["main"]

INTERRUPTED = 130  # exit status of a command that was interrupted: 128 and the number of SIGINT
FAULTS = (ValueError, RuntimeError, OSError, ImportError)  # a user's; anything else is ours, and shows its trace
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(
    context_settings=SETTINGS, epilog="Errors are one line and a non-zero exit status; --debug shows the trace."
)
@click.version_option(kit.__version__, prog_name="kit")
@click.option("--debug", is_flag=True, help="Show the trace of an error.")
def cli(debug: bool) -> None:
    """Parameterised notebooks for particle-physics detector work.

    A stage is a notebook, notebooks/SYSTEM/STAGE.ipynb. The same page is worked in by hand and run here:

    \b
      kit stages                                 what there is
      kit stages opendata/masses                 its parameters: types, defaults, units, meanings
      kit run opendata/masses                    run it on its demo events
      kit run opendata/masses -p inputs=my.root  run it on a file of yours
      kit plots outputs/opendata/masses/…        draw the figures of a run again
      kit submit opendata/masses --over bin_width=5,10,20     run it at three points, as jobs
    """  # noqa: D301 - click's sign for lines that stay as they are


def _complete_stage(_context: click.Context, _parameter: click.Parameter, start: str) -> list[CompletionItem]:
    from kit.batch import notebooks

    with contextlib.suppress(*FAULTS):  # nothing to offer, and no place to say why
        return [
            CompletionItem(one.stage, help=one.title) for one in notebooks.stages() if one.stage.startswith(start)
        ]
    return []


def _complete_value(_context: click.Context, _parameter: click.Parameter, start: str) -> list[CompletionItem]:
    from kit.batch import notebooks

    # click has given up reading the line at -p, which has no value yet
    words = os.environ.get("COMP_WORDS", "").split()
    with contextlib.suppress(*FAULTS):
        for model in (notebook.model for notebook in notebooks.stages() if notebook.stage in words):
            declared = [(name, field) for name, field in model.declared() if name.startswith(start)]
            return [CompletionItem(f"{name}=", help=field.description) for name, field in declared]
    return []


def _stage_argument(*, required: bool = True) -> Callable[[Any], Any]:
    return click.argument(
        "stage", required=required, shell_complete=_complete_stage, metavar="STAGE" if required else "[STAGE]"
    )


@cli.command()
@_stage_argument(required=False)
def stages(stage: str | None) -> None:
    """List the stages, or the parameters of one STAGE."""
    from kit.batch import notebooks, request

    if stage:
        click.echo(request.table(notebooks.find(stage)))
        return
    found = notebooks.stages()
    if not found:
        from kit import files

        message = f"no notebooks/SYSTEM/STAGE.ipynb in {files.home()}: start kit inside a project, or set KIT_HOME"
        raise RuntimeError(message)
    width = max(len(notebook.stage) for notebook in found)
    for notebook in found:
        click.echo(f"{click.style(notebook.stage.ljust(width), bold=True)}  {notebook.sentence}")


@cli.command(add_help_option=False)
@_stage_argument(required=False)
@click.option(
    "-f", "--file", type=click.Path(path_type=Path), help="YAML file of values, one `name: value` a line."
)
@click.option(
    "-p", "values", multiple=True, metavar="NAME=VALUE", shell_complete=_complete_value,
    help="One value; lists as a,b or [a, b], maps as {a: 1}. Wins over the file.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Check everything, run nothing.")
@click.option("-h", "--help", "helped", is_flag=True, help="Show this; after a STAGE, its parameters too.")
@click.pass_context
def run(
    context: click.Context,
    stage: str | None,
    file: Path | None,
    values: tuple[str, ...],
    dry_run: bool,
    helped: bool,
) -> None:
    """Run the notebook of STAGE (SYSTEM/STAGE, or the path of any notebook with a parameters cell).

    Values are checked before a kernel starts. The run directory keeps data, manifest, plots and the executed
    notebook; without `output` it is a new one below outputs/SYSTEM/STAGE. An unfinished run goes on where it
    stopped when it is started again with the same values and its directory as `output`. Relative paths start
    at the project's root.
    """
    from kit import files, manifest
    from kit.batch import notebooks, request, runner

    if helped or stage is None:
        click.echo(context.get_help())
        if stage:
            click.echo()
            click.echo(request.table(notebooks.find(stage)))
        context.exit(0 if helped else 2)
    notebook = notebooks.find(stage)
    parameters = request.parameters_of(notebook, file, values)
    complete = runner.is_complete(notebook, parameters)
    if dry_run:
        click.echo(request.table(notebook, parameters))
        for line in request.foresight(notebook, parameters):
            click.echo(line)
        click.echo(f"all values can be used{request.inputs_text(notebook, parameters)}; nothing was run")
        return
    if not complete:
        request.inputs_text(notebook, parameters)  # before a kernel starts
    directory = runner.run_notebook(notebook, parameters, file.stem if file else "run")
    finished = manifest.load(directory)
    if complete:
        click.echo(f"{files.shown(directory)} is already complete, with the same values; nothing was run")
    for name, value in finished.summary.items():
        click.echo(f"  {name.replace('_', ' ')}: {manifest.number_text(value)}")
    for notice in finished.manifest.get("notices", []):
        click.secho(f"notice: {notice}", fg="yellow")
    click.echo(files.shown(directory))


@cli.command()
@click.argument("directory", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--format", "formats", multiple=True, type=click.Choice(["png", "pdf", "svg"]), default=["png"],
              show_default=True, help="Kind of file; may be given more than once.")  # fmt: skip
def plots(directory: Path, formats: tuple[str, ...]) -> None:
    """Draw the figures of RUN, a run directory, again from its data."""
    from kit import files
    from kit.batch import request, runner

    for path in runner.draw(request.found(directory), formats):
        click.echo(files.shown(path))


@cli.command()
@click.option("--system", help="Only this system.")
@click.option(
    "--output", type=click.Path(path_type=Path), help="Folder to write to; default outputs/demo_DATE_TIME."
)
def demo(system: str | None, output: Path | None) -> None:
    """Run every stage on its own demo input, offline, and write one page about all of them."""
    from kit import files
    from kit.batch import demonstration

    page, failed = demonstration.run_all(system, files.resolve(output) if output else None, click.echo)
    click.echo(f"\n{page}")
    if failed:
        message = f"{len(failed)} of the stages failed: {', '.join(failed)}"
        raise RuntimeError(message)


@cli.command()
@click.option("--check", is_flag=True, help="Change nothing; fail where a cell differs from its model.")
def cells(check: bool) -> None:
    """Write the parameters cell of every notebook anew from its model."""
    from kit import files
    from kit.batch import notebooks

    differing = [
        found for found in notebooks.stages() if (found.differs() if check else notebooks.rewrite_cell(found))
    ]
    for notebook in differing:
        click.echo(files.shown(notebook.path))
    if check and differing:
        message = "these parameters cells differ from their models: kit cells writes them anew"
        raise RuntimeError(message)


@cli.command()
def check() -> None:
    """Tell what will work here and what not: versions, HTCondor, Kerberos, XRootD, disk, memory."""
    from kit.check import findings

    signs = {"good": ("✓", "green"), "absent": ("–", "yellow"), "bad": ("✗", "red")}
    states = []
    for finding in findings():
        sign, colour = signs[finding.state]
        click.echo(f"{click.style(sign, fg=colour)} {finding.subject}: {finding.text}")
        states.append(finding.state)
    if "bad" in states:
        message = f"{states.count('bad')} of these will not work"
        raise RuntimeError(message)


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion for SHELL; use it with: eval "$(kit completion bash)"."""
    maker = get_completion_class(shell)
    if maker:
        click.echo(maker(cli, {}, "kit", "_KIT_COMPLETE").source())


for _command in (*batch.COMMANDS, *runs.COMMANDS):
    cli.add_command(_command)


def main() -> None:
    """Run the command; a fault of the user's becomes one line and a non-zero exit status."""
    for name in ("SIGTERM", "SIGHUP"):  # a closed terminal and a batch system interrupt, too
        number = getattr(signal, name)
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without η is no reason to stop
    try:
        words = [word for word in sys.argv[1:] if word != "--debug"]  # it may stand anywhere
        status = cli(words, standalone_mode=False, color=False if os.environ.get("NO_COLOR") else None)
        print(end="", flush=True)
        sys.exit(status if isinstance(status, int) else 0)
    except click.Abort as stop:
        _end(str(stop.__context__ or "") or "interrupted", INTERRUPTED)
    except click.UsageError as fault:
        fault.show()
        sys.exit(fault.exit_code)
    except click.ClickException as fault:
        _end(fault.format_message(), fault.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nobody reads any more, as after | head
        sys.exit(1)
    except FAULTS as fault:
        if "--debug" in sys.argv:
            raise
        _end(_told(fault))


def _end(message: str, status: int = 1) -> NoReturn:
    print(f"kit: {message}", file=sys.stderr)
    sys.exit(status)


def _told(fault: Exception) -> str:
    """Return a fault in words; those of the operating system put the file first."""
    if isinstance(fault, OSError) and fault.filename and fault.strerror:
        return f"{os.fsdecode(fault.filename)}: {fault.strerror.lower()}"
    return str(fault) or type(fault).__name__


if __name__ == "__main__":
    main()
