"""``spade-train bank``: builds a memory bank and reports its contents."""

from __future__ import annotations

import sys
import time

from spade_studio.engine.bank.file import MemoryBank
from spade_studio.engine.bank.order import write_order
from spade_studio.engine.bank.photographs import SUFFIX
from spade_studio.engine.errors import BankError
from spade_studio.engine.files import atomic_writer
from spade_studio.engine.printable import write_line
from spade_studio.train.cli.options import Bank
from spade_studio.train.datasets import FolderDataset, open_dataset
from spade_studio.train.datasets.bank_building import BankOptions, build_bank, read_credits

_TELL_EVERY = 5.0  # seconds


def make_bank(options: Bank) -> int:
    """Build the bank.

    Returns:
        Exit code, 0.

    Raises:
        EngineError, OSError: unusable data or options, or the file cannot be written.
    """
    if not options.licence.strip():
        raise BankError("--licence is empty", "under which terms the photographs may be used, in a sentence")
    if options.output.suffix != SUFFIX:
        raise BankError(f"the output {options.output.name}", f"a name that ends in {SUFFIX}")
    dataset = open_dataset(options.data_path, options.kind, split=options.split)
    if isinstance(dataset, FolderDataset) and options.held_out:
        dataset = dataset.split(options.held_out)[0]
    of_photographs = {} if options.credits is None else read_credits(options.credits)
    how = BankOptions(options.size, options.licence, options.source, of_photographs, options.order, options.disparity)
    told = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told >= _TELL_EVERY or done == total:
            told = time.monotonic()
            write_line(sys.stderr, f"{done:,} of {total:,} photographs")
            sys.stderr.flush()

    built = build_bank(dataset, options.output, how, tell)
    if built.left_out:
        ids = ", ".join(map(str, built.left_out))
        text = f"Left out {sum(built.left_out.values()):,} segments of ids that {dataset.label_set.name} does not have: {ids}"
        write_line(sys.stderr, text)
    bank = MemoryBank.open(options.output)
    if options.write_order is not None:
        with atomic_writer(options.write_order) as file:
            file.write(write_order(bank.order, bank.label_set).encode())
    size = options.output.stat().st_size / 2**20
    write_line(sys.stdout, f"{built.pieces:,} pieces of {len(bank.photographs):,} photographs, {size:,.0f} MiB: {options.output}")
    return 0
