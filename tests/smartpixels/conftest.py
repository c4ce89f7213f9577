"""What the tests of smartpixels share: pulse responses, and the loops in both forms."""

from pathlib import Path

import pytest

from kit.smartpixels import demo
from kit.smartpixels.engine import NUMPY, compiled_engine
from tests.smartpixels import samples


@pytest.fixture(scope="session")
def pulses_text() -> str:
    """Return pulse responses of a few charges as CSV."""
    return demo.make_pulses(samples.SHORT_CHARGES)


@pytest.fixture(scope="session")
def pulses(pulses_text: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of a CSV file of pulse responses."""
    path: Path = tmp_path_factory.mktemp("pulses") / "pulses.csv"
    path.write_text(pulses_text)
    return str(path)


@pytest.fixture(params=["numpy", "compiled"])
def engine(request: pytest.FixtureRequest):
    """Return the loops: each test runs with NumPy and compiled."""
    return NUMPY if request.param == "numpy" else compiled_engine()


@pytest.fixture
def base3(shared_data: Path) -> Path:
    """Return the folder of the reference case."""
    return shared_data / "smartpixels"
