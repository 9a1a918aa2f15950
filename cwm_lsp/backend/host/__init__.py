"""The model in a process of its own, so that losing it loses nothing else.

``client`` is the backend that the server sees, ``process`` the child it starts, ``serve`` and
``__main__`` what runs in the child, ``framing`` and ``messages`` what passes between them.
"""
