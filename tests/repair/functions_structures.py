"""Functions of the classic kind over graphs, texts and nested values."""

from __future__ import annotations

from tests.repair.functions_table import Functions

STRUCTURES = Functions()

STRUCTURES.add(
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
STRUCTURES.add(
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
STRUCTURES.add(
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
STRUCTURES.add(
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
STRUCTURES.add(
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
STRUCTURES.add(
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
STRUCTURES.add(
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
STRUCTURES.add(
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
STRUCTURES.add(
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
STRUCTURES.add(
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
STRUCTURES.add(
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
STRUCTURES.add(
    """
def subsets(items):
    result = [[]]
    for item in items:
        result += [subset + [item] for subset in result]
    return result
""",
    ([],), ([1],), ([1, 2],), ([3, 1],), ([1, 2, 3],), (["a"],),
)  # fmt: skip
STRUCTURES.add(
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
STRUCTURES.add(
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
STRUCTURES.add(
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
