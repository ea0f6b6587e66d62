// The server counts runes (code points), JavaScript's strings count UTF-16 units: a character outside the basic plane is
// one of those and two of these.

// unitAt gives the UTF-16 index of the rune of a number; the text's length where it has not so many.
export function unitAt(text, rune) {
  let at = 0;
  for (let n = 0; n < rune && at < text.length; n++) at += text.codePointAt(at) > 0xffff ? 2 : 1;
  return at;
}

// runes is how many runes a text has.
export const runes = (text) => [...text].length;

// cut gives the part of a text from one rune to another, half open.
export function cut(text, start, end) {
  return text.slice(unitAt(text, start), unitAt(text, end));
}

// quoteAt gives the units {from, to} of a quote in a text, and whether it has moved: it is where it was said to be, or where
// else it stands if the text has changed since; null where it is gone.
export function quoteAt(text, quote, start, end) {
  const from = unitAt(text, start), to = unitAt(text, end);
  if (quote === undefined || text.slice(from, to) === quote) return to > from ? { from, to, moved: false } : null;
  const elsewhere = quote ? text.indexOf(quote) : -1;
  return elsewhere < 0 ? null : { from: elsewhere, to: elsewhere + quote.length, moved: true };
}

// placeAt is where a span {from, to} of a text stands in its file, by the article's places [character, line, page], as a location
// has it.
export function placeAt(text, span, places) {
  const start = runes(text.slice(0, span.from)), end = runes(text.slice(0, span.to));
  const at = (character) => places.findLast(([from]) => from <= character) ?? [0, 0, 0];
  const [, first, page] = at(start), [, last] = at(Math.max(start, end - 1));
  return { start_char: start, end_char: end, start_line: first, end_line: last, page: page || null };
}

// paragraphs parts a text at its line ends into lists of {text, marked}: what lies within the span {from, to} is marked.
export function paragraphs(text, span) {
  const { from, to } = span ?? { from: 0, to: 0 };
  let at = 0;
  return text.split("\n").map((line) => {
    const within = (n) => Math.min(Math.max(n - at, 0), line.length);
    const a = within(from), b = within(to);
    at += line.length + 1;
    return [{ text: line.slice(0, a), marked: false }, { text: line.slice(a, b), marked: true }, { text: line.slice(b), marked: false }]
      .filter((piece) => piece.text !== "");
  });
}

// headlines is how many of a text's first lines are its title, which may stand on several; 0 where it does not begin with it.
export function headlines(text, title) {
  const squeeze = (s) => s.replace(/\s+/gu, "");
  const wanted = squeeze(title);
  let said = "", n = 0;
  for (const line of text.split("\n")) {
    n++;
    said += squeeze(line);
    if (wanted === "" || !wanted.startsWith(said)) return 0;
    if (said === wanted) return n;
  }
  return 0;
}

// marks parts an answer's text at the marks [n] of citations that there are: strings and numbers.
export function marks(text, numbers) {
  return text.split(/(\[\d{1,3}\])/u).map((part) => {
    const n = /^\[(\d+)\]$/u.exec(part);
    return n && numbers.has(Number(n[1])) ? Number(n[1]) : part;
  }).filter((part) => part !== "");
}
