"""One round as files: what every job gets of it, and what HTCondor reads.

It is written into a folder of its own under a temporary name and renamed when it is whole, so that a killed
submission leaves a round or none.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kit.batch.chunks import Chunk, compact
from kit.batch.rounds import Round

__all__ = ["LINKED", "RoundFiles"]

WORKER = Path(__file__).parent / "worker"
LINKED = "inputs"  # the folder of a round with links to inputs that travel under another name


@dataclass(frozen=True)
class RoundFiles:
    """What a round is made of.

    Attributes
    ----------
    chunks : sequence of Chunk
        In the order of the job numbers.
    lines : sequence of bytes
        The line of each point of the run, by its index.
    worker : dict
        What ``worker.json`` tells all workers; `log` names the event log.
    description, script : str
        ``job.sub`` and ``run.sh``.
    carried : dict
        For each chunk that brings inputs of its own: what travels for each of them; below `LINKED` a link to it.
    further : dict
        Other files, by their names: those of a DAG.
    """

    chunks: Sequence[Chunk]
    lines: Sequence[bytes]
    worker: dict[str, Any]
    description: str
    script: str
    carried: dict[str, dict[str, str]]
    further: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path, number: str) -> Round:
        """Write the round `number` into `folder`, whole or not at all."""
        part = folder / f"{number}.part"
        if part.exists():
            shutil.rmtree(part)
        (part / "points").mkdir(parents=True)
        for name in {chunk.folder for chunk in self.chunks}:  # HTCondor makes no directory for what jobs print
            (part / "logs" / name).mkdir(parents=True)
        for chunk in self.chunks:
            if not chunk.label:  # one with a name of its own makes its points itself
                self._write_slice(part / "points" / f"{chunk.name}.jsonl", chunk)
        for path, other in (pair for carried in self.carried.values() for pair in carried.items()):
            if other.startswith(f"{LINKED}/"):
                (part / other).parent.mkdir(parents=True, exist_ok=True)
                (part / other).symlink_to(path)
        listed = [[compact(chunk.indexes), chunk.memory_mb, *filter(None, [chunk.label])] for chunk in self.chunks]
        (part / "chunks.json").write_text(json.dumps(listed), encoding="utf-8")
        (part / "chunks.txt").write_text("".join(self.rows), encoding="utf-8")
        (part / "worker.json").write_text(json.dumps(self.worker, indent=1), encoding="utf-8")
        for name, text in ({"job.sub": self.description} | self.further).items():
            if text:
                (part / name).write_text(text, encoding="utf-8")
        (part / "run.sh").write_text(self.script, encoding="utf-8")
        (part / "run.sh").chmod(0o755)
        shutil.copytree(WORKER, part / "worker", ignore=shutil.ignore_patterns("__pycache__"))
        part.rename(folder / number)
        return Round(folder / number)

    @property
    def rows(self) -> list[str]:
        """The rows of ``chunks.txt``: chunk, log directory, memory, and the files that it brings along."""
        return [self._row(chunk) for chunk in self.chunks]

    def _row(self, chunk: Chunk) -> str:
        columns = [chunk.name, chunk.folder, str(chunk.memory_mb)]
        if self.carried:
            columns.append(", ".join(self.carried[chunk.name].values()))
        return ", ".join(columns) + "\n"

    def _write_slice(self, path: Path, chunk: Chunk) -> None:
        with path.open("wb") as stream:
            for index in chunk.indexes:
                line = self.lines[index]
                if carried := self.carried.get(chunk.name):
                    inputs = json.dumps(
                        {path: Path(other).name for path, other in carried.items()}, ensure_ascii=False
                    )
                    line = line.rstrip()[:-1] + f',"inputs":{inputs}}}\n'.encode()
                stream.write(line)
