"""Money: whole pence inside, two decimals outside, and one way to write it."""

import re

from babel.numbers import format_decimal, get_currency_precision

from chassis.languages import LOCALES

LARGEST = 100_000_00  # minor units: far beyond any claim or any week's pay (`bad_input[87]`)

WRITTEN = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)


class MoneyFault(ValueError):
    """An amount that was not written like 12.50. `code` is what an API caller reads."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def money(minor: int, currency: str = "GBP", *, language: str = "en") -> str:
    """ "£12.50"; other currencies with their code: "USD 12.50"."""
    places = get_currency_precision(currency)
    whole, rest = divmod(abs(minor), 10**places)
    figure = format_decimal(whole, locale=LOCALES[language])
    if places:
        figure += f".{rest:0{places}}"
    sign = "-" if minor < 0 else ""
    return f"{sign}£{figure}" if currency == "GBP" else f"{currency} {sign}{figure}"


def read_money(text: str, currency: str = "GBP", *, most: int = LARGEST) -> int:
    """Minor units out of `12` or `12.50`, and out of nothing else.

    Read by hand: Decimal would take `1e3`, `NaN`, `1_000` and full-width digits.
    """
    text = text.strip()
    if text.startswith("-") and WRITTEN.fullmatch(text[1:]):
        raise MoneyFault("range")
    if not WRITTEN.fullmatch(text):
        raise MoneyFault("format")
    whole, _, decimals = text.partition(".")
    places = get_currency_precision(currency)
    if len(decimals) > places:
        raise MoneyFault("scale")
    if len(whole) > 12:
        raise MoneyFault("above-limit")
    minor = int(whole) * 10**places + int(decimals.ljust(places, "0") or "0")
    if minor > most:
        raise MoneyFault("above-limit")
    return minor


def amount(minor: int, currency: str = "GBP") -> str:
    """What an input shows again: "12.50"."""
    places = get_currency_precision(currency)
    return f"{minor / 10**places:.{places}f}"
