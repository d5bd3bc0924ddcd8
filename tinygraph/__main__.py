"""`python -m tinygraph`: the command line."""

# PYTHON_ARGCOMPLETE_OK: tells argcomplete's global hook that this command completes

import sys

from tinygraph.command import main

if __name__ == "__main__":
    sys.exit(main())
