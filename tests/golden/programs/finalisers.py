"""__del__ runs before the next line does; it is recorded from Python 3.13 on."""


class Thing:
    def __init__(self, name, log):
        self.name = name
        self.log = log

    def __del__(self):
        self.log.append(self.name)


def main():
    log = []
    thing = Thing("first", log)
    thing = Thing("second", log)
    seen = list(log)
    del thing
    return seen, log
