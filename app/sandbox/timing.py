"""The sandbox's time: real time plus what was added by hand, or standing still at an instant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.sandbox.errors import RequestFailed

LATEST = 4_102_444_800  # the first of January 2100


@dataclass(frozen=True)
class Reading:
    """Where the clock stands: seconds since the epoch, and whether it runs by itself."""

    exact: float
    frozen: bool

    @property
    def now(self) -> int:
        """Stripe's time: whole seconds."""
        return int(self.exact)


def read(meta: dict[str, str], real_time: Callable[[], float]) -> Reading:
    """The clock as the sandbox's notes say."""
    if "frozen" in meta:
        return Reading(float(meta["frozen"]), True)
    return Reading(real_time() + float(meta.get("offset", "0")), False)


def move(meta: dict[str, str], to: int, real_time: Callable[[], float]) -> None:
    """Let the clock stand at, or run on from, a later instant; an earlier one changes nothing."""
    reading = read(meta, real_time)
    if to <= reading.now:
        return
    if to > LATEST:
        raise RequestFailed("The clock ends with the year 2099.", param="to")
    if reading.frozen:
        meta["frozen"] = str(to)
    else:
        meta["offset"] = repr(to - real_time())


def freeze(meta: dict[str, str], at: int) -> None:
    """Stop the clock at an instant."""
    if not 0 < at <= LATEST:
        raise RequestFailed("The clock knows the years 1970 to 2099.", param="freeze")
    meta["frozen"] = str(at)
    meta.pop("offset", None)


def resume(meta: dict[str, str], real_time: Callable[[], float]) -> None:
    """Let the clock run again from where it stands, or from real time where that is later."""
    frozen = meta.pop("frozen", None)
    if frozen is not None:
        meta["offset"] = repr(max(0.0, int(frozen) - real_time()))
