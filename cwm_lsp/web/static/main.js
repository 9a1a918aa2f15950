// The page: what is shown, what is chosen, and how its parts follow each other.

import { CallTree } from "/calls.js";
import { Detail } from "/detail.js";
import { Grid } from "/grid.js";
import { listen } from "/keys.js";
import { RowCache } from "/rows.js";
import { Socket } from "/socket.js";
import { SourcePane } from "/source.js";
import { Strip } from "/strip.js";
import { copy } from "/text.js";

const at = (id) => document.getElementById(id);

const SPOKEN_AFTER = 120;

class App {
  constructor() {
    this.layout = 0;
    this.head = null;
    this.number = 0;
    this.beside = null;
    this.total = 0;
    this.first = -1;
    this.chosen = 0;
    this.column = -1;
    this.side = "left";
    this.moved = false;
    this.sources = new Map();
    this.findBox = at("find");
    this.rows = new RowCache((start, count) => this.ask("rows", { start, count }), () => this.arrived());
    this.grids = { left: new Grid(at("left"), "left", this), right: new Grid(at("right"), "right", this) };
    this.strip = new Strip(at("strip"), this);
    this.calls = new CallTree(at("calls").querySelector(".list"), this);
    this.source = new SourcePane(at("source"));
    this.detail = new Detail(at("detail"), this);
    this.wire();
    listen(this);
  }

  wire() {
    at("run").addEventListener("change", () => this.show(Number(at("run").value), this.beside));
    at("beside").addEventListener("change", () => this.show(this.number, at("beside").value === "" ? null : Number(at("beside").value)));
    at("next").addEventListener("click", () => this.jump(false));
    at("previous").addEventListener("click", () => this.jump(true));
    at("keys").addEventListener("click", () => at("help").showModal());
    this.findBox.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.find(event.shiftKey);
      if (event.key === "Escape") {
        event.preventDefault(); // the browser would clear what is looked for
        this.grids[this.side].scroll.focus();
      }
    });
    this.findBox.addEventListener("input", () => this.findBox.classList.remove("missing"));
  }

  connect() {
    const token = location.hash.slice(1);
    if (!token) return this.blank("This address lacks its token. Open the whole address that cwm-lsp gave, with the part behind #.");
    this.socket = new Socket(token, (head) => this.take(head), (stood) => this.lost(stood));
    return undefined;
  }

  lost(stood) {
    if (stood && this.total) this.status("cwm-lsp has ended; what is on the screen stays");
    else if (stood) this.blank("cwm-lsp has ended.");
    else this.blank("cwm-lsp does not know this address: its token is wrong or old. Open the address that it gave last.");
  }

  blank(words) {
    at("blank").hidden = false;
    at("blank").firstElementChild.textContent = words;
  }

  ask(what, about = {}) {
    return this.socket.ask(what, this.number, this.beside, about);
  }

  get run() {
    return this.head.runs[this.number];
  }

  /** The run that a side shows. */
  runOf(side) {
    return side === "right" && this.beside !== null ? this.head.runs[this.beside] : this.run;
  }

  get columnName() {
    return this.column < 0 ? "" : this.runOf(this.side).columns[this.column];
  }

  get page() {
    return Math.max(1, this.grids.left.list.visible - 2);
  }

  // --- what the server says ---

  async take(head) {
    const before = this.head;
    this.head = head;
    document.title = `${head.title} · cwm-lsp`;
    at("title").textContent = head.title;
    this.sayStatus(head.status);
    if (!head.runs.length) {
      this.total = 0;
      this.blank(head.status.words || "Nothing has been recorded yet.");
      return;
    }
    at("blank").hidden = true;
    if (!before || !before.runs.length) this.beside = head.beside;
    if (this.number >= head.runs.length) this.number = head.runs.length - 1;
    if (this.beside !== null && this.beside >= head.runs.length) this.beside = null;
    this.fillRuns();
    await this.refresh(sameRuns(before, head));
  }

  sayStatus(status) {
    const share = status.share === null ? "" : ` ${Math.round(status.share * 100)} %`;
    this.status(status.words ? `${status.words}${share}` : "");
  }

  status(words) {
    at("status").textContent = words;
  }

  fillRuns() {
    const many = this.head.runs.length > 1;
    for (const label of document.querySelectorAll(".runs")) label.hidden = !many;
    fillSelect(at("run"), this.head.runs, this.number);
    fillSelect(at("beside"), this.head.runs, this.beside, "none");
  }

  show(number, beside) {
    this.number = number;
    this.beside = beside;
    this.rows.clear();
    this.moved = false;
    return this.refresh(false);
  }

  /** Lay out anew; `same` says that the rows were only told to be up to date. */
  async refresh(same) {
    if (same) return;
    const atEnd = this.chosen >= this.total - 1;
    this.rows.stale();
    const sheet = await this.ask("sheet");
    if (!sheet) return;
    this.total = sheet.total;
    this.first = sheet.first;
    this.layOut(sheet);
    this.loadWhole();
    this.sources.clear();
    await this.loadSources();
    this.layout += 1; // rows that were drawn without their source are drawn again
    this.choose(this.whereTo(atEnd), { quiet: true });
  }

  /** Where to look first: at the divergence; at the end of a run that grows, as long as nobody moved. */
  whereTo(atEnd) {
    const growing = this.head.status.stage === "recording";
    if (growing && (atEnd || !this.moved)) return this.total - 1;
    if (!this.moved) return Math.max(0, this.first);
    return Math.min(this.chosen, this.total - 1);
  }

  layOut(sheet) {
    this.layout += 1;
    const pair = this.beside !== null;
    at("summary").textContent = pair ? pairWords(this.run, this.runOf("right")) : this.run.summary;
    const notes = [...this.run.notes, ...(pair ? this.runOf("right").notes : [])];
    at("notes").textContent = notes.join(" ");
    at("notes").hidden = !notes.length;
    at("differences").textContent = sheet.words;
    at("next").disabled = at("previous").disabled = !sheet.differences;
    at("strip").setAttribute("aria-valuemax", this.total);
    at("right").hidden = !pair;
    document.body.classList.toggle("paired", pair);
    this.grids.left.setRun(this.run, this.total, pair);
    if (pair) this.grids.right.setRun(this.runOf("right"), this.total, pair);
    else this.side = "left";
    if (document.activeElement === document.body) this.grids.left.scroll.focus({ preventScroll: true });
  }

  async loadWhole() {
    this.measured();
    const calls = await this.ask("calls");
    if (calls) {
      this.calls.setCalls(calls);
      this.calls.follow(this.chosen);
    }
  }

  /** The strip has room for another number of buckets, or the sheet is another one. */
  async measured() {
    if (!this.total) return;
    const overview = await this.ask("overview", { buckets: this.strip.buckets });
    if (overview) this.strip.setData(overview);
  }

  async loadSources() {
    const sides = this.beside === null ? ["left"] : ["left", "right"];
    const wanted = sides.flatMap((side) => this.runOf(side).files.map((_, file) => [side, file]));
    await Promise.all(wanted.map(async ([side, file]) => {
      const found = await this.ask("source", { side, file });
      if (found) this.sources.set(`${side} ${file}`, found.lines);
    }));
  }

  sourceOf(side, file) {
    return this.sources.get(`${side} ${file}`);
  }

  // --- what is in sight ---

  seen(first, count) {
    if (!this.total) return; // laid out before the server has said anything
    const ahead = Math.ceil(count / 2);
    this.rows.want(first - ahead, count + 2 * ahead);
  }

  scrolled(grid) {
    const other = this.grids[grid.side === "left" ? "right" : "left"];
    if (this.beside !== null && other.scroll.scrollTop !== grid.scroll.scrollTop) other.scroll.scrollTop = grid.scroll.scrollTop;
  }

  arrived() {
    this.drawGrids();
    if (this.waits === this.chosen && this.rows.isHere(this.chosen)) this.follow();
  }

  drawGrids() {
    this.grids.left.draw();
    if (this.beside !== null) this.grids.right.draw();
  }

  // --- choosing ---

  choose(row, { side = this.side, column = this.column, quiet = false } = {}) {
    if (!this.total) return;
    this.chosen = Math.max(0, Math.min(this.total - 1, row));
    this.side = this.beside === null ? "left" : side;
    this.column = column;
    if (!quiet) this.moved = true;
    this.grids.left.list.reveal(this.chosen);
    this.drawGrids();
    this.strip.point();
    at("strip").setAttribute("aria-valuenow", this.chosen + 1);
    this.calls.follow(this.chosen);
    this.waits = this.chosen;
    if (this.rows.isHere(this.chosen)) this.follow();
  }

  /** Source and values of the chosen row, now that it is here. */
  async follow() {
    this.waits = -1;
    for (const one of this.beside === null ? ["left"] : ["left", "right"]) this.grids[one].revealColumn(this.column, this.chosen);
    const held = this.rows.get(this.chosen);
    const row = held[this.side] || held.left || held.right;
    const side = held[this.side] ? this.side : held.left ? "left" : "right";
    this.source.show(this.runOf(side).files[row.file], this.sourceOf(side, row.file) || [], row.line, row.next);
    if (this.asking) { this.again = true; return; }
    this.asking = true;
    const detail = await this.ask("detail", { side, step: row.step });
    this.asking = false;
    if (this.again) { this.again = false; if (this.rows.get(this.chosen)) this.follow(); return; }
    this.shown = detail;
    this.detail.show(detail, held.apart);
    const words = `${detail ? detail.words : ""}${held.apart ? `. ${held.apart}` : ""}`;
    at("strip").setAttribute("aria-valuetext", words);
    clearTimeout(this.speaking); // who races past steps is told of the one that they stop at
    this.speaking = setTimeout(() => { at("live").textContent = words; }, SPOKEN_AFTER);
  }

  move(rows) {
    this.choose(this.chosen + rows);
  }

  moveColumn(by) {
    const last = this.runOf(this.side).columns.length - 1;
    this.choose(this.chosen, { column: Math.max(-1, Math.min(last, this.column + by)) });
  }

  chooseName(name) {
    this.choose(this.chosen, { column: this.runOf(this.side).columns.indexOf(name) });
  }

  otherSide() {
    if (this.beside === null) return;
    const focused = document.activeElement === this.grids[this.side].scroll;
    this.choose(this.chosen, { side: this.side === "left" ? "right" : "left", column: -1 });
    if (focused) this.grids[this.side].scroll.focus({ preventScroll: true });
  }

  toCall(edge) {
    const call = this.calls.at(this.chosen);
    if (call < 0) return;
    const there = this.calls.calls[edge][call];
    const outer = there === this.chosen ? this.calls.parent(call) : call;
    this.choose(outer < 0 ? there : this.calls.calls[edge][outer]);
  }

  async jump(back) {
    const found = await this.ask("next", { row: this.chosen, back });
    if (!found) return;
    if (found.row === null) this.tell(back ? "No difference before this." : "No difference after this.");
    else this.choose(found.row);
  }

  async find(back) {
    const text = this.findBox.value;
    if (!text) { this.findBox.focus(); return; }
    const found = await this.ask("find", { row: this.chosen, back, text });
    const row = found ? found.row : null;
    this.findBox.classList.toggle("missing", row === null);
    if (row === null) this.tell(`“${text}” is not in this run.`);
    else this.choose(row);
  }

  async copyChosen() {
    const text = this.detail.textOf(this.shown);
    if (text) this.tell((await copy(text)) ? "copied" : "The browser does not let this page copy; select the text.");
  }

  /** A passing word, seen and heard. */
  tell(words) {
    at("live").textContent = words;
    this.status(words);
    clearTimeout(this.passing);
    this.passing = setTimeout(() => this.sayStatus(this.head.status), 2500);
  }
}

function pairWords(left, right) {
  const ran = left.kind !== "predicted" || right.kind !== "predicted";
  return `${ran ? "" : "nothing was run; "}${left.steps.toLocaleString("en")} and ${right.steps.toLocaleString("en")} steps beside each other`;
}

function sameRuns(before, head) {
  return before !== null && before.runs.length > 0 && before.results === head.results;
}

function fillSelect(select, runs, chosen, none = null) {
  const options = runs.map((run, index) => new Option(run.title, index, false, index === chosen));
  select.replaceChildren(...(none === null ? [] : [new Option(none, "", false, chosen === null)]), ...options);
}

const app = new App();
globalThis.cwm = app;
app.connect();
addEventListener("hashchange", () => location.reload());
