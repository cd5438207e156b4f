"""What happens to one person of the demo, each through the verb that does it for anybody."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from app.core import i18n
from app.membership import changing, leaving, offering, paying, queries, wording
from app.membership.joining import Wish
from app.membership.models import Pledge, SignUp
from app.newsroom import queries as newsroom
from app.ops.demo.lives import Act, Life
from app.ops.demo.stage import Stage
from app.payments.models import StripeCharge

CARD = "4242424242424242"
OTHER_CARD = "5555555555554444"
NO_FUNDS = "insufficient_funds"


class Patrons:
    """Everybody's part; ``refs`` remembers which sign-up is whose newest."""

    def __init__(self, stage: Stage, lives: list[Life], *, seed: int) -> None:
        self._stage = stage
        self._lives = lives
        self._seed = seed
        self._parts: dict[str, Callable[[Act, Life], None]] = {
            "join": self._join, "give": self._join, "rejoin": self._join, "raise": self._change,
            "lower": self._change, "stop": self._stop, "fail": self._fail, "mend": self._mend,
            "refund": self._refund,
        }  # fmt: skip

    def play(self, act: Act) -> None:
        """Let one thing happen; what a person can no longer do does not."""
        self._parts[act.kind](act, self._lives[act.person])

    def accounts(self) -> dict[int, Life]:
        """The lives of those who have an account by now, by account."""
        keys = {life.person.email: life for life in self._lives}
        with self._stage.db.reading() as session:
            rows = session.execute(
                sa.select(Pledge.account_id, SignUp.email).join(
                    SignUp, SignUp.id == Pledge.sign_up_id
                )
            ).all()
        return {account_id: keys[email] for account_id, email in rows if email in keys}

    def _join(self, act: Act, life: Life) -> None:
        stage, person = self._stage, life.person
        with i18n.speaking(person.language), stage.db.reading() as session:
            offer = newsroom.offer(session, life.currency)
            assert offer is not None
            choice = offering.choose(
                newsroom.current(session), offer, interval=life.interval, amount=act.amount,
                cover=life.covers_fee,
            )  # fmt: skip
            wish = Wish(
                choice=choice,
                email=person.email,
                language=person.language,
                consents=tuple(wording.consent(kind) for kind in life.consents),
                campaign=life.campaign,
                article=life.article,
            )
        with i18n.speaking(person.language):
            begun = paying.begin(
                stage.db,
                stage.gateway,
                wish=wish,
                form_key=f"demo:{self._seed}:{act.person}:{act.kind}",
                recent=None,
                site_url=stage.work.settings.site_url,
                now=stage.now,
            )
        with stage.db.reading() as session:
            found = sa.select(SignUp.checkout_id).where(SignUp.ref == begun.ref)
            checkout_id = session.scalars(found).one()
        stage.control("pay", session=checkout_id, card=CARD, name=person.name, email=person.email)

    def _change(self, act: Act, life: Life) -> None:
        pledge = self._pledge(life)
        if pledge is None or pledge.state != "active" or pledge.cancels_at is not None:
            return
        cover = pledge.fee_cover > 0
        try:
            changing.change(
                self._stage.db, self._stage.gateway, ref=pledge.ref, amount=act.amount,
                cover=cover, now=self._stage.now,
            )  # fmt: skip
        except offering.NotOffered:
            return  # they give that already

    def _stop(self, act: Act, life: Life) -> None:
        pledge = self._pledge(life)
        if pledge is None:
            return
        leaving.stop(self._stage.db, self._stage.gateway, ref=pledge.ref, now=self._stage.now)

    def _fail(self, act: Act, life: Life) -> None:
        customer = self._customer(life)
        if customer is not None:
            self._stage.control("behave", target=customer, outcome=NO_FUNDS)

    def _mend(self, act: Act, life: Life) -> None:
        """A new card, from which what is open is paid."""
        customer = self._customer(life)
        if customer is not None:
            self._stage.control("method", customer=customer, card=OTHER_CARD, pay_open=True)

    def _refund(self, act: Act, life: Life) -> None:
        pledge = self._pledge(life)
        if pledge is None:
            return
        with self._stage.db.reading() as session:
            charge = session.scalar(
                sa.select(StripeCharge.id)
                .where(StripeCharge.ref == pledge.ref, StripeCharge.status == "succeeded")
                .order_by(StripeCharge.created)
                .limit(1)
            )
        if charge is not None:
            self._stage.control("refund", charge=charge)

    def _pledge(self, life: Life) -> Pledge | None:
        with self._stage.db.reading() as session:
            return session.scalar(
                sa.select(Pledge)
                .join(SignUp, SignUp.id == Pledge.sign_up_id)
                .where(SignUp.email == life.person.email)
                .where(Pledge.state.in_(("active", "past_due")))
            )

    def _customer(self, life: Life) -> str | None:
        pledge = self._pledge(life)
        if pledge is None:
            return None
        with self._stage.db.reading() as session:
            subscription = queries.subscription_of(session, pledge)
        return subscription.customer_id if subscription else None
