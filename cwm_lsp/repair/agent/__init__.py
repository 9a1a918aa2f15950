"""What runs in the child that executes candidates: the user's interpreter (3.10+), standard library only.

It is imported under a private name by ``boot.py``, so that none of its modules can stand in the way of the
user's. Imports inside are relative for the same reason.
"""
