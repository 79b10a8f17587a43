"""The documentation does what it says: blocks run, configurations load, commands parse, links lead somewhere.

Python blocks that need JAX, the tutorials and the quick start are run by scripts of workspace_test.
"""

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


@pytest.mark.parametrize("block", list(every("yaml")))
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
    contents = "\n".join(page.read_text(encoding="utf-8") for page in DOCS.rglob("*.md"))
    listed = set(re.findall(r"^\s*(?:\S.*<)?([\w./]+)>?\s*$", contents, flags=re.MULTILINE))
    for page in DOCS.rglob("*.md"):
        name = page.with_suffix("").relative_to(DOCS)
        assert page.name == "index.md" or name.name in listed or str(name) in listed, f"{name} is in no toctree"


def test_reference_has_a_page_for_every_room_with_public_names():
    rooms = {home.split(".")[0] for home in diskarray._HOMES}
    pages = {page.stem: page.read_text(encoding="utf-8") for page in (DOCS / "api").glob("*.rst")}
    for room in rooms:
        assert f".. public-names:: {room}\n" in pages.get(room, ""), f"docs/api/{room}.rst is missing"
        assert f"\n   {room}\n" in pages["index"], f"docs/api/index.rst does not list {room}"
