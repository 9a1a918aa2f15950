import json
from datetime import date, timedelta

ROWS = """name,qty,price
apple,3,0.5
pear,x,0.75
fig,10,0.2"""


class ParseError(ValueError):
    pass


def parse(text):
    header, *lines = text.splitlines()
    keys = header.split(",")
    good, bad = [], []
    for number, line in enumerate(lines, 2):
        row = dict(zip(keys, line.split(",")))
        try:
            row["qty"] = int(row["qty"])
            row["price"] = float(row["price"])
        except ValueError as error:
            bad.append((number, str(error)))
        else:
            good.append(row)
    return good, bad


def totals(rows):
    result = {}
    for row in rows:
        result[row["name"]] = row["qty"] * row["price"]
    result["all"] = sum(result.values())
    return result


def report(result, width=10):
    lines = []
    for name, amount in sorted(result.items(), key=lambda kv: -kv[1]):
        lines.append(f"{name:<{width}}{amount:>8.2f}")
    return "\n".join(lines)


def deep(data, *path, default=None):
    for key in path:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return default
    return data


good, bad = parse(ROWS)
result = totals(good)
text = report(result)
payload = json.dumps({"rows": good, "n": len(good)})
back = json.loads(payload)
name = deep(back, "rows", 0, "name")
missing = deep(back, "rows", 9, "name", default="?")
day = date(2024, 2, 28) + timedelta(days=2)
print(text, bad, name, missing, day.isoformat())
