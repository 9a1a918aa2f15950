from collections import OrderedDict


class LRUCache:
    def __init__(self, capacity):
        self.capacity = capacity
        self.data = OrderedDict()
        self.hits = 0
        self.misses = 0

    def get(self, key):
        if key not in self.data:
            self.misses += 1
            return None
        self.data.move_to_end(key)
        self.hits += 1
        return self.data[key]

    def put(self, key, value):
        if key in self.data:
            self.data.move_to_end(key)
        self.data[key] = value
        if len(self.data) > self.capacity:
            oldest, _ = self.data.popitem(last=False)
            print("evicted", oldest)

    def stats(self):
        total = self.hits + self.misses
        ratio = self.hits / total if total else 0.0
        return {"hits": self.hits, "misses": self.misses, "ratio": round(ratio, 3)}


def main():
    cache = LRUCache(3)
    for i, word in enumerate(["a", "b", "c", "a", "d", "b"]):
        if cache.get(word) is None:
            cache.put(word, i * 10)
    keys = list(cache.data)
    summary = cache.stats()
    print(keys, summary)
    return summary


main()
