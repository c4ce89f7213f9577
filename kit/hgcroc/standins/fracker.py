"""Stand-in for `fracker`: from a ROOT file and a full configuration to the table of generation 1.0.15."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from kit import wording
from kit.hgcroc import messages
from kit.hgcroc.compound_table import EVENT_TYPE, SUMMARY_TYPES, type_of, write_table
from kit.hgcroc.layout import BOARDS
from kit.hgcroc.legacy import EVENTS_1015, SEARCH_1015
from kit.hgcroc.messages import MessageError
from kit.hgcroc.planning.states import row_registers
from kit.hgcroc.registers import RegisterError, RegisterTable, register_table
from kit.hgcroc.standins.unpack import EVENT_TREE, SUMMARY_TREE
from kit.hgcroc.summaries import ROWS, row_columns

__all__ = ["FrackError", "frack", "main"]

IntArray = npt.NDArray[np.int64]
Columns = dict[str, npt.NDArray[Any]]


MANY = 2_000_000  # rows at once


class FrackError(ValueError):
    """A table that cannot be made as asked."""


class _Lists(click.Command):
    """A command whose option -s takes all words up to the next option, as the original's does."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        words: list[str] = []
        listing = False
        for word in args:
            if word.startswith("-"):
                listing = word == "-s"
                words += [] if listing else [word]
            else:
                words += ["-s", word] if listing else [word]
        return super().parse_args(ctx, words)


@click.command(cls=_Lists)
@click.option(
    "-c", "config", required=True, type=click.Path(exists=True, dir_okay=False), help="Full configuration."
)
@click.option("-i", "root", required=True, type=click.Path(exists=True, dir_okay=False), help="ROOT file.")
@click.option("-o", "table", required=True, type=click.Path(dir_okay=False), help="HDF5 file to write.")
@click.option("-b", "rows", type=click.IntRange(1), default=MANY, help="Rows at once.")
@click.option("-s", "columns", multiple=True, help="Columns; none for all.")
@click.option("-p", "level", type=click.IntRange(0, 9), default=3, help="Level of compression.")
@click.option(
    "-f", "mode", type=click.Choice(["summary", "full"]), default="summary", help="Rows: channels or events."
)
def main(config: str, root: str, table: str, rows: int, columns: tuple[str, ...], level: int, mode: str) -> None:
    """Join measured columns and registers into the table /data/measurements."""
    try:
        frack(Path(config), Path(root), Path(table), columns, mode=mode, rows=rows, level=level)
    except (FrackError, MessageError, RegisterError, OSError) as fault:
        raise click.ClickException(str(fault)) from fault


def frack(
    config: Path,
    root: Path,
    path: Path,
    columns: Sequence[str],
    *,
    mode: str,
    rows: int = MANY,
    level: int = 3,
) -> int:
    """Write the table and return its rows.

    Raises
    ------
    FrackError
        If a column is neither measured nor a register, naming the nearest, or the file has no such tree.
    """
    table, state = state_in(config)
    measured = dict.fromkeys(EVENTS_1015, EVENT_TYPE) if mode == "full" else SUMMARY_TYPES
    names = list(columns) or [*measured, *_all_registers(table)]
    registers = _registers(table, [name for name in names if name not in measured], measured)
    highest = {name: int(table.maximum[index].max()) for name, index in registers.items()}
    types = {name: measured[name] for name in names if name in measured}
    types |= {name: type_of(highest[name]) for name in registers}
    values = {name: state[index] for name, index in registers.items()}
    return write_table(path, types, _parts(root, mode, measured, values, rows), level)


def state_in(config: Path) -> tuple[RegisterTable, IntArray]:
    """Return board and registers of a full configuration; what it leaves out has its reset value."""
    tree = messages.as_map(config.read_bytes())
    target = tree.get("target", tree)
    chips = {roc: below for roc, below in target.items() if str(roc).startswith("roc")}
    board = next((name for name in ("char", "ld", "hd") if len(BOARDS[name].rocs) >= len(chips)), "hd")
    table = register_table(board)
    state = table.reset.copy()
    index, value = table.leaves(chips, check_ranges=False)
    state[index] = value
    return table, state


def _all_registers(table: RegisterTable) -> list[str]:
    return list(dict.fromkeys(name for block in SEARCH_1015 for name in table.names(block)))


def _registers(table: RegisterTable, names: Sequence[str], measured: Mapping[str, Any]) -> dict[str, IntArray]:
    found = {}
    wrong = []
    for name in names:
        try:
            found[name] = row_registers(table, name, SEARCH_1015)
        except KeyError:
            wrong.append(name + wording.suggestion(name, [*measured, *_all_registers(table)]))
    if wrong:
        message = f"neither measured nor a register: {', '.join(wrong)}"
        raise FrackError(message)
    return found


def _parts(
    root: Path, mode: str, measured: Mapping[str, Any], registers: Mapping[str, IntArray], rows: int
) -> Iterator[Columns]:
    import uproot

    name = EVENT_TREE if mode == "full" else SUMMARY_TREE
    with uproot.open(root) as file:
        if name not in file:
            message = f"{root} has no tree {name}, only {', '.join(file.keys()) or 'nothing'}"
            raise FrackError(message)
        tree = file[name]
        for part in tree.iterate(list(measured), step_size=rows, library="np"):
            columns: Columns = dict(part)
            place = _rows_of(columns, mode)
            columns |= {key: values[place] for key, values in registers.items()}
            yield columns


def _rows_of(columns: Columns, mode: str) -> IntArray:
    """Return for each row of the tree its place among the rows of a summary."""
    chip, channel = columns["chip"].astype(np.int64), columns["channel"].astype(np.int64)
    if mode == "full":
        half = columns["half"].astype(np.int64)
        inside = np.where(
            channel < 36, half * 36 + channel, np.where(channel == 36, 72 + half, 37 + 2 * half + channel)
        )
    else:
        kinds = row_columns(1)
        starts = {
            int(kind): int(np.argmax(kinds["channeltype"] == kind)) for kind in np.unique(kinds["channeltype"])
        }
        inside = channel + np.array([starts[int(kind)] for kind in columns["channeltype"]], dtype=np.int64)
    return chip * ROWS + inside


if __name__ == "__main__":
    main()
