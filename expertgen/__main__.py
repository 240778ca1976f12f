"""`python -m expertgen`."""

import sys

from expertgen.cli import main

if __name__ == "__main__":
    sys.exit(main())
