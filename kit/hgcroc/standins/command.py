"""Stand-ins for the programs that the original software calls, for computers where those are not installed.

``python -m kit.hgcroc.standins FOLDER`` writes `daq-client`, `unpack` and `fracker` into a folder. With that on
PATH the programs of both generations run their whole pipelines against the emulator.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import kit
from kit import files
from kit.hgcroc.standins.client import STARTED_BY

__all__ = ["TOOLS", "main", "write_tools"]

TOOLS = {"daq-client": "client", "unpack": "unpack", "fracker": "fracker"}


def write_tools(folder: Path) -> list[Path]:
    """Write the tools into a folder and return their paths.

    They run with this interpreter and this kit, whatever environment calls them.
    """
    made = []
    home = shlex.quote(str(Path(kit.__file__).resolve().parents[1]))
    for name, module in TOOLS.items():
        path = folder / name
        words = " ".join(map(shlex.quote, (sys.executable, "-m", f"kit.hgcroc.standins.{module}")))
        with files.whole(path) as part:
            part.write_text(
                f"#!/bin/sh\nunset PYTHONHOME\nPYTHONPATH={home} {STARTED_BY}=$PPID\n"
                f'export PYTHONPATH {STARTED_BY}\nexec {words} "$@"\n'
            )
            part.chmod(0o755)
        made.append(path)
    return made


def main() -> None:
    """Write the tools into the folder that the command line names."""
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: python -m kit.hgcroc.standins FOLDER\n\nwrites " + ", ".join(TOOLS) + " into FOLDER")
    sys.stdout.write("\n".join(map(str, write_tools(Path(sys.argv[1])))) + "\n")
