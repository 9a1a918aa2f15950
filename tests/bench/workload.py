"""What every tracer is measured on: a small function whose locals change on each line."""


def loop(n: int) -> int:
    """Five lines a turn, six integers."""
    total = 0
    for i in range(n):
        a = i * 3
        b = a % 7
        total += b
        c = total - a  # noqa: F841
    return total


LINES_A_TURN = 5
