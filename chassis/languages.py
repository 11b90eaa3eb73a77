"""The languages the pages speak: English for now, with every sentence marked for translation.

`_("…")` in templates and `gettext("…")` here mark a sentence, so that a second language is a file of
translations and no change of code. A sentence takes its values by name, after it was translated.
"""

from gettext import NullTranslations

from babel import Locale

LOCALES = {"en": Locale("en", "GB"), "cy": Locale("cy", "GB")}
"""Dates, plurals and lists are Babel's; a language is offered once its sentences exist."""

OFFERED = ("en",)

TRANSLATIONS = NullTranslations()

gettext = TRANSLATIONS.gettext
ngettext = TRANSLATIONS.ngettext


def plural(n: int, one: str, many: str = "") -> str:
    """ "1 place", "2 places"; `many` where an s is not enough."""
    return f"{n} {ngettext(one, many or f'{one}s', n)}"
