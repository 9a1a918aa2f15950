"""Pairs a real run with a predicted one and says where they part. Pure."""
