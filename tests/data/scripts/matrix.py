class Matrix:
    def __init__(self, rows):
        self.rows = [list(r) for r in rows]

    @classmethod
    def identity(cls, n):
        return cls([[1 if i == j else 0 for j in range(n)] for i in range(n)])

    @property
    def shape(self):
        return len(self.rows), len(self.rows[0])

    def __matmul__(self, other):
        n, k = self.shape
        _, m = other.shape
        result = [[0] * m for _ in range(n)]
        for i in range(n):
            for j in range(m):
                for x in range(k):
                    result[i][j] += self.rows[i][x] * other.rows[x][j]
        return Matrix(result)

    def transpose(self):
        return Matrix(zip(*self.rows))

    def __eq__(self, other):
        return self.rows == other.rows

    def __getitem__(self, index):
        i, j = index
        return self.rows[i][j]


def power(base, exponent):
    result = Matrix.identity(base.shape[0])
    while exponent:
        if exponent & 1:
            result = result @ base
        base = base @ base
        exponent >>= 1
    return result


fib = power(Matrix([[1, 1], [1, 0]]), 5)
print(fib.rows, fib[0, 1], fib.transpose() == fib)
