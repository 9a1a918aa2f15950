"""__del__ runs when it would: the recorder keeps no object alive."""


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
