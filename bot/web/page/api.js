import { events } from "./sse.js";

const KEY = "yinju.key";
const REPLY_WAIT = 30_000; // for anything but an answer
const SILENCE = 50_000; // of a stream; the server says something every 15 seconds

// Trouble is a request that failed. kind: "network", "cut" (a stream that ended early), "stopped", or "problem" with the
// HTTP status, the server's words and the seconds after which it may be tried again.
export class Trouble extends Error {
  constructor(kind, { status = 0, detail = "", wait = 0 } = {}) {
    super(detail || kind);
    Object.assign(this, { kind, status, detail, wait });
  }
}

// Without access to the browser's store, or with it full, the key lasts as long as the page.
let kept = null;
let tried = null; // a key that the server has not taken so far
export function key() {
  if (tried !== null) return tried;
  try { return localStorage.getItem(KEY) ?? kept; } catch { return kept; }
}
// tryKey has a key used, and kept once the server takes it.
export function tryKey(value) { tried = value; }
// dropKey lets go of a key that the server does not take: of one that was only tried, and not of another that a tab has kept.
function dropKey(value) {
  if (key() !== value) return;
  if (tried === null) setKey(null);
  tried = null;
}
export function setKey(value) {
  tried = null;
  kept = value;
  try { value === null ? localStorage.removeItem(KEY) : localStorage.setItem(KEY, value); } catch { /* kept is enough */ }
}

let askForKey = async () => false;
let declined = 0; // how often the reader gave none
// whenKeyIsNeeded sets what asks the reader for a key: it is given what is wrong with the one there was, null for none, and says
// whether to try again.
export function whenKeyIsNeeded(fn) { askForKey = fn; }

async function send(path, { method = "GET", body, signal, accept } = {}) {
  const used = key(), before = declined;
  const headers = { Accept: accept ?? "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (used) headers.Authorization = `Bearer ${used}`;
  let response;
  try {
    response = await fetch(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body), credentials: "omit", cache: "no-store" });
  } catch (error) {
    throw ended(signal, error);
  }
  if (response.ok) {
    if (used !== null && used === tried) setKey(used);
    return response;
  }
  const trouble = await problemOf(response);
  if (response.status === 401 || (response.status === 403 && used !== null)) {
    if (used !== null) dropKey(used);
    const isNew = key() !== null && key() !== used; // another request has been given one in the meantime
    const wrong = used === null ? null : response.status === 403 ? trouble.detail : "";
    if (isNew || (declined === before && await hasNewKey(wrong))) return send(path, { method, body, signal, accept });
  }
  throw trouble;
}

async function hasNewKey(wrong) {
  const has = await askForKey(wrong);
  if (!has) declined++;
  return has;
}

function ended(signal, error) {
  if (signal?.aborted) return signal.reason instanceof Trouble ? signal.reason : new Trouble("stopped");
  return error instanceof Trouble ? error : new Trouble("network");
}

async function problemOf(response) {
  let said = {};
  try { said = await response.json(); } catch { /* it is no JSON */ }
  return problem(said, response.status, Number(response.headers.get("Retry-After")) || 0);
}

// problem is a Trouble of what the server says is wrong: its detail and, of its fields, what that does not say already.
export function problem(said, status, wait) {
  const words = [said?.detail, ...(Array.isArray(said?.errors) ? said.errors.map((e) => e?.message) : [])].filter((s) => typeof s === "string" && s !== "");
  const detail = words.filter((s, i) => !words.slice(0, i).some((before) => before.includes(s))).join(" ");
  return new Trouble("problem", { status: Number(said?.status) || status, detail, wait });
}

async function json(path, options = {}) {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new Trouble("network")), REPLY_WAIT);
  try {
    const response = await send(path, { ...options, signal: limit.signal });
    return response.status === 204 ? null : await response.json();
  } catch (error) {
    throw ended(limit.signal, error);
  } finally {
    clearTimeout(timer);
  }
}

function query(values) {
  const q = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== "" && value !== undefined && value !== null) q.set(name, value);
  const text = q.toString();
  return text && `?${text}`;
}

export const article = (id) => json(`/v1/articles/${encodeURIComponent(id)}`);
export const articles = (values) => json(`/v1/articles${query(values)}`);
export const answer = (share) => json(`/v1/answers/${encodeURIComponent(share)}`);
export const ingest = () => json("/v1/ingest");
export const feedback = (id, good, note) => json("/v1/feedback", { method: "POST", body: { answer_id: id, good, ...(note ? { note } : {}) } });

// ask streams an answer: tell is given {event, data} of status, token and citation. It gives the whole answer, or throws a Trouble.
export async function ask(question, { tell, signal, ...rest }) {
  const stop = new AbortController();
  const onStop = () => stop.abort(new Trouble("stopped"));
  signal.addEventListener("abort", onStop);
  let timer;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => stop.abort(new Trouble("cut")), SILENCE);
  };
  try {
    const response = await send("/v1/ask", { method: "POST", accept: "text/event-stream", signal: stop.signal, body: { question, stream: true, ...rest } });
    alive();
    for await (const { event, data } of events(response.body, alive)) {
      const said = JSON.parse(data);
      if (event === "answer") return said;
      if (event === "error") throw problem(said, 500, Number(said.retry_after) || 0);
      tell({ event, data: said });
    }
    throw new Trouble("cut");
  } catch (error) {
    const trouble = ended(stop.signal, error);
    throw trouble.kind === "network" && timer ? new Trouble("cut") : trouble;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onStop);
  }
}
