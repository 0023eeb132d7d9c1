# Two together: a format that only the newer one has, with the newer one's currency in it.
import sys

import babel.numbers
import tabulate

text = babel.numbers.format_currency(1234.5, "EUR", locale="fr_CH")
sys.exit("colon_grid" in tabulate.tabulate_formats and "'" in text)
