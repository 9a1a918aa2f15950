"""Points by team, with a mistake that is easy to overlook."""


def blank(teams):
    return [[]] * teams


def points(results):
    """What each team won.

    >>> points([(0, 3), (1, 2), (0, 4)])
    [[3, 4], [2]]
    """
    table = blank(2)
    total = 0
    for team, won in results:
        table[team].append(won)
        total += won
    return table
