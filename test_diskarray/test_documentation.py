"""Every Python block of README.md and docs/ that does not need JAX runs as it stands."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page):
    return re.findall(r"```python\n(.*?)```", page.read_text(), flags=re.DOTALL)


def runnable():
    for page in PAGES:
        for number, block in enumerate(blocks(page)):
            if "jnp" not in block:
                yield pytest.param(block, id=f"{page.name}-{number}")


@pytest.mark.parametrize("block", list(runnable()))
def test_block_runs(block):
    exec(compile(block, "documentation", "exec"), {"__name__": "documentation"})


def test_readme_has_blocks_to_run():
    assert len(blocks(PAGES[0])) >= 2


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target
