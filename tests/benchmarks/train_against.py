"""Whole training steps, in turn, with those of another checkout of this repository in which packaging/bootstrap.py was run.

    OMP_NUM_THREADS=1 python tests/benchmarks/train_against.py CHECKOUT [--repeats N]

Both run on the CPU; seconds are those of the processor.
"""

from __future__ import annotations

import argparse

from train import Case, measure  # pyright: ignore[reportAttributeAccessIssue] - the file beside this one, not the package

CASES = {
    "base 64, 184 channels, 256x256, batch 2": Case("coco", "step", repeats=1, side=256),
    "compact: base 24, 12 channels, 128x128, batch 8": Case("compact", "step", repeats=2),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout")
    parser.add_argument("--repeats", type=int, default=2)
    options = parser.parse_args()
    print("| whole step without perceptual loss, float32, seconds | before | now | ratio |\n|---|---|---|---|", flush=True)
    for title, case in CASES.items():
        found = [[measure(case, checkout=place)["seconds"] for place in (options.checkout, "")] for _ in range(options.repeats)]
        before, now = (min(seconds) for seconds in zip(*found, strict=True))
        print(f"| {title} | {before:.2f} | {now:.2f} | {before / now:.2f} |", flush=True)


if __name__ == "__main__":
    main()
