"""Inventory of a small shop."""
from __future__ import annotations

import logging
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator, Optional

logger = logging.getLogger(__name__)
DISCOUNTS = {"gold": 0.2, "silver": 0.1}
_counter = 0


@dataclass
class Item:
    name: str
    price: float
    qty: int = 1
    tags: set[str] = field(default_factory=set)

    @property
    def total(self) -> float:
        return self.price * self.qty


@dataclass
class Order:
    customer: str
    items: list[Item] = field(default_factory=list)
    level: Optional[str] = None

    def add(self, item: Item) -> "Order":
        self.items.append(item)
        return self

    def subtotal(self) -> float:
        return sum(item.total for item in self.items)

    def discount(self) -> float:
        rate = DISCOUNTS.get(self.level or "", 0)
        return round(self.subtotal() * rate, 2)


class Store:
    _instance = None

    def __new__(cls, *args, **kwargs):
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __init__(self, name="main"):
        self.name = name
        self.orders: dict[int, Order] = {}

    @classmethod
    def create(cls, name):
        store = cls(name)
        return store

    @staticmethod
    def valid(order):
        return bool(order.items) and all(i.qty > 0 for i in order.items)

    def place(self, order):
        global _counter
        if not self.valid(order):
            raise ValueError(f"order of {order.customer} is empty")
        _counter += 1
        self.orders[_counter] = order
        logger.info("placed %s", _counter)
        return _counter


@contextmanager
def session(store: Store) -> Iterator[Store]:
    before = len(store.orders)
    try:
        yield store
    finally:
        after = len(store.orders)
        changes.append(after - before)


def read_ids(text: str) -> Iterator[int]:
    for part in text.split(","):
        part = part.strip()
        if not part:
            continue
        yield int(part)


def find(orders, *, min_total=0.0, **filters):
    result = []
    for number, order in orders.items():
        if order.subtotal() < min_total:
            continue
        if any(getattr(order, key) != value for key, value in filters.items()):
            continue
        result.append(number)
    return result


changes: list[int] = []


def main(argv: list[str]) -> int:
    store = Store.create("corner")
    same = Store("other") is store
    with session(store) as s:
        first = s.place(Order("ann", level="gold").add(Item("pen", 1.5, 4)).add(Item("ink", 9.0)))
        second = s.place(Order("bob").add(Item("pad", 3.25, qty=2, tags={"paper"})))
        try:
            s.place(Order("eve"))
        except ValueError as exc:
            print("error:", exc, file=sys.stderr)
    ids = list(read_ids("3, 1,, 2"))
    total = store.orders[first].subtotal() - store.orders[first].discount()
    rich = find(store.orders, min_total=10)
    bobs = find(store.orders, customer="bob")
    path = Path("data") / "out.txt"
    name = path.stem
    table = [[i * j for j in range(1, 4)] for i in range(1, 3)]
    flat = [n for row in table for n in row if n % 2]
    where = {name: idx for idx, name in enumerate("abc")}
    lo, hi = min(flat), max(flat)
    msg = f"{total:.2f} {rich!r} {bobs} {name:>5} {lo}..{hi} {same}"
    width = len(msg) // 2
    half, rest = msg[:width], msg[width:]
    print(msg, ids, where)
    while hi > lo:
        lo, hi = lo + 1, hi - 1
    else:
        lo = -1
    return 0 if argv else 1


if __name__ == "__main__":
    code = main(sys.argv[1:])
