"""Loops, branches, unpacking, deletion, repeated lines."""


def main():
    total = 0
    for i in range(3):
        if i % 2:
            total += i
        else:
            total -= 1
    x = 1
    x += 1
    x += 1
    first, *rest = [total, x, "end"]
    while rest:
        last = rest.pop()
    else:
        done = True
    del first, last
    while x > 1: x -= 1
    for x in range(2): total += x
    return total, x
