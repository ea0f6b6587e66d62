// Conversations of this reader, newest first, in the browser only: {id, title, at, turns: [{question,
// answer, rated}]}. A turn without an answer has what failed, a Trouble's {kind, status, detail}, or nothing where the page went.

const NAME = "yinju.conversations";
const OPEN = "yinju.open"; // of a tab, the id of the conversation that it shows
const MOST = 60;
const MOST_TURNS = 40;

let held = null; // where the browser's store cannot be used

export function all() {
  if (held) return held;
  try {
    const read = JSON.parse(localStorage.getItem(NAME) ?? "[]");
    return Array.isArray(read) ? read.filter(isWhole) : [];
  } catch {
    return [];
  }
}

const isWhole = (c) => typeof c?.id === "string" && Array.isArray(c.turns) && c.turns.every((turn) => typeof turn?.question === "string");

// save keeps a conversation, with the turns that another tab has added to it, and lets go of the oldest ones where there is no
// room.
export function save(conversation) {
  const mine = new Set(conversation.turns.map((turn) => turn.id));
  const others = (find(conversation.id)?.turns ?? []).filter((turn) => turn.id && !mine.has(turn.id) && !dropped.has(turn.id));
  const turns = [...conversation.turns, ...others].sort((a, b) => (a.at ?? "") < (b.at ?? "") ? -1 : (a.at ?? "") > (b.at ?? "") ? 1 : 0);
  const kept = { ...conversation, turns: turns.slice(-MOST_TURNS) };
  write([kept, ...all().filter((c) => c.id !== kept.id)].slice(0, MOST));
}

const dropped = new Set(); // ids of turns that this tab has taken out

// drop takes a turn out for good.
export function drop(turn) { if (turn.id) dropped.add(turn.id); }

export const remove = (id) => write(all().filter((c) => c.id !== id));
export const clear = () => write([]);
export const find = (id) => all().find((c) => c.id === id);

export function setOpen(id) {
  try { sessionStorage.setItem(OPEN, id); } catch { /* the page begins anew, then */ }
}
export function opened() {
  try { return sessionStorage.getItem(OPEN); } catch { return null; }
}

function write(list) {
  for (let n = list.length; ; n = Math.floor(n / 2)) {
    try {
      localStorage.setItem(NAME, JSON.stringify(list.slice(0, n)));
      held = null;
      return;
    } catch {
      if (n <= 1) {
        held = list;
        return;
      }
    }
  }
}

// lean is an answer without what the page does not show.
export function lean(answer) {
  const { timings_ms: _, written, ...rest } = answer;
  if (written) {
    const { model, used, why, left_out, usage } = written;
    rest.written = { model, used, why, left_out, usage };
  }
  return rest;
}

// newID is an id that nobody guesses. randomUUID is for secure addresses only.
export function newID() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
}
