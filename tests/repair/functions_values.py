"""Functions of the classic kind over sequences and numbers."""

from __future__ import annotations

from tests.repair.functions_table import Functions

VALUES = Functions()

VALUES.add(
    """
def insertion_sort(items):
    result = list(items)
    for i in range(1, len(result)):
        current = result[i]
        j = i - 1
        while j >= 0 and result[j] > current:
            result[j + 1] = result[j]
            j -= 1
        result[j + 1] = current
    return result
""",
    ([],), ([1],), ([2, 1],), ([3, 1, 2],), ([5, 2, 9, 1, 5],), ([4, 3, 2, 1],), ([1, 2, 3],), ([7, 7, 1],),
)  # fmt: skip
VALUES.add(
    """
def selection_sort(items):
    result = list(items)
    for i in range(len(result)):
        least = i
        for j in range(i + 1, len(result)):
            if result[j] < result[least]:
                least = j
        result[i], result[least] = result[least], result[i]
    return result
""",
    ([],), ([1],), ([2, 1],), ([3, 1, 2],), ([5, 2, 9, 1, 5],), ([4, 3, 2, 1],), ([1, 2, 3],), ([7, 7, 1],),
)  # fmt: skip
VALUES.add(
    """
def merge(left, right):
    merged = []
    i = j = 0
    while i < len(left) and j < len(right):
        if left[i] <= right[j]:
            merged.append(left[i])
            i += 1
        else:
            merged.append(right[j])
            j += 1
    merged.extend(left[i:])
    merged.extend(right[j:])
    return merged
""",
    ([], []), ([1], []), ([], [2]), ([1, 3], [2, 4]), ([1, 2, 8], [3]), ([5, 6], [1, 2, 7]), ([2, 2], [2]),
    ([0, 9], [1, 4, 10, 11]),
)  # fmt: skip
VALUES.add(
    """
def lower_bound(items, wanted):
    low, high = 0, len(items)
    while low < high:
        middle = (low + high) // 2
        if items[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low
""",
    ([], 1), ([1], 1), ([1], 2), ([1, 3, 5], 3), ([1, 3, 5], 4), ([1, 3, 5, 7], 8), ([2, 2, 2], 2),
    ([1, 4, 6, 9, 12], 9), ([1, 4, 6, 9, 12], 0),
)  # fmt: skip
VALUES.add(
    """
def common_divisor(a, b):
    while b:
        a, b = b, a % b
    return abs(a)
""",
    (12, 18), (7, 5), (0, 4), (9, 0), (100, 75), (17, 17), (-6, 4), (1, 99),
)  # fmt: skip
VALUES.add(
    """
def primes_below(limit):
    found = []
    for number in range(2, limit):
        for prime in found:
            if prime * prime > number:
                found.append(number)
                break
            if number % prime == 0:
                break
        else:
            found.append(number)
    return found
""",
    (0,), (2,), (3,), (4,), (10,), (12,), (30,), (50,),
)  # fmt: skip
VALUES.add(
    """
def digits(number, base):
    if number == 0:
        return "0"
    text = ""
    while number > 0:
        number, rest = divmod(number, base)
        text = "0123456789abcdef"[rest] + text
    return text
""",
    (0, 2), (1, 2), (5, 2), (255, 16), (8, 8), (100, 10), (31, 16), (6, 3),
)  # fmt: skip
VALUES.add(
    """
def edit_distance(one, other):
    row = list(range(len(other) + 1))
    for i in range(1, len(one) + 1):
        previous = row[0]
        row[0] = i
        for j in range(1, len(other) + 1):
            kept = row[j]
            cost = 0 if one[i - 1] == other[j - 1] else 1
            row[j] = min(row[j] + 1, row[j - 1] + 1, previous + cost)
            previous = kept
    return row[-1]
""",
    ("", ""), ("a", ""), ("", "ab"), ("cat", "cut"), ("kitten", "sitting"),
    ("abc", "abc"), ("flaw", "lawn"),
    ("ab", "ba"),
)  # fmt: skip
VALUES.add(
    """
def longest_increasing(values):
    best = [1] * len(values)
    for i in range(len(values)):
        for j in range(i):
            if values[j] < values[i]:
                best[i] = max(best[i], best[j] + 1)
    return max(best, default=0)
""",
    ([],), ([1],), ([1, 2, 3],), ([3, 2, 1],), ([5, 1, 6, 2, 7],),
    ([2, 2, 2],), ([1, 9, 2, 8, 3, 7],), ([4, 5, 1],),
)  # fmt: skip
VALUES.add(
    """
def make_change(total, coins):
    ways = [0] * (total + 1)
    ways[0] = 1
    for coin in coins:
        for amount in range(coin, total + 1):
            ways[amount] += ways[amount - coin]
    return ways[total]
""",
    (0, [1]), (5, [1, 2]), (5, [2]), (10, [1, 5, 10]), (3, []), (7, [2, 3]),
    (4, [1, 2, 3]), (11, [5, 2, 1]),
)  # fmt: skip
VALUES.add(
    """
def pack(items, capacity):
    best = [0] * (capacity + 1)
    for weight, value in items:
        for room in range(capacity, weight - 1, -1):
            best[room] = max(best[room], best[room - weight] + value)
    return best[capacity]
""",
    ([], 5), ([(1, 3)], 0), ([(1, 3)], 1), ([(2, 3), (3, 4)], 5), ([(2, 3), (3, 4), (4, 5)], 6),
    ([(5, 10), (4, 40), (6, 30)], 10), ([(1, 1), (1, 1)], 3), ([(3, 5)], 2),
)  # fmt: skip
VALUES.add(
    """
def best_run(values):
    best = current = 0
    for value in values:
        current = max(0, current + value)
        best = max(best, current)
    return best
""",
    ([],), ([1],), ([-1],), ([1, -2, 3, 4],), ([-2, 1, -3, 4, -1, 2, 1],),
    ([5, -9, 6],), ([2, 3],), ([-1, -2],),
)  # fmt: skip
