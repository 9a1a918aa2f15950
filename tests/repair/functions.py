"""Functions of the classic kind, right as they stand, and the arguments they are tried with.

Bugs are seeded into them by mutation; what the right function gives is the specification.
"""

from __future__ import annotations

from typing import Any

FUNCTIONS: dict[str, tuple[str, list[tuple[Any, ...]]]] = {}


def _add(source: str, *arguments: tuple[Any, ...]) -> None:
    name = source.split("(", maxsplit=1)[0].rsplit(maxsplit=1)[-1]
    FUNCTIONS[name] = (source.lstrip("\n"), list(arguments))


_add(
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
_add(
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
_add(
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
_add(
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
_add(
    """
def common_divisor(a, b):
    while b:
        a, b = b, a % b
    return abs(a)
""",
    (12, 18), (7, 5), (0, 4), (9, 0), (100, 75), (17, 17), (-6, 4), (1, 99),
)  # fmt: skip
_add(
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
_add(
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
_add(
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
_add(
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
_add(
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
_add(
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
_add(
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
_add(
    """
def breadth_first(graph, start):
    seen = {start}
    queue = [start]
    order = []
    while queue:
        node = queue.pop(0)
        order.append(node)
        for neighbour in graph[node]:
            if neighbour not in seen:
                seen.add(neighbour)
                queue.append(neighbour)
    return order
""",
    ({"a": []}, "a"), ({"a": ["b"], "b": []}, "a"), ({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}, "a"),
    ({"a": ["b"], "b": ["a"]}, "b"), ({"a": ["c", "b"], "b": ["d"], "c": ["e"], "d": [], "e": []}, "a"),
    ({"a": ["a"], "b": []}, "a"),
)  # fmt: skip
_add(
    """
def reachable(graph, start, goal):
    seen = set()

    def visit(node):
        if node == goal:
            return True
        seen.add(node)
        return any(visit(after) for after in graph[node] if after not in seen)

    return visit(start)
""",
    ({"a": []}, "a", "a"), ({"a": [], "b": []}, "a", "b"), ({"a": ["b"], "b": ["c"], "c": []}, "a", "c"),
    ({"a": ["b"], "b": ["a"], "c": []}, "a", "c"),
    ({"a": ["b", "c"], "b": ["a"], "c": ["d"], "d": []}, "a", "d"),
    ({"a": ["b"], "b": []}, "b", "a"),
)  # fmt: skip
_add(
    """
def shortest_path(graph, start, goal):
    distance = {start: 0}
    queue = [start]
    while queue:
        node = queue.pop(0)
        if node == goal:
            return distance[node]
        for neighbour in graph[node]:
            if neighbour not in distance:
                distance[neighbour] = distance[node] + 1
                queue.append(neighbour)
    return -1
""",
    ({"a": []}, "a", "a"), ({"a": [], "b": []}, "a", "b"), ({"a": ["b"], "b": ["c"], "c": []}, "a", "c"),
    ({"a": ["b", "c"], "b": ["d"], "c": [], "d": ["c"]}, "a", "d"),
    ({"a": ["b"], "b": ["a"], "c": []}, "a", "c"),
    ({"a": ["b", "c"], "b": [], "c": []}, "a", "c"),
)  # fmt: skip
_add(
    """
def balanced(text):
    pairs = {")": "(", "]": "[", "}": "{"}
    stack = []
    for letter in text:
        if letter in "([{":
            stack.append(letter)
        elif letter in pairs:
            if not stack or stack.pop() != pairs[letter]:
                return False
    return not stack
""",
    ("",), ("()",), ("(]",), ("([]{})",), ("((",), ("a(b)c",), (")",), ("{[()]}(",),
)  # fmt: skip
_add(
    """
def run_lengths(text):
    runs = []
    for letter in text:
        if runs and runs[-1][0] == letter:
            runs[-1] = (letter, runs[-1][1] + 1)
        else:
            runs.append((letter, 1))
    return runs
""",
    ("",), ("a",), ("aa",), ("ab",), ("aabbb",), ("abab",), ("zzzz",), ("abbbc",),
)  # fmt: skip
_add(
    """
def palindrome(text):
    left, right = 0, len(text) - 1
    while left < right:
        if text[left] != text[right]:
            return False
        left += 1
        right -= 1
    return True
""",
    ("",), ("a",), ("ab",), ("aba",), ("abba",), ("abca",), ("abcba",), ("aab",),
)  # fmt: skip
_add(
    """
def caesar(text, shift):
    result = ""
    for letter in text:
        if letter.isalpha():
            base = ord("a") if letter.islower() else ord("A")
            result += chr((ord(letter) - base + shift) % 26 + base)
        else:
            result += letter
    return result
""",
    ("", 3), ("abc", 1), ("xyz", 3), ("Hello, Z", 5), ("a b", 26), ("Q", -1), ("zZ", 1), ("mn", 13),
)  # fmt: skip
_add(
    """
def roman(number):
    text = ""
    for value, letters in ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")):
        while number >= value:
            text += letters
            number -= value
    return text
""",
    (0,), (1,), (3,), (4,), (6,), (9,), (14,), (38,),
)  # fmt: skip
_add(
    """
def calculate(tokens):
    stack = []
    for token in tokens:
        if token in ("+", "-", "*"):
            right = stack.pop()
            left = stack.pop()
            if token == "+":
                stack.append(left + right)
            elif token == "-":
                stack.append(left - right)
            else:
                stack.append(left * right)
        else:
            stack.append(token)
    return stack.pop()
""",
    ([4],), ([1, 2, "+"],), ([5, 2, "-"],), ([3, 4, "*"],), ([1, 2, "+", 3, "*"],), ([8, 3, "-", 2, "-"],),
    ([2, 3, 4, "*", "+"],),
)  # fmt: skip
_add(
    """
def flattened(value):
    if not isinstance(value, list):
        return [value]
    result = []
    for inner in value:
        result.extend(flattened(inner))
    return result
""",
    (1,), ([],), ([1, 2],), ([1, [2]],), ([[1], [2, [3]]],), ([[], [[]]],), ([[[4]], 5],),
)  # fmt: skip
_add(
    """
def permutations(items):
    if not items:
        return [[]]
    result = []
    for i in range(len(items)):
        rest = items[:i] + items[i + 1:]
        for tail in permutations(rest):
            result.append([items[i]] + tail)
    return result
""",
    ([],), ([1],), ([1, 2],), ([1, 2, 3],), (["a", "b"],), ([2, 1],), ([3, 1, 2],),
)  # fmt: skip
_add(
    """
def subsets(items):
    result = [[]]
    for item in items:
        result += [subset + [item] for subset in result]
    return result
""",
    ([],), ([1],), ([1, 2],), ([3, 1],), ([1, 2, 3],), (["a"],),
)  # fmt: skip
_add(
    """
def transpose(rows):
    if not rows:
        return []
    result = []
    for column in range(len(rows[0])):
        result.append([row[column] for row in rows])
    return result
""",
    ([],), ([[1]],), ([[1, 2]],), ([[1], [2]],), ([[1, 2], [3, 4]],), ([[1, 2, 3], [4, 5, 6]],),
)  # fmt: skip
_add(
    """
def power(base, exponent):
    if exponent == 0:
        return 1
    half = power(base, exponent // 2)
    if exponent % 2 == 0:
        return half * half
    return half * half * base
""",
    (2, 0), (2, 1), (2, 5), (3, 4), (5, 2), (1, 9), (7, 3), (10, 6),
)  # fmt: skip
_add(
    """
def word_counts(text):
    counts = {}
    for word in text.lower().split():
        word = word.strip(".,!?")
        if word:
            counts[word] = counts.get(word, 0) + 1
    return counts
""",
    ("",), ("a",), ("a b a",), ("Hi, hi!",), ("the cat. The dog",), ("! a",), ("x y  z y",),
)  # fmt: skip
