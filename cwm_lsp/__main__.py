"""``python -m cwm_lsp`` is ``cwm-lsp``."""

from cwm_lsp.cli.main import main

if __name__ == "__main__":
    main()
