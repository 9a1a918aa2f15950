from collections import Counter
import math


class ParseError(ValueError):
    pass


class Limit(Exception):
    """Too much."""

    def __init__(self, value, limit=3):
        self.value = value
        super().__init__(f"{value} > {limit}")


class Missing(KeyError):
    def __str__(self):
        return f"no {self.args[0]}"


def check(n):
    if n > 3:
        raise Limit(n)
    if n < 0:
        raise ParseError("negative")
    if n == 0:
        raise Missing("zero")
    return n


def safe(n):
    try:
        return check(n)
    except ParseError as error:
        return str(error)
    except (Limit, KeyError) as error:
        text = f"{type(error).__name__}: {error}"
        return text
    finally:
        done.append(n)


def reraise(n):
    try:
        check(n)
    except ValueError as error:
        raise RuntimeError("bad") from error
    else:
        return "fine"


done = []
out = [safe(n) for n in (1, 5, -1, 0)]
try:
    reraise(-2)
except RuntimeError as error:
    cause = error.__cause__
    kind = type(cause).__name__
letters = Counter("mississippi")
pairs = {k: v for k, v in letters.items()}
best = letters.most_common(1)[0][0]
total = sum(letters.values())
letters.update("pp")
for letter in letters:
    total += 1
ratio = math.pi * 2
print(out, kind, pairs, best, total, round(ratio, 2), done)
