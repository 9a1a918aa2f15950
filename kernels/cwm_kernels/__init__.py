"""GPU kernels for verifying traces, each beside its reference. Never imports ``cwm_lsp``."""
