// Steps down, variables across: one run's side of the sheet. Only what is in sight exists.

import { VirtualList } from "/list.js";
import { element, said, sourceText } from "/text.js";

const CHARACTER = 7.55;
const PADDING = 22;
const FEWEST = 14;
const BESIDE_CODE = 168;
const VISIT = 56;
const CLOSE = 600;
const SHARE = 0.5;
const SLIM = 380;
const SLIM_FIXED = 78;

export class Grid {
  /** `app` gives rows and what is chosen; `side` is "left" or "right". */
  constructor(root, side, app) {
    this.app = app;
    this.side = side;
    this.root = root;
    this.name = element("div", "name");
    this.heads = element("div", "heads");
    this.scroll = element("div", "scroll");
    root.append(this.name, this.heads, this.scroll);
    this.scroll.tabIndex = 0;
    this.scroll.setAttribute("role", "grid");
    this.scroll.setAttribute("aria-owns", `${side}-heads`);
    this.list = new VirtualList(this.scroll, 26, () => this.makeRow(), (row, index) => this.fill(row, index));
    this.list.drawn = (first, count) => {
      app.seen(first, count);
      this.point();
    };
    this.scroll.addEventListener("scroll", () => this.follow(), { passive: true });
    new ResizeObserver(() => this.resized()).observe(this.scroll);
  }

  /** Take the run that is shown here. */
  setRun(run, total, pair) {
    this.run = run;
    this.root.classList.toggle("pair", pair);
    this.name.hidden = !pair;
    this.name.textContent = run.title;
    this.scroll.setAttribute("aria-label", `Steps of ${run.title}`);
    this.scroll.setAttribute("aria-rowcount", total + 1);
    this.scroll.setAttribute("aria-colcount", run.columns.length + 1);
    this.measure();
    this.list.setTotal(total);
    this.drawHeads();
  }

  /** Where each column begins: what steps give is the first, then the variables. */
  measure() {
    this.room = this.scroll.clientWidth;
    const pair = this.root.classList.contains("pair");
    const slim = pair && this.room < SLIM; // what the steps say has the room that there is; their lines stand as numbers
    const close = pair || this.room < CLOSE;
    const beside = close ? BESIDE_CODE - VISIT : BESIDE_CODE;
    const share = this.room < CLOSE ? (this.room * SHARE - beside - PADDING) / CHARACTER : this.room / CHARACTER / 2.4;
    this.root.classList.toggle("slim", slim);
    this.root.classList.toggle("close", close);
    this.fixed = slim ? SLIM_FIXED : beside + wide(Math.max(FEWEST, Math.min(this.run.code, Math.floor(share))));
    this.root.style.setProperty("--fixed", `${this.fixed}px`);
    this.edges = [0, this.run.gives ? wide(this.run.gives) : 0];
    for (const width of this.run.widths) this.edges.push(this.edges.at(-1) + wide(width));
    const over = Math.max(0, this.edges.at(-1) - (this.room - this.fixed));
    this.width = Math.max(this.fixed + this.edges.at(-1), this.room + this.edgeFrom(over, this.edges.at(-2)));
    this.list.spacer.style.width = `${this.width}px`;
  }

  /** The window has another size. */
  resized() {
    if (!this.run) return;
    this.measure();
    this.drawHeads();
    this.list.schedule();
  }

  /** The variables in sight: the first, and the one after the last. */
  get columns() {
    const left = this.scroll.scrollLeft;
    const right = left + this.room - this.fixed;
    const first = this.edges.findIndex((edge, index) => index > 1 && edge > left) - 2;
    const after = this.edges.findIndex((edge, index) => index > 0 && edge >= right);
    return [first < 0 ? 0 : first, after < 0 ? this.run.columns.length : after - 1];
  }

  /** Where a column is: its left edge and its width; -1 is what steps give. */
  span(column) {
    return [this.fixed + this.edges[column + 1], this.edges[column + 2] - this.edges[column + 1]];
  }

  follow() {
    this.app.scrolled(this);
    if (this.scroll.scrollLeft !== this.left) this.drawHeads();
    this.list.schedule();
  }

  drawHeads() {
    this.left = this.scroll.scrollLeft;
    const fixed = element("div", "fixed");
    fixed.append(element("span", "gutter"), element("span", "step", "step"), element("span", "code", "line"));
    const inner = element("div", "");
    inner.style.width = `${this.width}px`;
    inner.style.height = "100%";
    inner.id = `${this.side}-heads`;
    inner.setAttribute("role", "row");
    this.range = this.columns;
    const [first, last] = this.range;
    const cells = [];
    for (let column = first; column < last; column += 1) {
      const cell = element("div", "cell", this.run.columns[column]);
      cell.setAttribute("role", "columnheader");
      cell.title = this.run.columns[column];
      const [left, width] = this.span(column);
      cell.style.left = `${left}px`;
      cell.style.width = `${width}px`;
      cells.push(cell);
    }
    inner.append(fixed, ...cells);
    this.heads.replaceChildren(inner);
    this.heads.scrollLeft = this.left;
  }

  makeRow() {
    const row = element("div", "row");
    row.id = `${this.side}-${this.list.pool.length}`;
    row.setAttribute("role", "row");
    const fixed = element("div", "fixed");
    fixed.setAttribute("role", "rowheader");
    row.gutter = element("span", "gutter");
    row.step = element("span", "step");
    row.number = element("span", "number");
    row.text = element("span", "");
    row.visit = element("span", "visit");
    const code = element("span", "code");
    code.append(row.number, row.text);
    fixed.append(row.gutter, row.step, code, row.visit);
    row.append(fixed);
    row.cells = [];
    row.fixed = fixed;
    row.addEventListener("mousedown", (event) => this.chooseAt(row, event));
    return row;
  }

  chooseAt(row, event) {
    const cell = event.target.closest(".cell");
    this.app.choose(row.index, { side: this.side, column: cell ? cell.column : -1 });
  }

  /** What a row's look depends on; it is drawn again only when that has changed. */
  fill(row, index) {
    const held = this.app.rows.get(index);
    const data = held && held[this.side];
    const chosen = index === this.app.chosen;
    const key = `${index} ${chosen && `${this.app.side} ${this.app.column}`} ${this.range} ${this.left > 0} ${this.fixed} ${this.app.layout} ${held && held.apart}`;
    if (row.key === key && row.data === data) return;
    row.key = key;
    row.data = data;
    row.index = index;
    row.style.width = `${this.width}px`;
    row.setAttribute("aria-rowindex", index + 2);
    row.setAttribute("aria-selected", chosen);
    row.className = rowClass(held, data, chosen, chosen && this.side === this.app.side);
    if (!data) this.fillBlank(row, held, index);
    else this.fillRow(row, data, held.apart, index);
  }

  fillBlank(row, held, index) {
    row.gutter.textContent = "";
    row.step.textContent = held ? "" : (index + 1).toLocaleString("en");
    row.number.textContent = "";
    row.text.textContent = held ? "" : "…";
    row.visit.textContent = "";
    this.fillCells(row, []);
  }

  fillRow(row, data, apart, index) {
    const state = index === this.app.first ? "mark" : apart ? "differs" : data.state;
    row.gutter.textContent = this.app.head.glyphs[state] || "";
    row.gutter.className = `gutter ${state}`;
    row.step.textContent = (data.step + 1).toLocaleString("en");
    row.number.textContent = data.line;
    row.text.textContent = `${"  ".repeat(Math.min(data.depth, 12))}${sourceText(this.app, this.side, data)}`;
    row.visit.textContent = data.visit;
    row.fixed.title = data.function;
    row.fixed.setAttribute("aria-label", `${state === "mark" ? "first divergence, " : ""}${apart ? `${apart}, ` : ""}step ${data.step + 1}, ${data.function} line ${data.line}`);
    this.fillCells(row, data.pieces);
  }

  fillCells(row, pieces) {
    const [first, last] = this.range;
    const given = pieces.filter((piece) => piece.column < 0);
    let used = 0;
    if (given.length) this.place(row, used++, merged(given), this.roomFor(pieces));
    for (const piece of pieces) {
      if (piece.column >= first && piece.column < last) this.place(row, used++, piece);
    }
    for (let spare = used; spare < row.cells.length; spare += 1) row.cells[spare].hidden = true;
  }

  /** What a step gives may reach over the columns that say nothing in its row, while its beginning is in sight. */
  roomFor(pieces) {
    if (this.left > 0) return 0;
    const next = pieces.reduce((least, piece) => (piece.column < 0 ? least : Math.min(least, piece.column)), this.run.columns.length);
    return this.edges[next + 1];
  }

  place(row, slot, piece, reach = 0) {
    const [left, own] = this.span(piece.column);
    const width = Math.max(own, Math.min(reach, wide(piece.text.length)));
    let cell = row.cells[slot];
    if (!cell) {
      cell = element("div", "cell");
      cell.setAttribute("role", "gridcell");
      row.cells.push(cell);
      row.append(cell);
    }
    const name = piece.column < 0 ? "" : this.run.columns[piece.column];
    const here = this.app.chosen === row.index && this.app.side === this.side && this.app.column === piece.column && piece.column >= 0;
    cell.hidden = false;
    cell.column = piece.column;
    if (cell.left !== left || cell.width !== width) {
      cell.left = left;
      cell.width = width;
      cell.style.left = `${left}px`;
      cell.style.width = `${width}px`;
    }
    cell.className = `cell ${piece.state}${piece.dimmed ? " dimmed" : ""}${here ? " here" : ""}`;
    cell.title = name ? `${name}: ${piece.words}` : piece.words;
    cell.setAttribute("aria-label", cell.title);
    said(cell, piece);
  }

  /** Bring a variable into sight, or without one what differs in a row. */
  revealColumn(column, index) {
    const held = this.app.rows.get(index);
    const data = held && held[this.side];
    if (column >= 0 && this.side === this.app.side) this.reveal(column);
    else if (data && held.odd) this.reveal(this.run.columns.indexOf(held.odd));
    else if (data) {
      const odd = data.pieces.find((piece) => piece.state === "differs");
      if (odd) this.reveal(odd.column);
    }
  }

  /** No other column is cut at the left for it: what is half there can be taken for a whole value. */
  reveal(column) {
    const [left, right] = [this.edges[column + 1], this.edges[column + 2]];
    const room = this.room - this.fixed;
    if (left < this.scroll.scrollLeft) this.scroll.scrollLeft = left;
    else if (right > this.scroll.scrollLeft + room) {
      this.scroll.scrollLeft = this.edgeFrom(right - room, left);
    }
  }

  /** Where the first column begins at or behind `place`, `last` at most. */
  edgeFrom(place, last) {
    return Math.min(last, this.edges.find((edge) => edge >= place));
  }

  draw() {
    this.list.schedule();
  }

  /** Tell those who listen which row is the chosen one. */
  point() {
    const row = this.list.element(this.app.chosen);
    if (row) this.scroll.setAttribute("aria-activedescendant", row.id);
    else this.scroll.removeAttribute("aria-activedescendant");
  }
}

/** The pixels of a cell with so many characters. */
function wide(characters) {
  return Math.round(characters * CHARACTER) + PADDING;
}

/** Where the run went and what it gave, as one. */
function merged(given) {
  if (given.length === 1) return given[0];
  return { ...given[0], tail: -1, text: given.map((one) => one.text).join(" · "), words: given.map((one) => one.words).join(". ") };
}

function rowClass(held, data, chosen, active) {
  const names = ["row"];
  if (!held) names.push("waiting");
  else if (!data) names.push("away");
  else names.push(data.kind, data.pieces.length ? "telling" : "quiet");
  if (held && held.apart) names.push("apart");
  if (chosen) names.push("chosen");
  if (active) names.push("active");
  return names.join(" ");
}
