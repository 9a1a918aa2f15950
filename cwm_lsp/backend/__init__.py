"""Models that can be asked: tokens in, scores and tokens out.

``protocol`` is what every backend offers, ``choose`` picks one and says why. ``local`` serves any
``engine`` in this process (``embedded``, ``replay``); ``host`` keeps a backend in a process of its own.
"""
