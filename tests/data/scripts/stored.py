"""A property that is stored through a method, and strings of which a run keeps the beginning alone."""


class Shape:
    def __init__(self, name, size):
        self.name = name
        self.size = size

    @property
    def name(self):
        return self._name

    @name.setter
    def name(self, value):
        self._name = value.strip()


shapes = [Shape(" a", 3), Shape("b ", 1), Shape("c", 2)]
names = [shape.name for shape in shapes]
first = shapes[0]
first.name = " rect "
first.size += 1
text = "xyz" * 700
count = len(text)
ends = text.endswith("more")
print(names, first.name, shapes[0].size, count, ends)
