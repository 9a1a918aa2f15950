// Everything at the chosen step: the chosen variable in full, then every variable of the frame.

import { copy, element, said } from "/text.js";

export class Detail {
  constructor(root, app) {
    this.root = root;
    this.app = app;
  }

  /** `detail` is null where this run did nothing in the row. */
  show(detail, apart) {
    if (!detail) {
      this.root.replaceChildren(element("p", "empty", apart || "Nothing here."));
      return;
    }
    const parts = [];
    if (apart) parts.push(element("p", "apart", apart));
    if (detail.outcome.length) parts.push(outcomeOf(detail));
    const chosen = this.chosenOf(detail);
    if (chosen) parts.push(this.focus(chosen));
    parts.push(detail.entries.length ? this.table(detail, chosen) : element("p", "empty", "No variables here."));
    this.root.replaceChildren(...parts);
  }

  /** The variable of the chosen column, else the first that the step wrote. */
  chosenOf(detail) {
    const name = this.app.columnName;
    const wanted = detail.entries.find((entry) => entry.name === name);
    return wanted || detail.entries.find((entry) => entry.state === "differs") || detail.entries.find((entry) => entry.changed);
  }

  focus(entry) {
    const box = element("div", "focus");
    box.append(element("h3", "", `${entry.name}${entry.mark ? ` ${entry.mark}` : ""}`), element("p", "", entry.words));
    const full = element("dl", "full");
    if (entry.observed !== null) full.append(...this.value("observed", entry.observed));
    if (entry.computed !== null) full.append(...this.value("given", entry.computed));
    if (entry.predicted !== null) full.append(...this.value("predicted", entry.predicted.text));
    box.append(full);
    return box;
  }

  value(kind, text) {
    const button = element("button", "", "copy");
    button.setAttribute("aria-label", `Copy the ${kind} value`);
    button.addEventListener("click", () => this.copy(text));
    return [element("dt", "", kind), element("dd", kind === "predicted" ? "predicted" : "", text), button];
  }

  async copy(text) {
    this.app.tell((await copy(text)) ? "copied" : "The browser does not let this page copy; select the text.");
  }

  table(detail, chosen) {
    const table = element("table");
    for (const entry of detail.entries) table.append(this.line(entry, entry === chosen));
    return table;
  }

  line(entry, here) {
    const line = element("tr", `${entry.changed ? "changed" : ""}${here ? " here" : ""}`);
    const value = element("td", entry.state === "withheld" && entry.observed === null ? "withheld" : "");
    fillValue(value, entry);
    const mark = element("td", entry.state);
    mark.append(element("span", "glyph", entry.mark));
    line.append(element("td", "", entry.name), value, mark);
    line.title = entry.words;
    line.addEventListener("click", () => this.app.chooseName(entry.name));
    return line;
  }

  /** The full text of the chosen variable: what was observed, else what else there is. */
  textOf(detail) {
    const entry = detail && this.chosenOf(detail);
    if (!entry) return "";
    return entry.observed ?? entry.computed ?? (entry.predicted ? entry.predicted.text : "");
  }
}

function fillValue(cell, entry) {
  if (entry.observed !== null) cell.append(entry.observed);
  else if (entry.computed !== null) cell.append(entry.computed);
  else if (entry.predicted !== null) {
    cell.append(entry.predicted.text);
    cell.classList.add("predicted");
  } else cell.append("?");
}

function outcomeOf(detail) {
  const line = element("p", "said");
  for (const piece of detail.outcome) {
    const part = element("span", piece.state);
    part.title = piece.words;
    said(part, piece);
    line.append(part, " ");
  }
  return line;
}
