"""One module per LSP method or group of notifications: take a snapshot, ask ``features``, convert."""
