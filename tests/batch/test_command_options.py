"""Options on the command line are those of the notebook and the file: one for each, checked in the same way."""

import re
import subprocess
import sys

import click
import pytest

from kit.batch.command_options import BatchCommand, OptionsCommand, chosen_options
from kit.batch.options import Options


@click.command(cls=OptionsCommand)
@click.argument("stage")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def ask(context, /, **_given):
    """Return the options."""
    return chosen_options(context)


def raising(fault):
    """Return a command in which `fault` happens."""

    def fail():
        raise fault

    return BatchCommand("fail", callback=fail)


def options(*words):
    return ask.main(["a/b", *words], standalone_mode=False)


def test_every_option_of_a_submission_has_its_flag_with_dashes_and_its_meaning():
    told = ask.get_help(click.Context(ask))
    names = {name for name, _ in Options.declared()} - {"output", "interactive"}
    assert len(names) > 30
    flags = set(re.findall(r"--[a-z-]+", told))
    assert {f"--{name.replace('_', '-')}" for name in names} <= flags
    assert "run the first point here first" in " ".join(told.split())


def test_what_is_not_given_keeps_its_default_and_is_not_counted_as_set():
    chosen = options()
    assert chosen == Options()
    assert chosen.model_fields_set <= {"output", "interactive"}


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        (["--memory-mb", "400"], "memory_mb", 400),
        (["--target-seconds", "600"], "target_seconds", 600.0),
        (["--no-try-first"], "try_first", False),
        (["--live-progress"], "live_progress", True),
        (["--per-job", "7"], "per_job", 7),
        (["--point-timeout", "1.5"], "point_timeout", 1.5),
        (["--preload", "none"], "preload", "none"),
        (["--inputs", "a b.csv", "--inputs", "c,d.csv"], "inputs", ["a b.csv", "c,d.csv"]),
        (["--extra", '+AccountingGroup = "a"'], "extra", ['+AccountingGroup = "a"']),
        (["--environment", "python=/a/b=c"], "environment", {"python": "/a/b=c"}),
        (["--site", "kerberos=false", "--site", "max_jobs=5"], "site", {"kerberos": False, "max_jobs": 5}),
        (["--notify", "command: cat >report"], "notify", "command: cat >report"),
        (["--flavour", "workday"], "flavour", "workday"),
    ],
)
def test_a_text_becomes_what_the_file_would_say(words, name, value):
    chosen = options(*words)
    assert getattr(chosen, name) == value
    assert type(getattr(chosen, name)) is type(value)
    assert chosen.model_fields_set - {"output", "interactive"} == {name}
    assert chosen == Options.build({name: value}, "file")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--memory-mb", "much"], "memory_mb"),
        (["--memory-mb", "100"], r"memory_mb is 100.*128"),
        (["--retries", "11"], r"retries is 11.*10"),
        (["--accept", "nan"], "accept"),
        (["--profile", "cern-afz"], r"profile is .*cern-afs"),
        (
            ["--flavour", "workday", "--max-runtime", "60"],
            "flavour is workday and max_runtime 60 s; give one of them",
        ),
        (["--memory-mb", "4000", "--memory-max-mb", "3000"], "memory_max_mb is 3000 MB, below memory_mb, 4000 MB"),
        (["--environment", "pyton=/a"], r"environment\.pyton is not known"),
        (["--notify", "me"], "notify is 'me', should be none, mail"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(words, told):
    with pytest.raises(click.ClickException, match=told) as refused:
        options(*words)
    assert refused.value.exit_code == 2


def test_a_pair_without_a_sign_is_a_fault_of_usage():
    with pytest.raises(click.UsageError, match="--environment python: should be NAME=VALUE"):
        options("--environment", "python")


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (ValueError("x is 3"), "x is 3"),
        (FileNotFoundError(2, "No such file or directory", "a.root"), "a.root: no such file or directory"),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_a_fault_of_the_users_is_a_refusal_in_one_line(fault, told):
    with pytest.raises(click.ClickException, match=f"^{told}$") as refused:
        raising(fault).main([], standalone_mode=False)
    assert refused.value.exit_code == 2


def test_a_fault_of_the_kit_is_not_hidden_as_one_of_the_users():
    with pytest.raises(ZeroDivisionError):
        raising(ZeroDivisionError()).main([], standalone_mode=False)


def test_help_of_the_command_needs_no_model():
    """`kit --help` must not wait for pydantic, which the options are declared with."""
    code = (
        "import sys\nsys.argv = ['kit', '--help']\nfrom kit import cli\n"
        "try:\n    cli.main()\nexcept SystemExit:\n    pass\nprint('pydantic' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "submit" in told
    assert told.rstrip().endswith("False")
