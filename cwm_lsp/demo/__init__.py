"""A small program to show what cwm-lsp does: ``cwm-lsp demo`` records, predicts and compares it."""
