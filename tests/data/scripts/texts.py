from collections import Counter, defaultdict

TEXT = """It was the best of times, it was the worst of times,
it was the age of wisdom, it was the age of foolishness"""


def words(text):
    for line in text.splitlines():
        for word in line.split():
            cleaned = word.strip(",.").lower()
            if cleaned:
                yield cleaned


def index_by_length(items):
    index = defaultdict(set)
    for item in items:
        index[len(item)].add(item)
    return {size: sorted(found) for size, found in sorted(index.items())}


counts = Counter(words(TEXT))
common = counts.most_common(3)
longest = max(counts, key=len)
by_length = index_by_length(counts)
average = sum(len(w) * n for w, n in counts.items()) / sum(counts.values())
print(common, longest, f"{average:.2f}")
for size, group in by_length.items():
    print(f"{size:>3}: {', '.join(group)}")
