"""Analyses of users: classes as Datenraffinerie 0.1.2 calls them, plain functions, and notebooks.

A class gets the 179-column table that it always got, on a copy of the data, and a folder; a function gets a
`tabulation.Table` and its parameters; a notebook is run as any other, with the parameters ``scan`` and ``folder``.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from kit import files, wording
from kit.hgcroc.calibration.distillates import Distillate
from kit.hgcroc.calibration.overlays import OVERLAY, layer_of, write_overlay
from kit.hgcroc.calibration.reasons import no_reasons
from kit.hgcroc.calibration.tabulation import Table, tabulate
from kit.hgcroc.legacy import frame_012
from kit.hgcroc.measurements import Scan
from kit.hgcroc.planning.documents import ProcedureError
from kit.hgcroc.registers import RegisterError

__all__ = ["UserAnalysisError", "UserDistilleries"]

DECLARED = ("summary", "plots", "calibration")
LAST_WORDS = 2000  # characters of a notebook's complaint that are told


class UserAnalysisError(RuntimeError):
    """An analysis of a user that is missing, fails, or does not write what it declares."""


class UserDistilleries:
    """The analyses in a package, a module, or a folder with notebooks, or in one notebook.

    Parameters
    ----------
    path : str
        A package's folder, a Python file, or a notebook.

    Raises
    ------
    UserAnalysisError
        If there is nothing at this path, or importing it fails.
    """

    def __init__(self, path: str) -> None:
        self.path = files.resolve(path)
        self.notebooks: dict[str, Path] = {}
        self.module: ModuleType | None = None
        if self.path.suffix == ".ipynb" and self.path.is_file():
            self.notebooks[self.path.stem] = self.path
        elif self.path.is_file() or (self.path / "__init__.py").is_file():
            self.module = _imported(self.path)
        if self.path.is_dir():
            self.notebooks |= {found.stem: found for found in sorted(self.path.glob("*.ipynb"))}
        if self.module is None and not self.notebooks:
            wrong = "should be" if self.path.exists() else "does not exist, should be"
            message = f"{files.shown(self.path)}: {wrong} a Python file, a package's folder or a notebook"
            raise UserAnalysisError(message)

    @property
    def names(self) -> list[str]:
        """The names of all analyses: classes with `run` and `output`, own functions, notebooks."""
        found = list(self.notebooks)
        for name, value in vars(self.module).items() if self.module else ():
            if name.startswith("_"):
                continue
            own = getattr(value, "__module__", "").partition(".")[0] == getattr(self.module, "__name__", "")
            if own and (inspect.isfunction(value) or _is_class(value)):
                found.append(name)
        return found

    def has(self, name: str) -> bool:
        """Tell whether there is an analysis of this name."""
        return name in self.notebooks or (self.module is not None and callable(getattr(self.module, name, None)))

    def run(self, name: str, parameters: Mapping[str, Any], scan: Path, folder: Path) -> list[str]:
        """Run an analysis on the file of a scan, and return the files that it has written, relative to `folder`.

        A calibration that it declares is in `overlay.yaml` as well.

        Raises
        ------
        UserAnalysisError
            Naming class, file and trace if it fails; the files that are missing if it does not write all.
        """
        if not self.has(name):
            near = wording.suggestion(name, self.names)
            known = ", ".join(self.names)
            message = f"{files.shown(self.path)}: there is no analysis {name!r}{near}; there are: {known}"
            raise UserAnalysisError(message)
        folder.mkdir(parents=True, exist_ok=True)
        if name in self.notebooks:
            return _run_notebook(self.notebooks[name], parameters, scan, folder)
        found = getattr(self.module, name)
        action = self._class if inspect.isclass(found) else self._function
        try:
            with Scan.open(scan) as opened:
                written = action(name, found, parameters, opened, folder)
                self._check_overlay(name, folder, opened)
                return written
        except UserAnalysisError:
            raise
        except (Exception, SystemExit) as fault:  # noqa: BLE001 - whatever a user's code does is told, others go on
            trace = "".join(traceback.format_exception(fault)[-4:]).rstrip()
            message = f"{name} of {files.shown(self.path)} fails with {type(fault).__name__}: {fault}\n{trace}"
            raise UserAnalysisError(message) from None

    def _check_overlay(self, name: str, folder: Path, scan: Scan) -> None:
        """Refuse a calibration that no chip would take, before a scan is laid over it."""
        if not (folder / OVERLAY).is_file():
            return
        try:
            scan.table.leaves(layer_of(folder / OVERLAY).tree.get("target") or {})
        except (RegisterError, ProcedureError) as fault:
            message = f"{name} of {files.shown(self.path)} writes a calibration that cannot be used: {fault}"
            raise UserAnalysisError(message) from None

    def _class(
        self, name: str, found: Callable[..., Any], parameters: Mapping[str, Any], scan: Scan, folder: Path
    ) -> list[str]:
        distillery = found(dict(parameters))
        declared = distillery.output()
        if not isinstance(declared, Mapping):
            told = f"{name} of {files.shown(self.path)}: output() returns a {type(declared).__name__}"
            message = f"{told}, should return a map with {', '.join(DECLARED)}"
            raise UserAnalysisError(message)
        distillery.run(frame_012(scan), str(folder.absolute()))
        wanted = [each for key in DECLARED for each in _as_list(declared.get(key))]
        if missing := [each for each in wanted if not (folder / each).is_file()]:
            message = f"{name} of {files.shown(self.path)} did not write {', '.join(missing)}, which it declares"
            raise UserAnalysisError(message)
        calibration = declared.get("calibration")
        if calibration and calibration != OVERLAY:
            with files.whole(folder / OVERLAY) as part:
                part.write_bytes((folder / calibration).read_bytes())
        return wanted

    def _function(
        self, name: str, found: Callable[..., Any], parameters: Mapping[str, Any], scan: Scan, folder: Path
    ) -> list[str]:
        table = tabulate(scan)
        result = found(table, **parameters)
        before = set(folder.iterdir())
        if isinstance(result, Distillate):
            result.save(folder)
            if result.tree:
                write_overlay(folder / OVERLAY, result.tree, name, table.sources)
        elif isinstance(result, Mapping):
            _as_distillate(name, table, result).save(folder)
        elif hasattr(result, "to_csv"):
            with files.whole(folder / "summary.csv") as part:
                result.to_csv(part)
        elif result is not None:
            told = f"{name} of {files.shown(self.path)} returns a {type(result).__name__}"
            message = f"{told}, should return a Distillate, a map of columns, a table or nothing"
            raise UserAnalysisError(message)
        return sorted(path.name for path in set(folder.iterdir()) - before)


def _as_distillate(name: str, table: Table, columns: Mapping[str, Any]) -> Distillate:
    rows = {str(key): np.broadcast_to(np.asarray(values), table.chip.shape) for key, values in columns.items()}
    return Distillate.of(name, table, rows, no_reasons(len(table.chip)))


def _is_class(value: Any) -> bool:
    return inspect.isclass(value) and callable(getattr(value, "run", None)) and hasattr(value, "output")


def _as_list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])


def _imported(path: Path) -> ModuleType:
    """Return a module from its path, under a name that no other module has."""
    folder = path.is_dir()
    name = f"user_analyses_{path.resolve().as_posix().strip('/').replace('/', '_').replace('.', '_')}"
    source = path / "__init__.py" if folder else path
    places = [str(path)] if folder else None
    spec = importlib.util.spec_from_file_location(name, source, submodule_search_locations=places)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # a package's own modules are found through it
    try:
        spec.loader.exec_module(module)
    except Exception as fault:  # noqa: BLE001 - whatever a user's code does is told
        del sys.modules[name]
        message = f"{files.shown(path)} cannot be imported: {type(fault).__name__}: {fault}"
        raise UserAnalysisError(message) from None
    return module


def _run_notebook(notebook: Path, parameters: Mapping[str, Any], scan: Path, folder: Path) -> list[str]:
    """Run a notebook as a person would: by the command, with the scan's file and the folder as parameters."""
    values = {**parameters, "scan": str(scan.absolute()), "folder": str(folder.absolute())}
    words = [f"{name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in values.items()]
    command = [
        sys.executable,
        "-m",
        "kit",
        "run",
        str(notebook),
        *(part for word in words for part in ("-p", word)),
    ]
    before = {path.name for path in folder.iterdir()}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=files.home())
    if done.returncode:
        said = (done.stderr or done.stdout)[-LAST_WORDS:].strip()
        message = f"{files.shown(notebook)} fails: {said}"
        raise UserAnalysisError(message)
    return sorted({path.name for path in folder.iterdir()} - before)
