"""How the tests are shared out where several processes run them (``./run test``): by files, the longest first.

All tests that need the pool are one share, so that there is one pool, and it is the first: they wait more than
they compute, and a process that does nothing but wait at the end would be time lost for all. For the same reason
there is one process more than there are cores.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

__all__ = ["pytest_collection_modifyitems", "pytest_xdist_auto_num_workers", "pytest_xdist_make_scheduler"]

SHARES = ("tests/condor/", "tests/faults/")  # what is started once for all of them costs more than a test
# files of few tests that take longer than many others; beyond these, the number of tests tells
LONG = (
    "tests/test_demo.py",
    "tests/test_documentation.py",
    SHARES[1],
    "tests/hgcroc/panels/",
    "tests/hgcroc/test_session.py",
    "tests/batch/test_pool.py",
    "tests/batch/worker/",
)


def share_of(nodeid: str) -> str:
    """Return what a test is run together with."""
    return next((share for share in SHARES if nodeid.startswith(share)), nodeid.partition("::")[0])


def in_order(nodeids: list[str]) -> list[int]:
    """Return the places of tests in the order in which they are shared out."""
    sizes = Counter(map(share_of, nodeids))

    def rank(place: int) -> tuple[int, int]:
        share = share_of(nodeids[place])
        return 0 if share == SHARES[0] else 1 if share.startswith(LONG) else 2, -sizes[share]

    return sorted(range(len(nodeids)), key=rank)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items[:] = [items[place] for place in in_order([item.nodeid for item in items])]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    from kit.batch import capacity

    return capacity.cores() + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class ByShare(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return share_of(nodeid)

    config.option.loadscopereorder = False  # the order is that of the items
    return ByShare(config, log)
