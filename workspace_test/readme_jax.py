"""The README's Python blocks, the one for JAX included, run in order as a reader would run them."""

import pathlib
import re
import sys

README = pathlib.Path(__file__).parents[1] / "README.md"


def main():
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)
    names = {"__name__": "readme"}
    for block in blocks:
        exec(compile(block, str(README), "exec"), names)
    best, gradient = names["best"], names["gradient"]
    passed = best.succeeded and type(gradient).__module__.startswith("jax") and gradient.shape == best.vector.shape
    print(f"readme: {len(blocks)} blocks ran, the fit {'converged' if best.succeeded else 'did not converge'}")
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
