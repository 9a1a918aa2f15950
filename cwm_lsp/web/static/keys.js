// What the keyboard does, in one table that the help is made from.

import { element } from "/text.js";

export const KEYS = [
  [["j", "ArrowDown"], "next step", (app) => app.move(1)],
  [["k", "ArrowUp"], "step before", (app) => app.move(-1)],
  [["l", "ArrowRight"], "next variable", (app) => app.moveColumn(1)],
  [["h", "ArrowLeft"], "variable before", (app) => app.moveColumn(-1)],
  [["PageDown"], "a page on", (app) => app.move(app.page)],
  [["PageUp"], "a page back", (app) => app.move(-app.page)],
  [["g", "Home"], "first step", (app) => app.choose(0)],
  [["G", "End"], "last step", (app) => app.choose(app.total - 1)],
  [["n"], "next difference", (app) => app.jump(false)],
  [["p"], "difference before", (app) => app.jump(true)],
  [["d"], "first divergence", (app) => (app.first < 0 ? app.tell("There is no divergence.") : app.choose(app.first))],
  [["["], "start of this call", (app) => app.toCall("start")],
  [["]"], "end of this call", (app) => app.toCall("end")],
  [["/"], "search names, values and source", (app) => app.findBox.focus()],
  [["."], "next find", (app) => app.find(false)],
  [[","], "find before", (app) => app.find(true)],
  [["x"], "the other of two runs", (app) => app.otherSide()],
  [["c"], "copy the chosen value", (app) => app.copyChosen()],
  [["t"], "call tree on and off", () => document.body.classList.toggle("treeless")],
  [["?"], "this help", () => document.getElementById("help").showModal()],
];

const BY_KEY = new Map(KEYS.flatMap(([keys, , act]) => keys.map((key) => [key, act])));
const SHOWN = { ArrowDown: "↓", ArrowUp: "↑", ArrowRight: "→", ArrowLeft: "←" };

export function listen(app) {
  fillHelp();
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea, dialog");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !app.total) return;
    const act = BY_KEY.get(event.key);
    if (!act) return;
    event.preventDefault();
    act(app);
  });
}

function fillHelp() {
  const list = document.querySelector("#help dl");
  for (const [keys, words] of KEYS) {
    const term = element("dt");
    for (const key of keys) term.append(element("kbd", "", SHOWN[key] || key));
    list.append(term, element("dd", "", words));
  }
}
