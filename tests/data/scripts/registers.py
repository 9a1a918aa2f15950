"""Objects that are reached by more than one name."""


class Register:
    def __init__(self):
        self.items = {}

    def open(self, name):
        self.items[name] = []
        return self.items[name]

    def get(self, name):
        return self.items[name]

    def add(self, name, x):
        self.items[name].append(x)
        return self


reg = Register()
a = reg.open("a")
b = reg.open("b")
same = reg.add("a", 1)
c = reg.get("a")
c.append(5)
reg.add("b", 2).add("a", 3)
print(a, b, c, same)
