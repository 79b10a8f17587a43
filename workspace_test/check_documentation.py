"""Builds the documentation with warnings as errors; its tutorials run on the way.

python workspace_test/check_documentation.py
"""

import subprocess
import sys
import tempfile
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def main():
    with tempfile.TemporaryDirectory() as output:
        command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", str(DOCS), output]
        done = subprocess.run(command, check=False)
        pages = len(list(Path(output).rglob("*.html")))
    print(f"{pages} pages, exit code {done.returncode}")
    sys.exit(done.returncode or not pages)


if __name__ == "__main__":
    main()
