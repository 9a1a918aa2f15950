// The call tree: every call in order, folded at will, the one that the chosen step is in marked.

import { VirtualList } from "/list.js";
import { element } from "/text.js";

export class CallTree {
  constructor(root, app) {
    this.app = app;
    this.root = root;
    this.calls = null;
    this.folded = new Set();
    this.visible = [];
    this.list = new VirtualList(root, 24, () => this.make(), (line, index) => this.fill(line, index));
    root.addEventListener("keydown", (event) => this.key(event));
  }

  setCalls(calls) {
    this.calls = calls;
    this.folded.clear();
    this.unfold();
  }

  /** Work out which calls are in sight under the folded ones. */
  unfold() {
    const { depth } = this.calls;
    this.visible = [];
    let hiddenBelow = Infinity;
    depth.forEach((deep, call) => {
      if (deep > hiddenBelow) return;
      hiddenBelow = this.folded.has(call) ? deep : Infinity;
      this.visible.push(call);
    });
    this.list.setTotal(this.visible.length);
  }

  /** The innermost call that a row is in, -1 for none. */
  at(row) {
    if (!this.calls) return -1;
    const { start, end } = this.calls;
    let low = 0;
    let high = start.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (start[middle] <= row) low = middle + 1;
      else high = middle;
    }
    let call = low - 1;
    while (call >= 0 && end[call] < row) call = this.parent(call);
    return call;
  }

  parent(call) {
    const deep = this.calls.depth[call];
    let found = call - 1;
    while (found >= 0 && this.calls.depth[found] >= deep) found -= 1;
    return found;
  }

  hasCalls(call) {
    return this.calls.depth[call + 1] > this.calls.depth[call];
  }

  make() {
    const line = element("div", "line");
    line.setAttribute("role", "treeitem");
    line.id = `call-${this.list.pool.length}`;
    line.twist = element("span", "twist");
    line.label = element("span", "");
    line.glyph = element("span", "glyph");
    line.count = element("span", "count");
    line.append(line.twist, line.label, line.glyph, line.count);
    line.addEventListener("mousedown", (event) => {
      if (event.target === line.twist) this.toggle(line.call);
      else this.app.choose(this.calls.start[line.call]);
    });
    return line;
  }

  fill(line, index) {
    const call = this.visible[index];
    const calls = this.calls;
    const folded = this.folded.has(call);
    const key = `${call} ${folded} ${call === this.current} ${this.app.layout}`;
    if (line.key === key) return;
    line.key = key;
    line.call = call;
    line.style.paddingLeft = `${8 + calls.depth[call] * 12}px`;
    line.twist.textContent = this.hasCalls(call) ? (folded ? "▸" : "▾") : "";
    line.label.textContent = calls.functions[calls.function[call]];
    line.glyph.textContent = calls.differs[call] ? this.app.head.glyphs.differs : "";
    line.count.textContent = (calls.end[call] - calls.start[call] + 1).toLocaleString("en");
    const chosen = call === this.current;
    line.classList.toggle("chosen", chosen);
    line.setAttribute("aria-selected", chosen);
    line.setAttribute("aria-level", calls.depth[call] + 1);
    line.setAttribute("aria-label", `${line.label.textContent}, ${line.count.textContent} steps${calls.differs[call] ? ", differs" : ""}`);
    if (this.hasCalls(call)) line.setAttribute("aria-expanded", !folded);
    else line.removeAttribute("aria-expanded");
    if (chosen) this.root.setAttribute("aria-activedescendant", line.id);
  }

  follow(row) {
    if (!this.calls) return;
    this.current = this.at(row);
    const index = this.visible.indexOf(this.current);
    if (index >= 0) this.list.reveal(index);
    this.list.schedule();
  }

  toggle(call) {
    if (!this.hasCalls(call)) return;
    if (this.folded.has(call)) this.folded.delete(call);
    else this.folded.add(call);
    this.unfold();
  }

  key(event) {
    const index = this.visible.indexOf(this.current);
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in moves && index >= 0) {
      const next = this.visible[index + moves[event.key]];
      if (next !== undefined) this.app.choose(this.calls.start[next]);
    } else if (event.key === "ArrowLeft" && index >= 0 && !this.folded.has(this.current)) this.toggle(this.current);
    else if (event.key === "ArrowRight" && index >= 0 && this.folded.has(this.current)) this.toggle(this.current);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
