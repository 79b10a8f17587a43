"""`python -m diskarray` is the `diskarray` command."""

import sys

from .cli.main import main

if __name__ == "__main__":
    sys.exit(main())
