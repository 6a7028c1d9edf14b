"""`python -m scalebook`: the same as the command `scalebook`."""

import sys

from scalebook.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    sys.argv[0] = "scalebook"
    sys.exit(main())
