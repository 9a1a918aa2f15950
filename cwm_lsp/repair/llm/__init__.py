"""Proposals of a language model: asked over HTTP, read as edits, and verified like any other candidate."""
