"""Every stage on its own demo input, offline, and one page about all of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from kit import files, manifest
from kit.batch import notebooks, runner
from kit.directories import RunError
from kit.parameters import read_yaml
from kit.report import write_page

__all__ = ["run_all"]


def run_all(system: str | None, folder: Path | None, say: Callable[[str], object]) -> tuple[Path, list[str]]:
    """Run the stages that have a demo, and return the page about them and the names of those that failed.

    Parameters
    ----------
    system : str or None
        Only the stages of this system.
    folder : Path or None
        Where runs and page go; a new folder below ``outputs`` where None. Stages that are complete there are
        not run again.
    say : callable
        Told about each stage as it comes.

    Raises
    ------
    RunError
        If no stage has a demo, ``parameters/<system>/<stage>.yaml``.
    """
    folder = folder or files.resolve("outputs") / f"demo_{datetime.now().astimezone():%Y%m%d_%H%M%S}"
    chosen = [found for found in notebooks.stages() if system in (None, found.path.parent.name)]
    chosen = [found for found in chosen if _demo_of(found).is_file()]
    if not chosen:
        message = f"no stage{f' of {system}' if system else ''} has a demo in {files.resolve('parameters')}"
        raise RunError(message)
    failed = []
    for number, notebook in enumerate(chosen, 1):
        say(f"[{number}/{len(chosen)}] {notebook.stage}: {notebook.title}")
        demo = _demo_of(notebook)
        try:
            values = read_yaml(demo) | {"output": str(folder / notebook.stage)}
            directory = runner.run_notebook(notebook, notebook.parameters(values, files.shown(demo)))
            for notice in manifest.load(directory).manifest.get("notices", []):
                say(f"  notice: {notice}")
        except (RunError, ValueError, OSError, ImportError) as fault:
            say(f"  failed: {fault}")
            failed.append(notebook.stage)
    runs = [
        manifest.load(folder / found.stage)
        for found in chosen
        if (folder / found.stage / manifest.MANIFEST).is_file()
    ]
    page = folder / "index.html"
    sentence = (
        "Every stage on events that it makes itself, on one computer: its pictures, its numbers, its notebook."
    )
    runs.sort(key=lambda run: run.stage.startswith("batch/"))  # physics first; keeps the order otherwise
    about = {found.stage: (found.title, found.sentence) for found in chosen}
    write_page(page, "hep-notebook-kit: the demo", sentence, runs, about)
    return page, failed


def _demo_of(notebook: notebooks.Notebook) -> Path:
    return files.resolve("parameters") / f"{notebook.stage}.yaml"
