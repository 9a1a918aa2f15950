from itertools import product


def neighbours(cell):
    x, y = cell
    for dx, dy in product((-1, 0, 1), repeat=2):
        if (dx, dy) != (0, 0):
            yield x + dx, y + dy


def step(alive):
    counts = {}
    for cell in alive:
        for n in neighbours(cell):
            counts[n] = counts.get(n, 0) + 1
    return {c for c, k in counts.items() if k == 3 or (k == 2 and c in alive)}


def show(alive, size=4):
    rows = []
    for y in range(size):
        rows.append("".join("#" if (x, y) in alive else "." for x in range(size)))
    return "\n".join(rows)


glider = {(1, 0), (2, 1), (0, 2), (1, 2), (2, 2)}
for gen in range(2):
    print(show(glider))
    glider = step(glider)
print(sorted(glider))
