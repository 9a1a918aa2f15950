// The source pane: the line that ran, and where it went.

import { VirtualList } from "/list.js";
import { element, python } from "/text.js";

export class SourcePane {
  constructor(root) {
    this.head = root.querySelector("h2");
    this.lines = [];
    this.list = new VirtualList(root.querySelector(".list"), 21, () => this.make(), (line, index) => this.fill(line, index));
  }

  show(file, lines, ran, next) {
    this.head.textContent = file.name;
    this.head.title = file.path;
    this.ran = ran;
    this.next = next;
    if (lines !== this.lines) {
      this.lines = lines;
      this.list.setTotal(lines.length);
      for (const line of this.list.pool) line.text = undefined;
    }
    if (ran > 0) this.list.reveal(ran - 1);
    this.list.schedule();
  }

  make() {
    const line = element("div", "line");
    line.arrow = element("span", "arrow");
    line.number = element("span", "number");
    line.code = element("span", "");
    line.append(line.arrow, line.number, line.code);
    return line;
  }

  fill(line, index) {
    const number = index + 1;
    line.classList.toggle("ran", number === this.ran);
    line.arrow.textContent = number === this.next && number !== this.ran ? "→" : "";
    line.number.textContent = number;
    if (line.text === this.lines[index]) return;
    line.text = this.lines[index];
    line.code.replaceChildren(...python(line.text));
  }
}
