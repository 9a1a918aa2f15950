// Small things about text: elements, Python in colours, values with their glyphs, the clipboard.

export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

/** The line that a row is shown at, trimmed; the function where the text is not known. */
export function sourceText(app, side, row) {
  const lines = app.sourceOf(side, row.file);
  const text = lines && lines[row.line - 1];
  return text === undefined ? row.function : text.trim();
}

/** A fragment's text, its glyph and what follows set apart from the value. */
export function said(target, piece) {
  if (!target.value) {
    target.value = element("span", "value");
    target.rest = element("span", "glyph");
    target.append(target.value, target.rest);
  }
  const cut = piece.tail < 0 ? piece.text.length : piece.tail;
  target.value.textContent = piece.text.slice(0, cut);
  target.rest.textContent = piece.text.slice(cut);
}

const TOKENS = /(#.*$)|((?:\b[rbfuRBFU]{1,2})?(?:"""|'''|"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?))|\b(False|None|True|and|as|assert|async|await|break|case|class|continue|def|del|elif|else|except|finally|for|from|global|if|import|in|is|lambda|match|nonlocal|not|or|pass|raise|return|try|while|with|yield)\b|\b(\d[\d_.xXa-fA-FoObB]*)\b/g;
const KINDS = [null, "comment", "string", "keyword", "literal"];

/** A line of Python as nodes, coloured well enough to read by. */
export function python(line) {
  const nodes = [];
  let done = 0;
  for (const match of line.matchAll(TOKENS)) {
    if (match.index > done) nodes.push(line.slice(done, match.index));
    const kind = KINDS[[1, 2, 3, 4].find((group) => match[group] !== undefined)];
    nodes.push(element("span", kind, match[0]));
    done = match.index + match[0].length;
  }
  nodes.push(line.slice(done));
  return nodes;
}

/** Put a text into the clipboard, where a frame may not by asking the document; whether it worked. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = element("textarea", "unseen");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
