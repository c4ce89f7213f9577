"""What the tests of smartpixels share: pulse responses, and the loops in both forms."""

from pathlib import Path

import pytest

from kit.smartpixels import demo
from kit.smartpixels.cluster_view import view_of
from kit.smartpixels.convolution import ConvolutionParameters
from kit.smartpixels.engine import NUMPY, compiled_engine
from kit.smartpixels.options import ClusterParameters
from kit.smartpixels.random_access import index_of
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


@pytest.fixture
def index(tmp_path, monkeypatch):
    """Return the index of a file of four clusters."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = samples.write(tmp_path, samples.text_of(samples.clusters(4)))
    found = index_of(path, ClusterParameters(clusters=[path]))
    yield found
    found.access.close()


@pytest.fixture
def view(index, pulses):
    """Give a function that returns the view of a cluster."""

    def make(place=0, **values):
        p = ConvolutionParameters.build({"pulses": pulses, **samples.SHORT, **values})
        return view_of(index.block(place), index.geometry, p, "pixel_clusters_d00001")

    return make
