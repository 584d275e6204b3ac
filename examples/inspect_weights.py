"""What a weights file holds, without rendering; without a file, of the included weights.

python examples/inspect_weights.py latest_net_G.pth
"""

from __future__ import annotations

import sys
from pathlib import Path

from spade_studio.engine import EngineError, inspect_weights
from spade_studio.engine.weights import default_weights_path


def main() -> None:
    """Print it."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else default_weights_path()
    try:
        info = inspect_weights(path)
    except EngineError as error:
        raise SystemExit(str(error)) from error
    print(f"{info.path.name}: {info.generator}")
    if info.channels is not None:
        names = [label.name for label in info.channels.label_set.labels] if info.channels.label_set else []
        print(f"label set of {len(names)}; the weights know {len(info.channels.known_ids)} ids: {list(info.channels.known_ids)}")
    print("with a style encoder" if info.encoder else "without a style encoder")


if __name__ == "__main__":
    main()
