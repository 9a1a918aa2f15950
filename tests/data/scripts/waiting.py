import asyncio


class Store:
    def __init__(self, prices):
        self.prices = prices
        self.asked = 0

    async def price(self, name):
        self.asked += 1
        await asyncio.sleep(0)
        return self.prices[name]


async def total(store, order):
    paid = 0
    for name, count in order:
        each = await store.price(name)
        paid += each * count
    return paid


async def main():
    store = Store({"apple": 3, "pear": 5})
    first = await total(store, [("apple", 2), ("pear", 1)])
    await asyncio.sleep(0)
    second = await total(store, [("pear", 4)])
    return first, second, store.asked


first, second, asked = asyncio.run(main())
print(first + second, asked)
