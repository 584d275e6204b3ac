"""``python -m spade_studio.engine.cli`` as ``spade-render``."""

import sys

from spade_studio.engine.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
