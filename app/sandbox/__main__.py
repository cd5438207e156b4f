"""``python -m app.sandbox --port 8001 --path var/sandbox.db``: serve until interrupted."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading

from app.sandbox import create_sandbox, serve
from app.sandbox.store import StoreOutdated


def main() -> int:
    """Serve a sandbox; returns 0, or 1 where the port is taken or not this machine's."""
    parser = argparse.ArgumentParser(prog="python -m app.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--path", default="var/sandbox.db")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--public-url", default="")
    given = parser.parse_args()
    public_url = given.public_url or f"http://127.0.0.1:{given.port}"
    logging.basicConfig(level=logging.WARNING)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        sandbox = create_sandbox(given.path, seed=given.seed, public_url=public_url)
        server = serve(sandbox, host=given.host, port=given.port)
    except (OSError, ValueError, StoreOutdated) as error:
        sys.stderr.write(f"The sandbox cannot serve on {given.host}:{given.port}: {error}\n")
        return 1
    sys.stdout.write(f"Stripe sandbox on {server.url}\n")
    sys.stdout.flush()
    stopped.wait()
    server.stop()
    sandbox.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
