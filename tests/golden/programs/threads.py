"""Threads that take turns: each with its own lane and its own depth."""

import threading


def main():
    done = []
    for name in ("a", "b"):
        worker = Worker(name, done)
        worker.start() or worker.join()
    return done


class Worker(threading.Thread):
    def __init__(self, label, done):
        super().__init__()
        self.label = label
        self.done = done

    def __repr__(self):
        return "Worker()"

    def run(self):
        self.done.append(helper(self.label))


def helper(name):
    return name * 2
