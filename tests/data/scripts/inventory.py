import csv
import io
from collections import defaultdict
from dataclasses import dataclass, field

DATA = """sku,name,qty,price
A1,Widget,10,2.50
B2,Gadget,0,10.00
C3,Doohickey,5,7.25
A2,Sprocket,120,0.15
"""


class OutOfStock(Exception):
    def __init__(self, sku, wanted, have):
        super().__init__(f"{sku}: wanted {wanted}, have {have}")
        self.sku = sku
        self.missing = wanted - have


@dataclass
class Item:
    sku: str
    name: str
    qty: int
    price: float

    @property
    def value(self):
        return round(self.qty * self.price, 2)

    def __repr__(self):
        return f"<{self.sku} x{self.qty}>"


@dataclass
class Warehouse:
    items: dict = field(default_factory=dict)
    log: list = field(default_factory=list)

    def load(self, text):
        for row in csv.DictReader(io.StringIO(text)):
            item = Item(row["sku"], row["name"], int(row["qty"]), float(row["price"]))
            self.items[item.sku] = item
        return len(self.items)

    def take(self, sku, n):
        item = self.items[sku]
        if item.qty < n:
            raise OutOfStock(sku, n, item.qty)
        item.qty -= n
        self.log.append((sku, -n))
        return item.qty

    def total(self):
        return sum(i.value for i in self.items.values())

    def by_letter(self):
        groups = defaultdict(list)
        for sku in self.items:
            groups[sku[0]].append(sku)
        return dict(groups)


def fulfil(warehouse, order):
    done, failed = [], {}
    for sku, n in order:
        try:
            left = warehouse.take(sku, n)
        except OutOfStock as e:
            failed[e.sku] = e.missing
        except KeyError:
            failed[sku] = n
        else:
            done.append((sku, left))
    return done, failed


def main():
    w = Warehouse()
    count = w.load(DATA)
    print(count, w.total())
    done, failed = fulfil(w, [("A1", 3), ("B2", 1), ("Z9", 4), ("A2", 20)])
    print(done, failed)
    print(w.by_letter())
    print(f"{w.total():.2f}")
    cheapest = min(w.items.values(), key=lambda i: i.price)
    print(cheapest.name)


main()
