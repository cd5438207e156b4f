"""What can go wrong with topics, rounds and ballots, in words for the person who meets it."""

from __future__ import annotations

from app.core.errors import AppError, Conflict, Forbidden, NotFound
from app.core.i18n import lazy_gettext as _l


class VotingClosed(Conflict):
    title = _l("This round is closed")
    message = _l(
        "No more ballots are taken. The ballot you had saved before the end, if any, is counted."
    )


class PatronsOnly(Forbidden):
    title = _l("You are not on the roll of this round")
    message = _l(
        "A ballot belongs to everyone whose payment succeeded in time. "
        "The page of the round says what applies to you."
    )


class UnknownChoice(AppError):
    status = 422
    title = _l("That topic is not on this ballot")
    message = _l(
        "Your ballot was not changed. Go back to the round, mark its topics and save again."
    )


class NotYet(NotFound):
    title = _l("Not before the round closes")
    message = _l(
        "Until then nobody sees a count, the newsroom included. After closing it stands here."
    )


class WrongStatus(Conflict):
    title = _l("This topic cannot go there from where it is")
    message = _l("Somebody may have moved it meanwhile. Look at its status again.")


class ReasonMissing(AppError):
    status = 422
    title = _l("A reason is missing")
    message = _l("Readers see why. Write one or two sentences.")


class RoundNotDraft(Conflict):
    title = _l("This round is no draft any more")
    message = _l("What is on a ballot does not change once the round has opened.")


class RoundNotOpen(Conflict):
    title = _l("This round is not open")
    message = _l("Somebody may have closed it meanwhile. Its page says how it stands.")


class AnotherIsOpen(Conflict):
    title = _l("Another round is open")
    message = _l("There is one round at a time. Close the other one first, or wait for its end.")


class TooFewTopics(AppError):
    status = 422
    title = _l("A round needs at least two topics")
    message = _l("Choose among the listed topics; declined ones and those on hold do not count.")


class TooManyTopics(AppError):
    status = 422
    title = _l("A round has twenty topics at most")
    message = _l("Take some off. They wait for the next round.")


class NotListed(AppError):
    status = 422
    title = _l("A topic of these does not wait for a round any more")
    message = _l("Somebody may have moved it meanwhile. Look at the topics, then save again.")


class WrongDates(AppError):
    status = 422
    title = _l("These dates do not work")
    message = _l("A round closes after it opens, and both lie ahead.")


def keeping_closed(name: str | None) -> type[AppError] | None:
    """The error by which a scheduled round could not open, by the name that the audit log has."""
    kinds = (TooFewTopics, AnotherIsOpen, WrongDates)
    return next((kind for kind in kinds if kind.__name__ == name), None)
