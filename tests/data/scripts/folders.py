class Base:
    made = 0

    def __init__(self, name):
        self.name = name
        Base.made += 1
        self.parts = []
        self.parent = None

    def __repr__(self):
        return f"{type(self).__name__}({self.name!r})"

    def add(self, part):
        part.parent = self
        self.parts.append(part)
        return part

    def path(self):
        names, one = [], self
        while one is not None:
            names.append(one.name)
            one = one.parent
        return "/".join(reversed(names))

    def walk(self):
        yield self
        for part in self.parts:
            yield from part.walk()

    def rename(self, name):
        old, self.name = self.name, name
        return old


class Leaf(Base):
    def __init__(self, name, size):
        super().__init__(name)
        self.size = size

    def total(self):
        return self.size


class Folder(Base):
    def total(self):
        return sum(p.total() for p in self.parts)


root = Folder("root")
docs = root.add(Folder("docs"))
a = docs.add(Leaf("a", 10))
b = docs.add(Leaf("b", 5))
root.add(Leaf("c", 1))
print(root.total(), a.path(), Base.made)
a.rename("z")
print([n.path() for n in root.walk()], docs.parts)
docs.parts.remove(b)
b.parent = None
b.size *= 2
print(root.total(), b, b.path())
docs.parts.sort(key=lambda p: p.name)
twin = Leaf("z", 3)
docs.add(twin)
twin.size = 100
print(a.size, twin.size, docs.total(), docs.parts[0] is a)
by_name = {n.name: n for n in root.walk()}
by_name["docs"].rename("papers")
print(docs, sorted(by_name), by_name["docs"].name)
