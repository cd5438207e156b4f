"""Currencies as Stripe counts them: digits, smallest and largest charge, and our fee.

Source of the exponents and minimums: Stripe, "Supported currencies".
"""

from __future__ import annotations

from app.sandbox.errors import RequestFailed

_ZERO = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
_THREE = "bhd jod kwd omr tnd"
_TWO = (
    "aed afn all amd aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf "
    "chf cny cop crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg "
    "huf idr ils inr isk jmd kes kgs khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur "
    "mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd "
    "scr sek sgd shp sle sos srd std szl thb tjs top try ttd twd tzs uah ugx usd uyu uzs wst xcd "
    "yer zar zmw"
)
ZERO_DECIMAL = frozenset(_ZERO.split())
THREE_DECIMAL = frozenset(_THREE.split())
TWO_DECIMAL = frozenset(_TWO.split())
MINIMUM = {
    "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250,
    "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200,
    "nok": 300, "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000, "usd": 50,
}  # fmt: skip
LARGEST = 99_999_999
# They have no minor unit any more, and their amounts are still written with two digits.
WITHOUT_MINOR = frozenset({"isk", "ugx"})


def exponent(currency: str) -> int:
    """Digits after the point in the amounts that the API takes."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def is_currency(currency: object) -> bool:
    """Whether it is a currency as the API writes it: three small letters that Stripe takes."""
    known = ZERO_DECIMAL | THREE_DECIMAL | TWO_DECIMAL
    return isinstance(currency, str) and currency in known


def check_currency(currency: str, *, param: str = "currency") -> str:
    """Return the currency in lower case; raises RequestFailed for what Stripe does not take."""
    lower = currency.lower()
    if not is_currency(lower):
        raise RequestFailed(
            f"Invalid currency: {lower}. Stripe does not support it.",
            code="parameter_invalid_string",
            param=param,
        )
    return lower


def step(currency: str) -> int:
    """What every amount that is charged or given back is a multiple of, in minor units.

    Source: Stripe, "Supported currencies", three-decimal currencies and special cases.
    """
    if currency in WITHOUT_MINOR:
        return 100
    return 10 if currency in THREE_DECIMAL else 1


def check_step(amount: int, currency: str, *, param: str = "amount") -> None:
    """Raise RequestFailed where the amount has a finer part than the currency's cards take."""
    if amount % step(currency) == 0:
        return
    name = currency.upper()
    why = (
        f"Currency {name} has become effectively zero-decimal and charged amounts must be evenly "
        "divisible by 100. See https://stripe.com/docs/currencies#zero-decimal for more "
        "information."
        if currency in WITHOUT_MINOR
        else f"Currency {name} has three decimals and the last digit of amounts must be 0. See "
        "https://stripe.com/docs/currencies#three-decimal for more information."
    )
    raise RequestFailed(f"Invalid amount. {why}", code="parameter_invalid_integer", param=param)


def least_charge(currency: str) -> int:
    """The smallest amount that Stripe collects, in minor units."""
    return MINIMUM.get(currency, int(10 ** exponent(currency)) // 2)


def check_charge(amount: int, currency: str, *, param: str = "amount") -> None:
    """Raise RequestFailed where Stripe would find the amount too small or too large to charge."""
    least = least_charge(currency)
    if amount < least:
        raise RequestFailed(
            f"The amount must be greater than or equal to the minimum charge amount allowed: "
            f"{spell(least, currency)}.",
            code="amount_too_small",
            param=param,
        )
    if amount > LARGEST:
        raise RequestFailed(
            f"The amount must be no more than {spell(LARGEST, currency)}.",
            code="amount_too_large",
            param=param,
        )


def fee_of(amount: int, currency: str) -> int:
    """1.5 % and a quarter of the currency's unit, rounded half up, in minor units."""
    return (amount * 15 + 250 * int(10 ** exponent(currency)) + 500) // 1000


def conversion_fee_of(amount: int) -> int:
    """2 % of an amount that was converted, rounded half up, in minor units."""
    return (amount + 25) // 50


def spell(amount: int, currency: str) -> str:
    """The amount for people, as "5.00 EUR"."""
    digits = exponent(currency)
    sign = "-" if amount < 0 else ""
    whole, rest = divmod(abs(amount), 10**digits)
    point = f".{rest:0{digits}d}" if digits else ""
    return f"{sign}{whole}{point} {currency.upper()}"
