// Parser takes a stream of server-sent events in pieces of any size and gives {event, data} as each is whole.
export class Parser {
  #left = "";
  #event = "";
  #data = [];
  #started = false;

  // feed gives the events that end within the next piece of text.
  feed(piece) {
    const out = [];
    this.#left += piece;
    if (!this.#started && this.#left !== "") {
      this.#started = true;
      if (this.#left.startsWith("\ufeff")) this.#left = this.#left.slice(1);
    }
    // A CR at the end may be half of a CR LF: it waits for what follows.
    for (let m; (m = /\r\n|\n|\r(?!$)/u.exec(this.#left)); ) {
      const line = this.#left.slice(0, m.index);
      this.#left = this.#left.slice(m.index + m[0].length);
      const event = this.#line(line);
      if (event) out.push(event);
    }
    return out;
  }

  #line(line) {
    if (line === "") {
      const event = { event: this.#event || "message", data: this.#data.join("\n") };
      const hasData = this.#data.length > 0;
      this.#event = "";
      this.#data = [];
      return hasData ? event : null;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /u, "");
    if (field === "event") this.#event = value;
    if (field === "data") this.#data.push(value);
    return null;
  }
}

// events reads a response's body. alive is called with every piece, comments too.
export async function* events(body, alive = () => {}) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parser = new Parser();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      alive();
      yield* parser.feed(decoder.decode(value, { stream: true }));
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
