// The one connection: questions with their answers, and what the server says by itself.

const PREFIX = "cwm-lsp.token.";

export class Socket {
  /** `heard` gets every head; `lost` is called with whether the connection ever stood. */
  constructor(token, heard, lost) {
    this.waiting = new Map();
    this.number = 0;
    this.stood = false;
    this.socket = new WebSocket(`ws://${location.host}/live`, [PREFIX + token]);
    this.socket.addEventListener("open", () => { this.stood = true; });
    this.socket.addEventListener("message", (event) => this.take(JSON.parse(event.data), heard));
    this.socket.addEventListener("close", () => lost(this.stood));
  }

  take(message, heard) {
    if (message.say === "head") {
      heard(message);
      return;
    }
    const done = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (done) done(message);
  }

  /** The answer, or null where there is none any more: the runs may have changed since. */
  ask(ask, run, beside, about = {}) {
    if (this.socket.readyState !== WebSocket.OPEN) return Promise.resolve(null);
    const id = ++this.number;
    this.socket.send(JSON.stringify({ id, ask, run, beside, about }));
    return new Promise((done) => this.waiting.set(id, (message) => done(message.error === undefined ? message.answer : null)));
  }
}
