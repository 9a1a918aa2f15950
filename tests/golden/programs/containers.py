"""Values: mutated in place, aliased, nested, cyclic, long, of every builtin kind."""

from collections import Counter, OrderedDict, defaultdict, deque, namedtuple

Pair = namedtuple("Pair", "left right")


def main():
    grid = [[0] * 2 for _ in range(2)]
    row = grid[0]
    row[1] = 5
    words = {"b", "a", "c"}
    words.discard("a")
    table = {"k": [1]}
    table["k"].append(2)
    table["self"] = table
    long = list(range(1000))
    text = "x" * 500
    groups = defaultdict(list)
    groups["g"].append(1)
    counts = Counter("aab")
    queue = deque([1, 2], maxlen=2)
    queue.append(3)
    ordered = OrderedDict(one=1)
    pair = Pair(1, "r")
    mixed = (1.5, 2j, b"\xff", None, True, ..., range(3), frozenset({2, 1}), slice(1, 2))
    odd = ["\ud800", "tab\there", "é", float("nan"), float("inf")]
    big = 7**40
    things = [main, int, len, iter([]), object()]
    return len(long)
