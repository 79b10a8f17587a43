"""The README's Python blocks, those for JAX included, run in order as a reader would run them.

python workspace_test/readme_jax.py [--quick]      --quick: without the one that samples
"""

import os
import pathlib
import re
import sys
import tempfile

README = pathlib.Path(__file__).parents[1] / "README.md"


def main():
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)
    if "--quick" in sys.argv:
        blocks = [block for block in blocks if "da.sample(" not in block]
    names = {"__name__": "readme"}
    os.chdir(tempfile.mkdtemp())
    for block in blocks:
        exec(compile(block, str(README), "exec"), names)
    best, gradient = names["best"], names["gradient"]
    passed = best.succeeded and type(gradient).__module__.startswith("jax") and gradient.shape == best.vector.shape
    if "chain" in names:
        passed = passed and names["chain"].established
    print(f"readme: {len(blocks)} blocks ran, the fit {'converged' if best.succeeded else 'did not converge'}")
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
