LEVEL = "low"


class Flag:
    def __init__(self, on):
        self.on = on

    def __repr__(self):
        return "Flag"


class Mood:
    def __init__(self, n):
        self.n = n

    def __repr__(self):
        return f"Mood({self.n}, {LEVEL})"


class Other:
    def __init__(self, n):
        self.n = n
        self.name = "Mood(1, low)"

    def __repr__(self):
        return f"Mood({self.n}, {LEVEL})"


def swap(a, b):
    a.n, b.n = b.n, a.n
    return a, b


flags = [Flag(True), Flag(False)]
flags[0].on = False
print([f.on for f in flags])
m, o = Mood(1), Other(1)
m.n = 5
print(o.n, o.name, m)
LEVEL = "high"
print(m, o)
x, y = Mood(2), Mood(3)
swap(x, y)
print(x, y, x.n, y.n)
pair = [x, y]
pair.reverse()
pair[0].n += 10
print(x, y, pair)
again = list(pair)
again[0] = Mood(13)
again[0].n = 1
print(pair, again)
text = f"the {x} is Mood(3, high)"
x.n = 99
print(text, x)
