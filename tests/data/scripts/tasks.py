import random, json, sys
from abc import ABC, abstractmethod
from collections import defaultdict, OrderedDict
from enum import Enum
from contextlib import contextmanager

class Status(Enum):
    OPEN = 1
    DONE = 2

class Task:
    count = 0
    def __init__(self, title, priority=1, tags=()):
        self.title = title
        self.priority = priority
        self.tags = list(tags)
        self.status = Status.OPEN
        Task.count += 1
    def __lt__(self, other):
        return self.priority < other.priority
    def __repr__(self):
        return f"Task({self.title!r}, {self.priority})"
    @property
    def urgent(self):
        return self.priority > 2
    def finish(self):
        self.status = Status.DONE
        return self

class Board:
    def __init__(self):
        self._tasks = {}
        self.log = []
    def __len__(self):
        return len(self._tasks)
    def __iter__(self):
        return iter(self._tasks.values())
    def __contains__(self, title):
        return title in self._tasks
    def add(self, *tasks):
        for t in tasks:
            if t.title in self._tasks:
                raise ValueError(f"duplicate {t.title}")
            self._tasks[t.title] = t
            self.log.append(("add", t.title))
    def by_tag(self):
        found = defaultdict(list)
        for t in self:
            for tag in t.tags:
                found[tag].append(t.title)
        return dict(found)
    def urgent(self):
        return [t.title for t in self._tasks.values() if t.urgent]

@contextmanager
def noted(board, what):
    board.log.append(("begin", what))
    yield board
    board.log.append(("end", what))

def summary(board, *, limit=10):
    rows = []
    for i, t in enumerate(sorted(board), start=1):
        mark = "x" if t.status is Status.DONE else " "
        rows.append(f"{i}. [{mark}] {t.title}")
        if i >= limit: break
    return "\n".join(rows)

def retry(times):
    def wrap(fn):
        def inner(*args, **kwargs):
            last = None
            for n in range(times):
                try:
                    return fn(*args, **kwargs)
                except ValueError as e:
                    last = e
            raise last
        return inner
    return wrap

calls = []

@retry(3)
def flaky(x):
    calls.append(x)
    if len(calls) < 3:
        raise ValueError(f"try {len(calls)}")
    return x * 2

def main():
    board = Board()
    with noted(board, "setup"):
        board.add(Task("write", 3, ["a", "b"]), Task("read", tags=["b"]))
        board.add(Task("sleep", 2))
    try:
        board.add(Task("read"))
    except ValueError as error:
        message = str(error)
    done = [t.finish() for t in board if t.priority == 1]
    groups = board.by_tag()
    text = summary(board, limit=2)
    n = len(board)
    has = "read" in board
    urgent = board.urgent()
    y = flaky(4)
    z = (lambda a, b=2: a + b)(3)
    total = sum(len(t.title) for t in board)
    first, *rest = sorted(t.title for t in board)
    if has and n: print(text, total)
    return message, groups, y, z, first, rest, Task.count

if __name__ == "__main__":
    print(main())
