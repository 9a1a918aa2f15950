"""Run as a script: globals are the locals of the module frame."""

import math

LIMIT = 2
values = []
for index in range(LIMIT):
    values.append(index)


class Holder:
    size = LIMIT
    doubled = size * 2

    def get(self):
        return self.size


answer = Holder().get() + math.floor(1.5)
