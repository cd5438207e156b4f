"""The worker process of one side: ``python -m tests.benchmarks.handling_process product|floor``.

Each line on stdin is a number of events; each line on stdout says how many were handled, and the
seconds and the processor's seconds that they took.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Callable

Handle = Callable[[int], int]


def main(side: str) -> None:
    """Handle as told until stdin ends."""
    handle = _product() if side == "product" else _floor()
    for line in sys.stdin:
        began, used = time.perf_counter(), time.process_time()
        done = handle(int(line))
        told = (done, time.perf_counter() - began, time.process_time() - used)
        print(json.dumps(told), flush=True)


def _product() -> Handle:
    from app import create_app
    from app.core.clock import wall_clock
    from app.payments import inbox

    house = create_app().extensions["house"]
    gateway = house.services["patient_gateway"]
    gc.freeze()  # as the worker does
    return lambda most: inbox.handle_due(house.db, gateway, now=wall_clock(), most=most)


def _floor() -> Handle:
    from tests.benchmarks import floor_handling
    from tests.benchmarks.floor_driver import Driver

    db = Driver(os.environ["DATABASE_URL"])
    return lambda most: floor_handling.handle(db, most=most)


if __name__ == "__main__":
    main(sys.argv[1])
