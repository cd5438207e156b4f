"""A worker process of either side, which handles as many events as it is told to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.core.settings import ROOT
from tests.benchmarks.loading import Failed
from tests.benchmarks.measuring import Side


@contextmanager
def working(side: str, environ: dict[str, str]) -> Iterator[Callable[[int], Side]]:
    """A worker process; call what it gives with a number of events."""
    command = [sys.executable, "-m", "tests.benchmarks.handling_process", side]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environ},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    told, answers = process.stdin, process.stdout

    def handle(most: int) -> Side:
        told.write(f"{most}\n")
        told.flush()
        answer = answers.readline()
        if not answer:
            raise Failed(f"the {side}'s worker ended early; its reason stands above")
        done, seconds, processor = json.loads(answer)
        if done != most:
            raise Failed(f"the {side}'s worker handled {done} events of {most}")
        return Side(done / seconds, [], processor / done)

    try:
        yield handle
    finally:
        told.close()
        process.wait()
        answers.close()
