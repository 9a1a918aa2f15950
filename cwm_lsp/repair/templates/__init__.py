"""Edits that undo the ways in which Python functions break, made from the syntax tree, without a model."""
