"""Generators: suspended, resumed, sent to, thrown into, delegated to, closed, left unfinished."""


def main():
    taken = []
    for item in outer(2):
        taken.append(item)
    talk = echo()
    next(talk)
    taken.append(talk.send("a"))
    taken.append(talk.throw(ValueError("b")))
    talk.close()
    lazy = (n * n for n in range(2))
    taken.append(sum(lazy))
    unfinished = outer(9)
    next(unfinished)
    del unfinished
    return taken


def outer(n):
    yield from inner(n)
    yield "last"


def inner(n):
    for i in range(n):
        yield i
    return "result"


def echo():
    heard = None
    while True:
        try:
            heard = yield heard
        except ValueError as error:
            heard = str(error)
