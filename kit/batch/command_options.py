"""The options of a submission on the command line: made from their declarations, when they are needed."""

from __future__ import annotations

import sys
import typing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from kit.batch.options import Options

__all__ = ["JSON", "RUN", "BatchCommand", "OptionsCommand", "chosen_options", "words_of"]


def _found(_context: click.Context, _parameter: click.Parameter, path: Path) -> Path:
    from kit.batch import request

    return request.found(path)


RUN = click.argument("run", metavar="RUN", type=click.Path(path_type=Path), callback=_found)
JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
PREFIX = "batch_"  # apart from the command's own parameters


class RefusedError(click.ClickException):
    """What was asked for cannot be done; nothing has changed."""

    exit_code = 2


class BatchCommand(click.Command):
    """A command of which each fault of the user's is a refusal: one line, exit status 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it."""
        try:
            return super().invoke(ctx)
        except (ValueError, RuntimeError, OSError, ImportError) as fault:
            if isinstance(fault, click.exceptions.Exit | BrokenPipeError) or "--debug" in sys.argv:
                raise
            told = str(fault) or type(fault).__name__
            if isinstance(fault, OSError) and fault.filename and fault.strerror:
                told = f"{fault.filename}: {fault.strerror.lower()}"
            raise RefusedError(told) from fault


class OptionsCommand(BatchCommand):
    """A command that takes all options of a submission beside its own.

    They are looked up only when this command runs or its help is asked for: `kit --help` imports no pydantic.
    """

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return its own parameters and those of a submission."""
        *own, last = super().get_params(ctx)
        return [*own, *_submission_options(), last]


def _submission_options() -> list[click.Parameter]:
    from kit import wording
    from kit.batch.options import Options

    return [
        _option(name, field, wording.explain(field))
        for name, field in Options.declared()
        if name not in ("output", "interactive")
    ]


def _option(name: str, field: FieldInfo, meaning: str) -> click.Option:
    flag = "--" + name.replace("_", "-")
    annotation = field.annotation
    if bool in (annotation, *typing.get_args(annotation)):
        return click.Option([f"{flag}/--no-{flag[2:]}", PREFIX + name], default=None, help=meaning)
    several = _several(annotation)
    metavar = {"dict": "NAME=VALUE", "list": "TEXT"}.get(several, name.rpartition("_")[2].upper())
    return click.Option([flag, PREFIX + name], multiple=bool(several), default=None, metavar=metavar, help=meaning)


def _several(annotation: Any) -> str:
    """Return ``list`` or ``dict`` for what is given several times, else nothing."""
    origin = typing.get_origin(annotation) or annotation
    return {list: "list", dict: "dict"}.get(origin, "")


def chosen_options(context: click.Context) -> Options:
    """Return the options that were given, checked; the others have their defaults.

    Raises
    ------
    ParameterError
        Naming what cannot be used.
    """
    from kit.batch.options import Options

    values: dict[str, Any] = {}
    for name, field in Options.declared():
        given = context.params.get(PREFIX + name)
        if given is None or given == ():
            continue
        several = _several(field.annotation)
        if isinstance(given, bool):
            values[name] = given
        elif several == "list":
            values[name] = list(given)
        elif several == "dict":
            values[name] = dict(_pair(name, text) for text in given)
        else:
            values[name] = Options.from_text(name, given)
    return Options.build(values, "command line")


def _pair(name: str, text: str) -> tuple[str, Any]:
    from kit import wording

    key, sign, value = text.partition("=")
    if not sign:
        message = f"--{name} {text}: should be NAME=VALUE"
        raise click.UsageError(message)
    return key, value if name == "environment" else wording.scalar(value)


def words_of(name: str, value: Any) -> list[str]:
    """Return an option with its value as the words of a command line."""
    flag = "--" + name.replace("_", "-")
    if isinstance(value, bool):
        return [flag if value else f"--no-{flag[2:]}"]
    if isinstance(value, dict):
        return [word for key, part in value.items() for word in (flag, f"{key}={part}")]
    if isinstance(value, list):
        return (
            [flag, ",".join(map(str, value))]
            if name == "preload"
            else [word for part in value for word in (flag, str(part))]
        )
    return [flag, str(value)]
