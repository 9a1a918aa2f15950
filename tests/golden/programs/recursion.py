"""Recursion, and a function that calls itself through another."""


def main():
    return fact(3), even(3)


def fact(n):
    if n <= 1:
        return 1
    return n * fact(n - 1)


def even(n):
    return True if n == 0 else odd(n - 1)


def odd(n):
    return False if n == 0 else even(n - 1)
