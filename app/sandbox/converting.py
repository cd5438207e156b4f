"""What a currency is worth in another on a day, so that charges can settle in one currency.

The rates are invented: near those of 2026, and each day up to two per cent beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from hashlib import blake2b

from app.sandbox.currencies import exponent

DAY = 86_400
_PER_EURO = """
aed 4.28 afn 77 all 96.5 amd 446 aoa 1070 ars 1700 aud 1.77 awg 2.1 azn 1.98 bam 1.956
bbd 2.33 bdt 142 bgn 1.956 bhd 0.439 bif 3450 bmd 1.166 bnd 1.5 bob 8.06 brl 6.2 bsd 1.166
bwp 15.6 byn 3.42 bzd 2.34 cad 1.62 cdf 2580 chf 0.93 clp 1085 cny 8.25 cop 4400 crc 586 cve 110.3
czk 24.3 djf 207 dkk 7.466 dop 74 dzd 152 egp 55 etb 178 eur 1 fjd 2.65 fkp 0.876 gbp 0.876
gel 3.16 gip 0.876 gmd 85 gnf 10140 gtq 8.93 gyd 244 hkd 9.06 hnl 30.6 htg 153 huf 385 idr 19400
ils 3.8 inr 103 isk 146 jmd 187 jod 0.827 jpy 179 kes 151 kgs 102 khr 4680 kmf 492 krw 1700
kwd 0.358 kyd 0.972 kzt 610 lak 25300 lbp 104400 lkr 356 lrd 210 lsl 20.1 mad 10.7 mdl 19.8
mga 5230 mkd 61.5 mmk 2450 mnt 4170 mop 9.33 mur 53.4 mvr 18 mwk 2020 mxn 21.4 myr 4.85 mzn 74.5
nad 20.1 ngn 1690 nio 42.9 nok 11.7 npr 165 nzd 2.04 omr 0.448 pab 1.166 pen 3.95 pgk 4.95 php 68.5
pkr 328 pln 4.24 pyg 8200 qar 4.25 ron 5.09 rsd 117.2 rub 92 rwf 1695 sar 4.37 sbd 9.6 scr 16.5
sek 11 sgd 1.51 shp 0.876 sle 27 sos 666 srd 45 std 24500 szl 20.1 thb 37.8 tjs 10.8 tnd 3.42
top 2.76 try 49 ttd 7.9 twd 36 tzs 2870 uah 48.7 ugx 4080 usd 1.166 uyu 46.5 uzs 14000 vnd 30700
vuv 141 wst 3.2 xaf 655.957 xcd 3.15 xof 655.957 xpf 119.33 yer 278 zar 20.1 zmw 26
"""
_WORDS = _PER_EURO.split()
PER_EURO = {name: Decimal(worth) for name, worth in zip(_WORDS[::2], _WORDS[1::2], strict=True)}
_SIX_DIGITS = Context(prec=6, rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class Settled:
    """An amount in minor units of the currency it settles in; no rate where nothing changed."""

    amount: int
    currency: str
    rate: Decimal | None


def settled(amount: int, currency: str, *, into: str, at: int, seed: int) -> Settled:
    """The amount in the currency that it settles in, at the rate of the day, rounded half up."""
    if into == currency:
        return Settled(amount, currency, None)
    rate = rate_between(currency, into, at=at, seed=seed)
    exact = (amount * rate).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return Settled(int(exact), into, rate)


def rate_between(currency: str, into: str, *, at: int, seed: int) -> Decimal:
    """Minor units of ``into`` for a minor unit of ``currency``, to six digits.

    So yen to euro is near 0.56, not 0.0056. Source: the SDK's BalanceTransaction.exchange_rate.
    """
    worth = PER_EURO[into] / PER_EURO[currency] * (1 + _drift(currency, into, at // DAY, seed))
    return _SIX_DIGITS.plus(worth.scaleb(exponent(into) - exponent(currency)))


def _drift(currency: str, into: str, day: int, seed: int) -> Decimal:
    """Between two per cent less and more."""
    digest = blake2b(f"{seed}/{currency}/{into}/{day}".encode(), digest_size=2).digest()
    return (Decimal(int.from_bytes(digest)) / 65_535 - Decimal("0.5")) / 25
