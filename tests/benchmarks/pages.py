"""Public pages of a newsroom with many patrons, beside "Hello" from bare Flask."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tests.benchmarks.loading import Failed, Run, send
from tests.benchmarks.measuring import Figure, Side, figure, in_turns, served
from tests.benchmarks.members import gather
from tests.benchmarks.places import Place, Serving, serving
from tests.benchmarks.requesting import get, spread

SIZE = 1000  # patrons
PAGES = ("/", "/join", "/topics")
CONNECTIONS = 32
REQUESTS = 960  # in a round
TARGET, P99_MS = 0.6, 25.0


def run(
    place: Place, *, size: int = SIZE, rounds: int = 5, workers: int = 2, requests: int = REQUESTS
) -> list[Figure]:
    """Load each page; raises Failed where one does not show what is in the database."""
    url = place.newsroom("pages")
    members = gather(url, size)
    said = {"/": [f"{size:,} readers"], "/join": members.on_ballot, "/topics": members.waiting}
    environ, figures = place.environ(url), []
    with (
        serving(place, "wsgi:app", environ, workers=workers) as above,
        serving(place, "tests.benchmarks.floor:app", environ, workers=workers) as below,
    ):
        for path in PAGES:
            pairs = _compare(
                above, below, path, rounds=rounds, requests=requests, wanted=said[path]
            )
            figures.append(
                figure(pairs, benchmark="pages", work=path, engine=place.engine, size=size,
                       connections=CONNECTIONS, target=TARGET, p99_target_ms=P99_MS)
            )  # fmt: skip
    return figures


def check(page: str, *, path: str, wanted: Sequence[str]) -> None:
    """The page says what is in the database; raises Failed."""
    text = re.sub(r"<[^>]+>|\s+", " ", page)
    missing = [w for w in wanted if not re.search(rf"(?<![\w,.]){re.escape(w)}(?![\w,])", text)]
    if missing:
        raise Failed(f"pages: {path} does not say {', '.join(missing)}: {text}")


def _compare(
    above: Serving, below: Serving, path: str, *, rounds: int, requests: int, wanted: Sequence[str]
) -> list[tuple[Side, Side]]:
    return in_turns(
        lambda _: served(above, lambda: _load(above, path, requests, wanted=wanted)),
        lambda _: served(below, lambda: _load(below, "/hello", requests)),
        rounds=rounds,
    )


def _load(server: Serving, path: str, requests: int, *, wanted: Sequence[str] = ()) -> Run:
    """The same page again and again, and a look at the last answer."""
    run = send(server.port, spread([get(path)] * requests, CONNECTIONS), status=200, processes=2)
    check(run.last.partition(b"\r\n\r\n")[2].decode(), path=path, wanted=wanted)
    return run
