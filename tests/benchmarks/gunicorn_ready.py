"""Settings of gunicorn for benchmarks: each worker says when it can answer."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

__all__ = ["post_worker_init"]  # gunicorn looks for it by its name


def post_worker_init(worker: Any) -> None:
    """The application is loaded; leave a file with this worker's number."""
    Path(os.environ["BENCHMARK_READY"], str(worker.pid)).touch()
