"""From a failing specification to edits that were run before they are offered.

:func:`cwm_lsp.repair.search.repair` is the door; what it takes and gives is in :mod:`cwm_lsp.repair.model`.
"""
