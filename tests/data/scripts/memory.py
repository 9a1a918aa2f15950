from enum import Enum, auto
from functools import cache, lru_cache


class Coin(Enum):
    PENNY = auto()
    DIME = auto()
    CENT = 1


@cache
def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


@lru_cache(maxsize=None)
def ways(n, coins=(1, 2, 5)):
    if n == 0:
        return 1
    if n < 0 or not coins:
        return 0
    return ways(n - coins[-1], coins) + ways(n, coins[:-1])


@lru_cache(maxsize=2)
def slow(x):
    return x * x


def named():
    found = {}
    for coin in Coin:
        found[coin.name] = coin.value
    return found


print(fib(6), ways(5))
total = 0
for i in [1, 2, 1, 3, 2]:
    total += slow(i)
again = fib(6) + fib(3)
coins = list(Coin)
texts = [coin.name.lower() for coin in Coin]
print(total, again, coins, texts, Coin["DIME"], Coin(1) is Coin.CENT, named())
