"""``python -m spade_studio.train.cli`` as ``spade-train``."""

import sys

from spade_studio.train.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
