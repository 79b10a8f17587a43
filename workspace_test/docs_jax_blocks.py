"""The how-to pages' Python blocks that need JAX run, each by itself. (Those of README.md: readme_jax.py.)

python workspace_test/docs_jax_blocks.py
"""

import pathlib
import re
import sys

DOCS = pathlib.Path(__file__).parents[1] / "docs"


def main():
    failed, count = [], 0
    for page in sorted(DOCS.rglob("*.md")):
        for block in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL):
            if "jnp" not in block:
                continue
            count += 1
            try:
                exec(compile(block, str(page), "exec"), {"__name__": "documentation"})
            except Exception as error:
                failed.append(page.name)
                print(f"{page.relative_to(DOCS)}: {type(error).__name__}: {error}")
    print(f"FAILED: {', '.join(failed)}" if failed or not count else f"{count} blocks ran")
    sys.exit(1 if failed or not count else 0)


if __name__ == "__main__":
    main()
