from datetime import date, timedelta

VALUES = [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
          (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]


def to_roman(number):
    result = ""
    for value, symbol in VALUES:
        while number >= value:
            result += symbol
            number -= value
    return result


def from_roman(text):
    total = 0
    previous = 0
    for char in reversed(text):
        value = dict((s, v) for v, s in VALUES)[char]
        if value < previous:
            total -= value
        else:
            total += value
            previous = value
    return total


def weekdays(start, count):
    days = []
    current = start
    while len(days) < count:
        if current.weekday() < 5:
            days.append(current.isoformat())
        current += timedelta(days=1)
    return days


years = {y: to_roman(y) for y in (1994, 2024)}
checks = [from_roman(r) == y for y, r in years.items()]
print(years, checks, all(checks))
print(weekdays(date(2024, 2, 28), 4))
