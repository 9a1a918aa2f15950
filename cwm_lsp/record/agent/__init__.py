"""What runs inside the user's program: standard library only, Python 3.10 and up.

Loaded by ``boot.py`` under a private name, so that nothing the program imports can be confused with it.
Its one import from outside is ``cwm_lsp.trace.render``, loaded along with it.
"""
