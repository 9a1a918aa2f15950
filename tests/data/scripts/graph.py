import heapq
from collections import deque

GRAPH = {
    "a": {"b": 2, "c": 5},
    "b": {"c": 1, "d": 4},
    "c": {"d": 1},
    "d": {},
}


def dijkstra(graph, start):
    dist = {node: float("inf") for node in graph}
    dist[start] = 0
    queue = [(0, start)]
    while queue:
        d, node = heapq.heappop(queue)
        if d > dist[node]:
            continue
        for other, w in graph[node].items():
            nd = d + w
            if nd < dist[other]:
                dist[other] = nd
                heapq.heappush(queue, (nd, other))
    return dist


def bfs(graph, start, goal):
    seen = {start}
    queue = deque([[start]])
    while queue:
        path = queue.popleft()
        node = path[-1]
        if node == goal:
            return path
        for other in graph[node]:
            if other not in seen:
                seen.add(other)
                queue.append(path + [other])
    return None


def topo(graph):
    order, seen = [], set()

    def visit(node):
        if node in seen:
            return
        seen.add(node)
        for other in sorted(graph[node]):
            visit(other)
        order.append(node)

    for node in graph:
        visit(node)
    return order[::-1]


def matrix(graph):
    names = sorted(graph)
    index = {name: i for i, name in enumerate(names)}
    m = [[0] * len(names) for _ in names]
    for name, edges in graph.items():
        for other, w in edges.items():
            m[index[name]][index[other]] = w
    return m


dist = dijkstra(GRAPH, "a")
path = bfs(GRAPH, "a", "d")
order = topo(GRAPH)
m = matrix(GRAPH)
print(dist, path, order, m)
