"""Comprehensions: frames of their own up to 3.11, part of their function from 3.12 on."""


def main():
    n = 2
    squares = [i * i for i in range(n)]
    evens = {i for i in squares if i % 2 == 0}
    table = {i: [j for j in range(i)] for i in range(n)}
    total = sum(i for i in squares)
    return squares, evens, table, total
