"""The Debug Adapter Protocol: ghost sessions, which step a prediction, and the proxy around debugpy."""
