"""async def: await, async for, async with, and tasks that take turns."""

import asyncio


async def main():
    order = []
    await asyncio.gather(worker("a", order), worker("b", order))
    async with Resource() as held:
        async for number in numbers(2):
            order.append((held, number))
    return order


async def worker(name, order):
    order.append(name)
    await asyncio.sleep(0)
    order.append(name.upper())


async def numbers(n):
    for i in range(n):
        yield i


class Resource:
    async def __aenter__(self):
        return "held"

    async def __aexit__(self, *exc):
        return None
