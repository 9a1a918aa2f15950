"""Bytes on a wire: framing and DAP messages, without input or output of their own."""
