"""A forked kernel leaves what an ordinary one leaves, for everything that a notebook can do."""

import json
import re
from pathlib import Path

import pytest

from tests.batch.worker.conftest import Chunk
from tests.conftest import write_notebook

EVERYTHING = (
    ("parameters", "seed: int = 1  # a seed"),
    "print('text')\nimport sys\nprint('error', file=sys.stderr)\nseed",
    "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2, seed])\nplt.show()",
    "fig, axes = plt.subplots(); axes.hist([1, 2, 2])\nfig",
    "!echo from the shell $((1 + 1))",
    "import os, subprocess as s\ns.run(['echo', 'from a child'])\n_ = os.system('echo from another child >&2')",
    "from IPython.display import HTML, display\nhandle = display(HTML('<b>before</b>'), display_id=True)",
    "handle.update(HTML('<b>after</b>'))",
    "import asyncio\nawait asyncio.sleep(0.01)\n'awaited'",
    "import ipywidgets\nipywidgets.IntSlider(value=seed)",
    "from tqdm import tqdm\nfor _ in tqdm(range(3), mininterval=100): pass",
    "import warnings\nwarnings.warn('careful')",
    "%timeit -n1 -r1 pass",
    "{'a': [1, 2]}",
    "1 / 0",
)


def outputs(path):
    """Return types and MIME keys of all outputs, texts without what may differ from run to run."""
    found = []
    for cell in json.loads(path.read_text())["cells"]:
        for output in cell.get("outputs", []):
            kind = output["output_type"]
            if kind == "stream":
                text = re.sub(
                    r"[\d.]+ ?(it/s|ns|µs|us|ms|s|\?it)|ipykernel_\d+/\d+|\d+%.*|[\d.]+(?=ns|µs)",
                    "~",
                    "".join(output["text"]),
                )
                found.append((kind, output["name"], text))
            elif kind == "error":
                found.append((kind, output["ename"], output["evalue"]))
            else:
                found.append((kind, sorted(output["data"])))
    return found


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """Return what both engines have left of one notebook: it is executed once by each."""
    folder = tmp_path_factory.mktemp("compared")
    made = Chunk(folder, write_notebook(folder / "source" / "toy.ipynb", *EVERYTHING))
    executed = {}
    for isolation in ("fork", "kernel"):
        made.orders(isolation=isolation, preload=["matplotlib.pyplot", "ipywidgets", "tqdm", "subprocess"])
        made.results.unlink(missing_ok=True)
        made.tar.unlink(missing_ok=True)
        made.points({"seed": 3})
        status, out, err = made.run()
        assert (status, err) == (0, "from another child\n")  # ipykernel lets what children print through, too
        assert ("forked with matplotlib.pyplot, ipywidgets, tqdm, subprocess" in out) == (isolation == "fork")
        (output,) = [file for file in made.lines()[0]["outputs"] if file["name"] == "toy.ipynb"]
        executed[isolation] = made.folder / f"{isolation}.ipynb"
        whole = made.tar.read_bytes()
        executed[isolation].write_bytes(whole[output["offset"] : output["offset"] + output["bytes"]])
        executed[isolation + "-line"] = made.lines()[0]
    return executed


def test_the_outputs_are_the_same_in_type_and_content(compared):
    assert outputs(compared["fork"]) == outputs(compared["kernel"])
    found = outputs(compared["fork"])
    assert (
        sum("image/png" in keys for kind, keys in ((row[0], row[1]) for row in found) if kind == "display_data")
        == 1 + 1
    )
    assert ("stream", "stdout", "from a child\n") in found
    assert found[-1] == ("error", "ZeroDivisionError", "division by zero")


def test_metadata_and_error_marks_are_papermills_in_both(compared):
    for isolation in ("fork", "kernel"):
        content = json.loads(compared[isolation].read_text())
        assert content["metadata"]["papermill"]["exception"] is True
        assert content["metadata"]["language_info"]["name"] == "python"
        assert "application/vnd.jupyter.widget-state+json" in content["metadata"]["widgets"]
        assert "An Exception was encountered" in "".join(content["cells"][0]["source"])
        assert [cell for cell in content["cells"] if "injected-parameters" in cell["metadata"].get("tags", [])]


def test_the_lines_say_the_same(compared):
    fork, kernel = compared["fork-line"], compared["kernel-line"]
    for key in ("state", "id", "summary"):
        assert fork[key] == kernel[key]
    assert {key: fork["error"][key] for key in ("name", "value", "cell")} == {
        key: kernel["error"][key] for key in ("name", "value", "cell")
    }


def test_a_socket_path_that_is_too_long_goes_to_a_shorter_place(chunk, tmp_path):
    long = tmp_path / ("long" * 30)
    long.mkdir()
    made = chunk(("parameters", "x = 1"), "x")
    made.points({"x": 2})
    assert made.run(TMPDIR=str(long))[0] == 0
    assert made.lines()[0]["state"] == "done"


@pytest.mark.parametrize("isolation", ["fork", "kernel"])
def test_nothing_of_a_kernel_is_left(chunk, isolation, eventually, alive):
    made = chunk(
        ("parameters", "x = 1"),
        "import os, subprocess\nprint(os.getpid(), subprocess.Popen(['sleep', '100']).pid)",
    )
    made.orders(isolation=isolation)
    made.points({"x": 1})
    assert made.run()[0] == 0
    pids = map(int, re.search(rb'"(\d+) (\d+)\\n"', made.tar.read_bytes()).groups())
    kernel, child = pids
    assert eventually(lambda: not alive(kernel))
    assert eventually(lambda: not alive(child))


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="only /proc tells threads")
def test_the_files_of_a_notebook_are_closed_and_its_exit_handlers_run(chunk):
    made = chunk(
        ("parameters", "x = 1"),
        "import atexit\nleft = open('left.txt', 'w')\n_ = left.write('buffered')\n"
        "_ = atexit.register(lambda: open('end.txt', 'w').write('the end'))",
    )
    made.points({"x": 1})
    made.run()
    whole = made.tar.read_bytes()
    assert b"buffered" in whole
    assert b"the end" in whole
