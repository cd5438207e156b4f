"""Has the product made once, and hatches processes of it that are ready in a moment.

Run as a program by ``tests.faults.harness``: each line of its input is one process to hatch, as
JSON; it answers with the number of the process. Everything ends with whoever started it.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import signal
import sys
from functools import cache
from typing import TYPE_CHECKING

from werkzeug.serving import make_server

from app import create_app
from app.core.settings import Settings
from app.core.web.context import House
from app.ops.cli import work_of
from app.ops.worker import Worker

if TYPE_CHECKING:
    from flask import Flask

SET_PARENT_DEATH_SIGNAL = 1


def main() -> None:
    """Hatch until the input ends."""
    _end_with_parent()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are nobody's to bury
    for line in sys.stdin:
        asked = json.loads(line)
        app = made(json.dumps(asked["settings"]))
        child = os.fork()
        if child == 0:
            _become(app, asked["kind"], asked["port"])
        print(child, flush=True)


@cache
def made(settings: str) -> Flask:
    """The app with these settings, before it has a connection or a thread."""
    return create_app(Settings(**json.loads(settings)))


def _become(app: Flask, kind: str, port: int) -> None:
    """Be a web server or a worker until the end."""
    _end_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # the answers of the hatchery are not for its children
    try:
        if kind == "web":
            make_server("127.0.0.1", port, app, threaded=True).serve_forever()
        else:
            house: House = app.extensions["house"]
            Worker(work_of(house), name=f"test-{os.getpid()}").run()
    finally:
        os._exit(1)


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


if __name__ == "__main__":
    main()
