"""Which scores are above the mean, and how often each of them came up."""


def mean(xs):
    total = 0
    for x in xs:
        total += x
    return total / len(xs)


def above_mean(xs):
    """Count the values above the mean.

    >>> above_mean([4, 9, 2, 9])
    {9: 2}
    """
    floor = mean(xs)
    counts = {}
    for x in xs:
        n = counts.get(x, 0)
        if x > floor:
            counts[x] = n + 1
    return counts
