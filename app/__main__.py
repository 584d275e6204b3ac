"""``python -m spade_studio.app`` as ``spade-studio``."""

import sys

from spade_studio.app.main import main

if __name__ == "__main__":
    sys.exit(main())
