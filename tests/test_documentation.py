"""What is documented is so: every block of README and recipes runs, every command in prose exists."""

import re

import click
import pytest

from kit.batch.notebooks import Notebook, source_of
from kit.cli import cli
from tests import documentation
from tests.documentation import PAGES, PLACES, PROJECT, blocks, commands, sections, spans

SECTIONS = sections()
ALL = [block for section in SECTIONS.values() for block in section]
LANGUAGES = ("sh", "python", "yaml")
STAGES = sorted((PROJECT / "notebooks").glob("[!.]*/[!.]*.ipynb"))
GENERAL = {
    "STAGE",
    "SYSTEM/STAGE",
    "…",
    "-f",
    "name=value",
    "NAME=VALUE",
}  # last words of what is spoken of in general
LONG = ("./run demo",)  # what is run by the slow tests alone
QUICK = (  # sections that everybody reads; the others, which take minutes together, are run by the slow tests
    "README: Five minutes in batch",
    "README: Three ways to run the same page",
)


def place_of(block):
    return f"{block.page}:{block.line}"


each_block = pytest.mark.parametrize("block", ALL, ids=place_of)
away = pytest.mark.parametrize("block", [block for block in ALL if block.place], ids=place_of)


@pytest.fixture(scope="session")
def inputs(tmp_path_factory):
    """Return a folder with inputs of the names that the pages use."""
    from tests.documentation_inputs import make_inputs

    folder = tmp_path_factory.mktemp("inputs")
    make_inputs(folder)
    return folder


@pytest.fixture
def home(tmp_path, inputs):
    """Return a fresh clone of the project, with inputs of the reader's own."""
    folder = tmp_path / "home"
    documentation.make_home(folder, inputs / "outputs")
    for path in sorted(inputs.rglob("*")):
        target = folder / path.relative_to(inputs)
        if path.is_file() and "outputs" not in path.relative_to(inputs).parts and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.hardlink_to(path)
    return folder


def test_the_sections_that_everybody_reads_are_there():
    assert set(QUICK) <= set(SECTIONS)


def run_all(section, home, *, slow):
    for block in section:
        if block.place or slow != any(line in block.text for line in LONG):
            continue
        done = documentation.run(block, home)
        told = f"{place_of(block)}\n{block.text}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        assert done.returncode == 0, told


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in SECTIONS]
)
def test_every_block_of_a_section_runs_one_after_the_other(name, home):
    run_all(SECTIONS[name], home, slow=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, section in SECTIONS.items() if any(
    line in block.text for block in section for line in LONG)])  # fmt: skip
def test_what_takes_minutes_runs_too(name, home):
    run_all(SECTIONS[name], home, slow=True)


@each_block
def test_a_block_is_of_a_known_language_and_names_a_known_place(block):
    assert block.language in LANGUAGES
    assert block.place in ("", *PLACES)


@away
def test_who_reads_is_told_which_place_a_block_needs(block):
    assert PLACES[block.place] in block.before + block.text.splitlines()[0]


@each_block
def test_the_commands_of_a_block_exist_with_all_their_words(block):
    if block.language == "sh":
        assert [fault for words in commands(block.text) for fault in faults_of(words)] == []


def prose():
    """Yield commands in prose: of pages, notebooks, comments in parameter files, the command's help."""
    for name in PAGES:
        yield from ((name, span) for span in spans((PROJECT / name).read_text()))
    for path in [PROJECT / "notebooks" / "index.ipynb", *STAGES]:
        for cell in Notebook(path).content["cells"]:
            if cell["cell_type"] == "markdown":
                yield from ((f"{path.parent.name}/{path.name}", span) for span in spans(source_of(cell)))
    for path in sorted((PROJECT / "parameters").rglob("*.yaml")):
        text = re.sub(r"\\\n# +", " ", path.read_text())
        yield from ((path.name, match[1]) for match in re.finditer(r"^#   ?(kit [^#\n]+?)(?:  .*)?$", text, re.M))
    for command in (cli, *cli.commands.values()):
        for match in re.finditer(r"^ *(kit [a-z][^\n]*?)(?:  .*)?$", command.help or "", re.M):
            yield f"kit {command.name} --help", match[1]


@pytest.mark.parametrize(("where", "text"), [pytest.param(*one, id=f"{one[0]}: {one[1]}") for one in prose()])
def test_a_command_in_prose_exists_with_all_its_words(where, text):
    assert [fault for words in commands(text) for fault in faults_of(words)] == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("kit rum opendata/masses", "No such command"),
        ("kit run opendata/masses -p bin_with=5", "bin_with is not known"),
        ("kit run opendata/masse", "there is no stage"),
        ("kit submit opendata/masses --over bin_width=1,2 --bundel 3", "No such option"),
        ("kit submit opendata/masses --over bin_with=1,2", "bin_with is not known"),
        ("kit submit opendata/masses --over bin_width=1,2 --profile cern", "there is no profile cern"),
        ("kit run opendata/masses -f parameters/opendata/mass.yaml", "there is no file"),
        ("./run domo", "there is no ./run domo"),
        ("papermill notebooks/opendata/masses.ipynb out.ipynb -p bin_with 5", "bin_with is not known"),
        ("ktinit", "is not a command that the pages use"),
    ],
)
def test_a_mistake_in_a_page_is_seen(text, fault):
    (words,) = commands(text)
    assert fault in "\n".join(faults_of(words))


def faults_of(words):
    """Return what is wrong with a command that is written somewhere, as far as that shows without running it."""
    checks = {"kit": kit_faults, "./run": run_faults, "papermill": papermill_faults}
    if words[0] in checks:
        return list(checks[words[0]](words[1:]))
    ordinary = {"python", "cd", "git", "kinit", "ssh", "eval", "mkdir", "cp", "export", "source", "pip", "jupyter"}
    return [] if words[0] in ordinary else [f"{words[0]} is not a command that the pages use"]


def run_faults(words):
    told = (PROJECT / "run").read_text()
    if not re.search(rf"^  {words[0]} ", told, re.M):
        yield f"there is no ./run {words[0]}"
    if words[0] == "kit":
        yield from kit_faults(words[1:])


def papermill_faults(words):
    notebooks = [word for word in words if word.endswith(".ipynb")]
    yield from name_faults(notebooks[0], [words[place + 1] for place, word in enumerate(words) if word == "-p"])
    yield from file_faults([words[place + 1] for place, word in enumerate(words) if word == "-f"])


def kit_faults(words):
    name, *rest = words
    if name not in cli.commands:
        yield f"No such command {name}"
        return
    if not rest or {rest[0], rest[-1]} & GENERAL:
        return  # spoken of in general
    try:
        given = cli.commands[name].make_context(name, rest).params
    except (click.exceptions.Exit, OSError):  # help; a run that is not there
        return
    except click.ClickException as fault:
        yield fault.format_message()
        return
    stage = given.get("stage") if name in ("run", "plan", "submit", "stages") else None
    if not stage or stage.endswith(".ipynb"):
        return
    if not (PROJECT / "notebooks" / f"{stage}.ipynb").is_file():
        yield f"there is no stage {stage}"
        return
    pairs = [*given.get("values", ()), *given.get("axes", ())]
    yield from name_faults(f"notebooks/{stage}.ipynb", [pair.partition("=")[0] for pair in pairs])
    yield from file_faults([str(given["file"])] if given.get("file") else [])
    profile = given.get("batch_profile")
    if profile and profile not in {path.stem for path in (PROJECT / "kit/batch/profiles").glob("*.yaml")}:
        yield f"there is no profile {profile}"


def name_faults(notebook, names):
    model = Notebook(PROJECT / notebook).model
    yield from (f"{name} is not known" for name in names if name not in model.model_fields)


def file_faults(paths):
    written = {block.target for block in ALL}
    for path in paths:
        if path not in written and not (PROJECT / path).is_file():
            yield f"there is no file {path}"


def declared():
    for path in STAGES:
        yield from (pytest.param(path, name, id=f"{path.parent.name}/{path.stem}: {name}")
                    for name, _ in Notebook(path).model.declared())  # fmt: skip


@pytest.fixture(scope="session")
def helps():
    """Return the parameters of each stage as the command tells them."""
    from kit.batch import request

    return {path: click.unstyle(request.table(Notebook(path))) for path in STAGES}


@pytest.mark.parametrize(("path", "name"), list(declared()))
def test_a_parameter_is_explained_once_and_told_everywhere_in_these_words(path, name, helps):
    from kit import wording
    from kit.widgets.controls import Control

    model = Notebook(path).model
    meaning = wording.explain(model.model_fields[name])
    assert len(meaning.split()) > 1
    cell = source_of(Notebook(path).content["cells"][Notebook(path).tagged])
    (line,) = [line for line in cell.splitlines() if line.startswith(f"{name}:")]
    assert line.endswith(f"# {meaning}")
    assert re.search(rf"^\W*{name}\b", helps[path], re.M)
    told = " ".join(helps[path].split())
    assert all(word in told for word in meaning.split())
    control = Control(model, name, getattr(model(), name))
    assert control.field.description.startswith(name)
    assert control.field.tooltip == meaning


def test_no_page_repeats_the_words_of_a_parameter():
    """They stand where it is declared; what stands twice is soon told in two ways."""
    from kit import wording

    models = [Notebook(path).model for path in STAGES]
    words = {wording.explain(field) for model in models for _, field in model.declared()}
    prose = [(PROJECT / name).read_text() for name in PAGES]
    prose += [source_of(cell) for path in STAGES for cell in Notebook(path).content["cells"]
              if cell["cell_type"] == "markdown"]  # fmt: skip
    whole = " ".join(" ".join(prose).split())
    assert [text for text in sorted(words) if len(text.split()) > 4 and text in whole] == []


def test_every_page_is_tested_and_named_in_the_readme():
    for path in PROJECT.glob("*.md"):
        assert path.name in (*PAGES, "CHANGELOG.md") or not blocks(path)
    assert "RECIPES.md" in (PROJECT / "README.md").read_text()


@pytest.mark.parametrize("name", [*PAGES, "CHANGELOG.md", "outputs/README.md"])
def test_the_links_of_a_page_lead_somewhere(name):
    page = PROJECT / name
    text = page.read_text()
    anchors = {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.+)$", text, re.M)
    }
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        target, _, anchor = link.partition("#")
        if not link.startswith("http"):
            assert (page.parent / target).exists() or not target, link
            assert not anchor or target or anchor in anchors, link
