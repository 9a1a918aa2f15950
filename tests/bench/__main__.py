"""``python -m tests.bench [NAME ...]``: run benchmarks and write docs/measurements.{json,md}."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from tests.bench.registry import BENCHMARKS, run, save


def main() -> None:
    """Parse the command line and run."""
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        importlib.import_module(f"tests.bench.{path.stem}")
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(BENCHMARKS)}")
    parser.add_argument("--dry", action="store_true", help="do not write docs/measurements.*")
    options = parser.parse_args()
    unknown = set(options.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}")
    measured = run(options.names)
    if not options.dry:
        save(measured)


if __name__ == "__main__":
    main()
