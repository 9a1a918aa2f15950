"""The command line: options in, concrete parts built and wired."""
