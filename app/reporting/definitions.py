"""What each figure means, in the words that stand beside it."""

from __future__ import annotations

from app.core.i18n import Lazy
from app.core.i18n import lazy_gettext as _l

DEFINITIONS: dict[str, tuple[Lazy, Lazy]] = {
    "patrons": (
        _l("Active patrons"),
        _l(
            "People with a paid recurring pledge that is active, or past due within the grace "
            "days. Who stopped and is paid up counts until the period ends. Not counted: unpaid, "
            "paused, gifts, one-time only."
        ),
    ),
    "mrr": (
        _l("MRR"),
        _l(
            "Monthly recurring revenue: the monthly value of all these pledges, a year as a "
            "twelfth, with the fee cover that patrons pay, without gifts and one-time. Rounded "
            "once, at the end."
        ),
    ),
    "at-risk": (
        _l("At risk"),
        _l(
            "The part of MRR whose last charge failed and is tried again. It still counts, and "
            "leaves when Stripe gives up or the grace days are over."
        ),
    ),
    "committed": (
        _l("Committed MRR"),
        _l("MRR without the pledges that were stopped already and run out with their period."),
    ),
    "turnout": (
        _l("Turnout"),
        _l(
            "Ballots with a mark and blank ones, divided by the roll: the people frozen at "
            "opening and those who were appended before closing."
        ),
    ),
    "recovered": (
        _l("Recovered"),
        _l(
            "Of the renewals whose first try failed in the month, those that were paid later. "
            "Renewals still being tried stay in the denominator."
        ),
    ),
    "revenue": (
        _l("Revenue"),
        _l(
            "Charges are gross, on the day they succeeded; refunds and the processor’s fees come "
            "off; net is what is left. All in the currency that was paid: where Stripe changes it "
            "into another, the fee counts at that payment’s own rate, and what the exchange costs "
            "is not in it."
        ),
    ),
    "movements": (
        _l("Movements of MRR"),
        _l(
            "New: never gave before, in any currency. Back: gave before and returned, be it in "
            "another currency. Expansion and contraction: the same person gives more or less. "
            "Churn: to nought, not by a pause. Changes of one person within an hour are one "
            "movement. Start and movements sum to the end."
        ),
    ),
}
