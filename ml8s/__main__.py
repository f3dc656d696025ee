"""``python -m ml8s`` is the command ``ml8s``."""

import sys

from ml8s.cli import main

if __name__ == "__main__":
    sys.exit(main())
