"""The LSP shell around ``features``: transports, protocol, handlers. Holds no answers of its own."""
