"""What the tests of batch share: a small notebook, options for this computer, a run worked off."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kit.batch.options import Options

TOY_PARAMETERS = "x: float = 1.0  # the x\nseed: int = 1  # what makes it another\nlimit: float = 1e9  # the limit"
TOY_BODY = (
    "import json\nfrom pathlib import Path\n\nif x > limit and not Path('/KIT_MENDED').exists():\n"
    "    raise ValueError(f'{x} is above {limit}')"
)
TOY_END = "Path('summary.json').write_text(json.dumps({'square': x * x}))\n_ = Path('x.txt').write_text(f'{x}')\nx"
QUICK = {"try_first": False, "profile": "local", "workers": 2, "memory_mb": 400}


@pytest.fixture
def toy(make_notebook: Callable[..., Path], tmp_path: Path) -> Path:
    """Return a notebook that squares x, and raises where x is above a limit and a file is not there."""
    body = TOY_BODY.replace("/KIT_MENDED", str(tmp_path / "mended"))
    return make_notebook("notebooks/beam/toy.ipynb", ("parameters", TOY_PARAMETERS), body, TOY_END)


@pytest.fixture
def launched(tmp_path: Path) -> Callable[..., Any]:
    """Return a function that launches a sweep and returns how it stands."""

    def launch(notebook: Path, sweep: Any, fixed: dict[str, Any] | None = None, name: str = "run", **options: Any):
        from kit.batch import launching
        from kit.batch.planning import make_plan
        from kit.batch.status import status_of

        plan = make_plan(str(notebook), fixed or {}, sweep, Options.build(QUICK | options))
        batch = launching.launch(plan, tmp_path / name, say=lambda _text: None)
        return status_of(batch.directory)

    return launch
