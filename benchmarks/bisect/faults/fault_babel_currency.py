import babel.numbers

text = babel.numbers.format_currency(1234.5, "EUR", locale="fr_CH")
amount, _, _ = text.partition("\xa0")
print(float(amount.replace("\u202f", "").replace(",", ".")))
