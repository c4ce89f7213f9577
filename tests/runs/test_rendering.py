"""A page needs nothing beside it, shows what a notebook says, and runs nothing of it."""

import base64
import re

import nbformat
import pytest

from kit import files
from kit.files import picture_address
from kit.runs.rendering import notebook_html, write_html

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def notebook(tmp_path, *cells):
    path = tmp_path / "n.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=list(cells)), path)
    return path


def code(source, *outputs):
    return nbformat.v4.new_code_cell(source, outputs=list(outputs))


def shown(kind, content):
    return nbformat.v4.new_output("display_data", data={kind: content})


def test_prose_code_and_outputs_are_there(tmp_path):
    path = notebook(
        tmp_path,
        nbformat.v4.new_markdown_cell("# Muons\n\nwith *a < b* and `x<y>`"),
        code("1 < 2", nbformat.v4.new_output("stream", name="stdout", text="<yes>")),
        code("t", shown("text/html", "<table><tr><th colspan='2'>η</th></tr><tr><td>1</td></tr></table>")),
        code("p", shown("image/png", base64.b64encode(PNG).decode())),
    )
    page = notebook_html(path)
    assert ">Muons" in page
    assert "<em>a &lt; b</em>" in page
    assert "<code>x&lt;y&gt;</code>" in page
    assert "&lt;yes&gt;" in page
    assert re.search(r'<th colspan="2">η</th>', page)
    assert "data:image/png;base64,iVBORw0KGgo" in page


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        "<img src='x' onerror='alert(1)'>",
        "<img src='https://example.org/seen.png'>",
        "<iframe src='https://example.org'></iframe>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='data:text/html,<b>'>x</a>",
        "<svg onload='alert(1)'></svg>",
        "<form action='https://example.org'><input></form>",
        "<link rel='stylesheet' href='https://example.org/x.css'>",
        "<b style='background: url(https://example.org/x.png)'>x</b>",
    ],
)
def test_nothing_runs_and_nothing_is_fetched(tmp_path, evil):
    cells = [nbformat.v4.new_markdown_cell(evil), code("x", shown("text/html", evil))]
    page = notebook_html(notebook(tmp_path, *cells))
    tags = [tag for tag in re.findall(r"<[^>]*>", page) if not tag.startswith(("<style", "</style"))]
    assert not [tag for tag in tags if re.search(r"<(script|iframe|form|input|link|svg)|\son\w+=|style=", tag)]
    assert not [tag for tag in tags if "example.org" in tag or "javascript:" in tag or "data:text" in tag]


def test_scripts_among_outputs_are_not_run(tmp_path):
    page = notebook_html(notebook(tmp_path, code("x", shown("application/javascript", "alert(1)"))))
    assert "<script" not in page


def test_what_is_no_notebook_is_named(tmp_path):
    path = tmp_path / "n.ipynb"
    path.write_text("{")
    with pytest.raises(files.FormatError, match=r"^n\.ipynb: is no notebook: "):
        notebook_html(path)


def test_a_picture_lies_inside_the_page(tmp_path):
    (tmp_path / "p.png").write_bytes(PNG)
    address = picture_address(tmp_path / "p.png")
    assert base64.b64decode(address.removeprefix("data:image/png;base64,")) == PNG


def test_values_are_escaped(tmp_path):
    write_html(tmp_path / "x.html", "a < b", "<p>{{ text }}</p>", {"text": "<b>"})
    page = (tmp_path / "x.html").read_text()
    assert "<title>a &lt; b</title>" in page
    assert "<p>&lt;b&gt;</p>" in page
