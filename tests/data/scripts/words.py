import re
from collections import Counter

TEXT = """The quick brown fox jumps over the lazy dog.
The dog barks; the fox runs away."""

STOP = {"the", "over", "a"}


def tokenize(text):
    return re.findall(r"[a-z]+", text.lower())


def word_counts(words, stop=STOP):
    counts = Counter()
    for word in words:
        if word in stop:
            continue
        counts[word] += 1
    return counts


def caesar(text, shift):
    out = []
    for ch in text:
        if ch.isalpha():
            base = ord("a") if ch.islower() else ord("A")
            out.append(chr((ord(ch) - base + shift) % 26 + base))
        else:
            out.append(ch)
    return "".join(out)


def longest(words):
    best = ""
    for w in words:
        best = w if len(w) > len(best) else best
    return best


words = tokenize(TEXT)
counts = word_counts(words)
top = counts.most_common(2)
longest_word = longest(words)
coded = caesar("Abz!", 3)
lengths = {}
for w in set(words):
    lengths.setdefault(len(w), []).append(w)
table = {k: sorted(v) for k, v in sorted(lengths.items())}
pairs = list(zip(words, words[1:]))[:3]
title = " ".join(w.capitalize() for w in words[:4])
m = re.match(r"(\w+) (\w+)", TEXT)
first, second = m.groups()
print(top, longest_word, coded, table, pairs, title, first, second)
