"""The command behind `./dev bench`: run benchmarks, print a table, write JSON lines."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from tests import pgtmp
from tests.benchmarks import pages, votes, webhooks
from tests.benchmarks.loading import Failed
from tests.benchmarks.measuring import Figure
from tests.benchmarks.places import place

BENCHMARKS: dict[str, Callable[..., list[Figure]]] = {
    "webhooks": webhooks.run,
    "pages": pages.run,
    "votes": votes.run,
}
SIZES = {"webhooks": webhooks.SIZE, "pages": pages.SIZE, "votes": votes.SIZE}
ENGINES = ("sqlite", "postgresql")
HEADS = ("", "engine", "size", "product/s", "floor/s", "ratio", "target", "cpu ratio",
         "p50 ms", "p99 ms", "floor p99", "")  # fmt: skip


def main(words: Sequence[str] | None = None) -> int:
    """Exit 0 where every row was right, however fast; 1 where one was not."""
    wanted = _read(words)
    names = [wanted.name] if wanted.name else list(BENCHMARKS)
    engines = ENGINES if wanted.engine == "both" else (wanted.engine,)
    figures: list[Figure] = []
    failed = False
    for engine in engines:
        for name in names:
            print(f"{name} on {engine} …", file=sys.stderr, flush=True)
            try:
                with place(engine) as where:
                    figures += BENCHMARKS[name](where, size=wanted.size or SIZES[name])
            except (Failed, pgtmp.Unavailable) as reason:
                print(f"{name} on {engine} FAILED: {reason}", file=sys.stderr)
                failed = True
    print(table(figures))
    if wanted.out:
        _write(wanted.out, figures)
    return 1 if failed else 0


def table(figures: Sequence[Figure]) -> str:
    """Figures for people."""
    rows = [HEADS, *map(_row, figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    lines = []
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join([row[0].ljust(widths[0]), *cells]).rstrip())
    return "\n".join(lines)


def _row(figure: Figure) -> tuple[str, ...]:
    limit = f" < {figure.p99_target_ms:.0f}" if figure.p99_target_ms else ""
    return (
        f"{figure.benchmark} {figure.work}",
        figure.engine,
        str(figure.size),
        f"{figure.product:,.0f}",
        f"{figure.floor:,.0f}",
        f"{figure.ratio:.2f}",
        f"{figure.target:.2f}",
        f"{figure.processor_ratio:.2f}",
        _ms(figure.p50_ms),
        _ms(figure.p99_ms) + limit,
        _ms(figure.floor_p99_ms),
        "holds" if figure.holds else "below",
    )


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _write(path: Path, figures: Sequence[Figure]) -> None:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    with open(path, "a", encoding="utf-8") as file:
        file.writelines(json.dumps({"at": at, **asdict(figure)}) + "\n" for figure in figures)


def _read(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("name", nargs="?", choices=list(BENCHMARKS), help="all where left out")
    parser.add_argument("--size", type=_size, help="events, patrons or members")
    parser.add_argument("--engine", choices=[*ENGINES, "both"], default="both")
    parser.add_argument("--out", type=Path, help="append a JSON line for each figure")
    return parser.parse_args(words)


def _size(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 20 <= int(text) <= 10_000_000:
        raise argparse.ArgumentTypeError("a number from 20 to 10000000")
    return int(text)


if __name__ == "__main__":
    raise SystemExit(main())
