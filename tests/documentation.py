"""The pages of documentation as programs: their blocks, the words of their commands, a home in which they run.

A fenced block runs as it stands. A second word behind the language, ``sh lxplus``, says that it needs a place that
is not here: its commands are then looked up as far as that goes. `PLACES` has these words; the prose before such a
block, or its first line, must name the place, too, as readers see no second word.
"""

from __future__ import annotations

import itertools
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PAGES = ("README.md", "RECIPES.md")
PLACES = {  # word of a block: what the reader must have been told
    "lxplus": "lxplus",
    "swan": "SWAN",
    "condor": "HTCondor",
    "network": "network",
    "root": "root://",
    "board": "board",
    "browser": "browser",
    "itself": "",  # the tests themselves, and what takes as long: ./run test, lint, bench
}
FENCE = re.compile(r"^ *```(\w+)?(?: +(\w+))?\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
RUNS = re.compile(r"\b(?P<stage>outputs/[\w-]+/[\w-]+)/RUN\b|\bRUN\b|\bBEFORE\b")
NAMED = re.compile(r"# (\S+\.(?:yaml|py|ipynb))\b")
# RUN is the newest run, BEFORE the one before it; outputs/SYSTEM/STAGE/RUN the newest of that stage
PRELUDE = """set -eu -o pipefail
newest() {
  find -L "${1:-outputs}" -name manifest.json -not -path '*/outputs/*/*/*/outputs/*' -not -path '*/rounds/*' \\
    -printf '%T@ %h\\n' | sort -rn | sed -n "${2:-1}s/^[^ ]* //p"
}
"""


@dataclass(frozen=True)
class Block:
    """A fenced block: the page and the heading it stands under, its language, the place it needs, its text."""

    page: str
    heading: str
    line: int
    language: str
    place: str
    text: str
    before: str

    @property
    def target(self) -> str:
        """The file that the block is to be, as its first line names it; empty for none."""
        named = NAMED.match(self.text)
        return named[1] if named else ""


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page."""
    text = page.read_text(encoding="utf-8")
    headings = [(0, page.stem), *((match.start(), match[1]) for match in re.finditer(r"^## (.+)$", text, re.M))]
    found = []
    for match in FENCE.finditer(text):
        heading = [name for start, name in headings if start <= match.start()][-1]
        paragraph = text[: match.start()].rstrip().rpartition("\n\n")[2]
        line = text.count("\n", 0, match.start()) + 1
        text_of = textwrap.dedent(match[3])
        found.append(Block(page.name, heading, line, match[1] or "", match[2] or "", text_of, paragraph))
    return found


def sections() -> dict[str, list[Block]]:
    """Return the blocks of all pages, by page and heading; each section is a program of its own."""
    found: dict[str, list[Block]] = {}
    for name in PAGES:
        for block in blocks(PROJECT / name):
            found.setdefault(f"{name.partition('.')[0]}: {block.heading}", []).append(block)
    return found


def commands(text: str) -> Iterator[list[str]]:
    """Yield the commands of a shell block or of prose, as words; comments and continuations are gone."""
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line.strip().removeprefix("$ "), comments=True)
        for joined, part in itertools.groupby(words, lambda word: word in ("&&", "||", "|", ";")):
            command = [word.removeprefix(".venv/bin/") for word in part]
            if not joined:
                yield command


def spans(text: str) -> Iterator[str]:
    """Yield the commands `kit …` in prose."""
    for span in re.findall(r"(?<!`)`([^`\n]+(?:\n[^`\n]+)?)`(?!`)", FENCE.sub("", text)):
        if re.match(r"(\.venv/bin/)?kit [a-z]", span):
            yield " ".join(span.split())


def make_home(folder: Path, shared: Path) -> None:
    """Make `folder` a fresh clone of the project with an environment, in which nothing has run yet.

    `shared` keeps the inputs that demos make, for all homes.
    """
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if not name.startswith(("kit/", "tests/")) and (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, folder / name)
    for name in PAGES:
        shutil.copy(PROJECT / name, folder)
    (folder / "kit").symlink_to(PROJECT / "kit")
    (shared / "demo").mkdir(parents=True, exist_ok=True)
    (folder / "outputs" / "demo").symlink_to(shared / "demo")
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name, words in {
        "kit": "-m kit",
        "python": "",
        "papermill": "-m papermill",
        "jupyter": "-m jupyter",
    }.items():
        (programs / name).write_text(f'#!/bin/sh\nPYTHONPATH={PROJECT} exec {sys.executable} {words} "$@"\n')
        (programs / name).chmod(0o755)
    sums = (folder / "pyproject.toml").read_bytes()
    state = subprocess.run(["cksum"], input=sums, capture_output=True, check=True)
    (programs.parent / ".kit-place").write_text(str(folder))
    for extra in ("core", "demo", "kit", "test", "lab", "browser"):  # what ./run would install, with its own sums
        (programs.parent / f".kit-{extra}").write_bytes(state.stdout.rstrip(b"\n"))


def environment(home: Path) -> dict[str, str]:
    """Return the environment of somebody who has just cloned the project."""
    own = {"PATH": f"{home}/.venv/bin:{os.environ['PATH']}", "HOME": str(home), "PYTHONPATH": str(PROJECT)}
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("KIT_", "JUPYTER", "PYTEST"))
    }
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")  # compiled loops are kept there
    return {**kept, **own, "XDG_CACHE_HOME": cache}


def script(block: Block) -> str:
    """Return what a shell runs for a block: the names of runs stand for those that there are."""

    def run_of(match: re.Match[str]) -> str:
        place = match["stage"] or "outputs"
        return f'"$(newest {place} {2 if match[0] == "BEFORE" else 1})"'

    return PRELUDE + "\n".join(RUNS.sub(run_of, line.partition(" # ")[0]) for line in block.text.splitlines())


def run(block: Block, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a block in `home`."""
    if block.target and block.language != "sh":
        target = home / block.target
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(block.text, encoding="utf-8")
        return subprocess.CompletedProcess([], 0, "", "")
    words = {"sh": ["bash", "-c", script(block)], "python": [sys.executable, "-c", block.text]}[block.language]
    return subprocess.run(words, cwd=home, env=environment(home), capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL)  # fmt: skip
