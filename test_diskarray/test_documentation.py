"""The documentation does what it says: blocks run, configurations load, commands parse, links lead somewhere.

Python blocks that need JAX, the tutorials and the quick start are run by scripts of workspace_test.
"""

import fnmatch
import pathlib
import re
import shlex

import pytest

import diskarray
from diskarray.cli.main import parser_of_command
from diskarray.config.load import config_section
from diskarray.files.yaml import parse_yaml

ROOT = pathlib.Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(p for p in DOCS.rglob("*.md") if "_build" not in p.parts)]
HOSTS = re.compile(r"pypi\.org|pythonhosted|conda\.anaconda|conda-forge\.org|npmjs|jsdelivr|unpkg", re.IGNORECASE)
MACHINE = re.compile(r"(?<![\w.~-])/(?:work|home|root|tmp|Users|opt)/")


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def named(page, number):
    return f"{page.relative_to(ROOT)}-{number}"


def every(language, wanted=lambda block: True):
    for page in PAGES:
        for number, block in enumerate(blocks(page, language)):
            if wanted(block):
                yield pytest.param(block, id=named(page, number))


@pytest.mark.parametrize("block", list(every("python", lambda block: "jnp" not in block)))
def test_python_block_runs(block):
    exec(compile(block, "documentation", "exec"), {"__name__": "documentation"})


@pytest.mark.parametrize("block", list(every("python", lambda block: "jnp" in block)))
def test_python_block_for_jax_is_python(block):
    compile(block, "documentation", "exec")


@pytest.mark.parametrize("block", list(every("yaml", lambda block: re.search(r"^\w", block, re.MULTILINE))))
def test_yaml_block_has_known_sections(block):
    assert set(parse_yaml(block, "documentation").content) <= set(config_section(()).model_fields)


@pytest.mark.parametrize("block", list(every("console")))
def test_commands_parse(block):
    for line in block.splitlines():
        words = shlex.split(line, comments=True)
        if words and words[0] == "diskarray":
            parser_of_command().parse_args(words[1:])
        else:
            assert not words or words[0] in ("make", "python", "pip", "pytest"), line


def flags_of(command):
    """The flags of a sub-command; None for one that does not exist."""
    parser = next(a for a in parser_of_command()._actions if a.dest == "command").choices.get(command)
    return parser and {flag for action in parser._actions for flag in action.option_strings}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_commands_in_the_text_exist(page):
    for text in re.findall(r"`diskarray ([a-z][^`]*)`", page.read_text(encoding="utf-8")):
        command, *words = text.split()
        flags = flags_of(command)
        assert flags is not None, f"there is no diskarray {command}"
        assert {word for word in words if word.startswith("--")} <= flags, text


def test_there_is_something_to_run():
    assert len(blocks(PAGES[0], "python")) >= 1
    assert len(list(every("python"))) >= 12
    assert len(list(every("console"))) >= 8


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_page(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text):
        assert (page.parent / target).exists(), f"the link to {target} leads nowhere"
    assert not HOSTS.search(text), "names a package host"
    assert not MACHINE.search(text), "names a path of some machine"


def test_every_page_is_in_the_table_of_contents():
    toctrees = [(p, t) for p in DOCS.rglob("*.md") for t in blocks(p, r"\{toctree\}")]
    listed = [
        str((page.parent / entry).relative_to(DOCS))
        for page, tree in toctrees
        for entry in tree.splitlines()
        if entry and not entry.startswith(":")
    ]
    for page in DOCS.rglob("*.md"):
        name = str(page.with_suffix("").relative_to(DOCS))
        assert name == "index" or any(fnmatch.fnmatch(name, entry) for entry in listed), f"{name} is in no toctree"


def test_reference_has_a_page_for_every_room_with_public_names():
    rooms = {home.split(".")[0] for home in diskarray._HOMES}
    pages = {page.stem: page.read_text(encoding="utf-8") for page in (DOCS / "api").glob("*.rst")}
    for room in rooms:
        assert f".. public-names:: {room}\n" in pages.get(room, ""), f"docs/api/{room}.rst is missing"
        assert f"\n   {room}\n" in pages["index"], f"docs/api/index.rst does not list {room}"


def test_numbers_of_the_readme_are_those_of_their_pages():
    rows = re.findall(r"^\|[^|]*\| ([\d.e-]+) \| \[[^]]*\]\(([^)]*)\) \| `(\w+\.py)` \|$", PAGES[0].read_text(), re.M)
    assert len(rows) >= 6
    for number, page, script in rows:
        text = (ROOT / page).read_text(encoding="utf-8")
        assert re.search(rf"(?<![\d.]){re.escape(number)}(?![\d.]\d)", text), (
            f"{page} does not say {number}: renew README.md"
        )
        assert (ROOT / "workspace_test" / script).exists(), script
