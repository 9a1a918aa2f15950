"""Exceptions: raised, caught, re-raised, chained, through finally and with, and out of the entry."""


def main():
    log = []
    try:
        risky(log)
    except ValueError as error:
        log.append(str(error))
    try:
        {}["missing"]
    except KeyError:
        log.append("key")
    with Quiet(log):
        raise RuntimeError("hidden")
    cleanup(log)
    return 1 / 0


def risky(log):
    try:
        int("x")
    except ValueError as error:
        raise ValueError("worse") from error
    finally:
        log.append("finally")


def cleanup(log):
    for n in range(2):
        try:
            if n:
                return n
            continue
        finally:
            log.append(n)


class Quiet:
    def __init__(self, log):
        self.log = log

    def __enter__(self):
        return self

    def __exit__(self, kind, error, tb):
        self.log.append(kind.__name__)
        return True
