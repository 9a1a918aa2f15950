"""Editor-neutral answers on immutable snapshots: states, hover, diagnostics, hints, lenses.

Nothing here knows a protocol. Positions are 1-based lines and 0-based columns in characters.
"""
