import * as api from "./api.js";
import * as browse from "./browse.js";
import { runes } from "./cut.js";
import { button, by, el, say, show } from "./dom.js";
import * as panel from "./panel.js";
import * as past from "./past.js";
import { t, when } from "./texts.js";
import { troubleText } from "./trouble.js";
import { Turn, describe } from "./turn.js";

const composer = by("composer"), question = by("question"), send = by("send"), stop = by("stop");
const turns = by("turns"), welcome = by("welcome"), filterBox = by("filter");
const NAME = document.title;
const MOST_CHARACTERS = Number(question.dataset.most); // of a question
const filterInputs = [...filterBox.querySelectorAll("input")];

let talk = begin(); // the conversation that is shown
let refused = null; // the turn that the server did not take, while its question is in the box again
let running = null; // the AbortController of the answer that is on its way

function begin() {
  return { id: past.newID(), title: "", at: "", turns: [] };
}

// ---- asking

// ask asks a question, instead of a turn where it is asked again. It is kept from the start: one that is stopped, or fails,
// or has the page loaded anew under it, is still there.
async function ask(text, { filter = filterOf(), instead } = {}) {
  if (running || text.trim() === "") return;
  const mine = new AbortController();
  if (talk.turns.length > 0 && !past.find(talk.id)) open(begin()); // it was deleted, here or in another tab
  if (instead) drop(instead);
  const here = talk; // another conversation may be opened while it answers
  running = mine;
  busy(true);
  greet(false);
  const turn = newTurn(text);
  turn.entry = { id: past.newID(), at: new Date().toISOString(), question: text };
  here.turns.push(turn.entry);
  here.title ||= text;
  here.at = new Date().toISOString();
  past.save(here);
  past.setOpen(here.id);
  turns.append(turn.node);
  scrollTo({ top: document.documentElement.scrollHeight });
  say(t("searching"));
  try {
    const answer = await api.ask(text, {
      conversation_id: here.id, ...(Object.keys(filter).length > 0 ? { filter } : {}), signal: mine.signal,
      tell: (event) => follow(() => turn.tell(event)),
    });
    turn.entry.answer = past.lean(answer);
    keep(here);
    follow(() => turn.done(answer));
  } catch (trouble) {
    const { kind, status, detail } = trouble;
    turn.entry.failed = { kind, status, detail };
    keep(here);
    follow(() => turn.trouble(trouble));
    if ([413, 422].includes(status) && here === talk) giveBack(text, turn);
  } finally {
    running = null;
    busy(false);
    if (performance.now() - corpusAt > CORPUS_EVERY) corpus();
  }
  if (isAtEnd()) show(turn.node.querySelector(".question"), "start");
}

// keep saves a conversation, unless it was deleted in the meantime.
function keep(conversation) {
  if (past.find(conversation.id)) past.save(conversation);
}

// giveBack puts a question that was refused into the box again, unless there is another by now.
function giveBack(text, turn) {
  if (question.value !== "") return;
  question.value = text;
  refused = turn;
  sayLength();
}

function drop(turn) {
  past.drop(turn.entry);
  talk.turns = talk.turns.filter((entry) => entry !== turn.entry);
  turn.node.remove();
}

// newTurn shows a question of the conversation at hand.
function newTurn(text) {
  const here = talk;
  const turn = new Turn(text, {
    open: panel.open,
    again: (q) => {
      if (!running) ask(q, { instead: turn });
    },
    everywhere: (q) => {
      setFilter({});
      ask(q);
    },
    rated: (good) => {
      if (!turn.entry) return;
      turn.entry.rated = good;
      keep(here);
    },
  });
  return turn;
}

// greet shows the welcome, or leaves its heading for those who go by headings.
function greet(is) {
  welcome.classList.toggle("unseen", !is);
}

function busy(is) {
  send.hidden = is;
  stop.hidden = !is;
  if (is && document.activeElement === document.body) question.focus();
}

const isAtEnd = () => scrollY + innerHeight > document.documentElement.scrollHeight - 150;

// follow keeps the end in sight while an answer grows, unless the reader has gone elsewhere.
function follow(grow) {
  const was = isAtEnd();
  grow();
  if (was) scrollTo({ top: document.documentElement.scrollHeight });
}

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  if (running || question.value.trim() === "") return;
  const text = question.value.trim();
  if (runes(text) > MOST_CHARACTERS) {
    say(by("length").textContent);
    return;
  }
  question.value = "";
  sayLength();
  const instead = refused?.node.isConnected ? refused : undefined;
  refused = null;
  ask(text, { instead });
});

question.addEventListener("keydown", (event) => {
  // While an input method composes, Enter takes its word. Safari says so by 229 only.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  composer.requestSubmit();
});

// sayLength says how long a question is, from where it is near to what the server takes.
function sayLength() {
  const length = runes(question.value.trim());
  const box = by("length");
  box.hidden = length <= MOST_CHARACTERS * 0.9;
  box.classList.toggle("wrong", length > MOST_CHARACTERS);
  box.textContent = t(length > MOST_CHARACTERS ? "tooLong" : "length", length, MOST_CHARACTERS);
  question.setAttribute("aria-invalid", String(length > MOST_CHARACTERS));
}
question.addEventListener("input", sayLength);

// Browsers that do not size the box by its text do by its lines.
if (!CSS.supports("field-sizing", "content")) {
  question.addEventListener("input", () => { question.rows = Math.min(6, question.value.split("\n").length); });
}

stop.addEventListener("click", () => {
  running?.abort();
  question.focus();
});

// ---- the filter of questions

function filterOf() {
  return Object.fromEntries(filterInputs.map((input) => [input.name, input.value.trim()]).filter(([, value]) => value !== ""));
}

function setFilter(filter) {
  for (const input of filterInputs) input.value = filter[input.name] ?? "";
  sayFilter();
}

function sayFilter() {
  const said = describe(filterOf());
  by("filter-said").textContent = said;
  by("filter-said").hidden = said === "";
}

filterBox.addEventListener("input", sayFilter);
by("filter-clear").addEventListener("click", () => setFilter({}));

// ---- views

function view() {
  const isBrowsing = browse.isAt(location.hash);
  by("ask-view").hidden = isBrowsing;
  by("articles-view").hidden = !isBrowsing;
  for (const [id, is] of [["to-ask", !isBrowsing], ["to-articles", isBrowsing]]) {
    if (is) by(id).setAttribute("aria-current", "page");
    else by(id).removeAttribute("aria-current");
  }
  if (isBrowsing) browse.show(location.hash);
}

by("skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address says which view it is
  by("main").focus();
});
addEventListener("popstate", (event) => {
  panel.follow(event.state);
  view();
});
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && panel.isOpen() && !event.defaultPrevented && !document.querySelector("dialog[open]")) panel.close();
});

browse.start(panel.open, (filter) => {
  setFilter(filter);
  if (location.search) { // a shared answer: nothing is asked there
    open(begin());
    return;
  }
  location.hash = "#ask";
  question.focus();
});

// ---- conversations

by("new").addEventListener("click", () => open(begin()));
by("brand").addEventListener("click", (event) => {
  if (location.search) return; // from a shared answer: load the page
  event.preventDefault();
  open(begin());
});

function open(conversation) {
  running?.abort();
  if (location.search) history.replaceState(null, "", `/${location.hash}`);
  document.title = NAME;
  if (browse.isAt(location.hash)) location.hash = "#ask";
  if (panel.isOpen()) panel.close();
  composer.hidden = false;
  put(conversation);
  question.focus({ preventScroll: conversation.turns.length > 0 });
}

// put shows a conversation, and has it be the one that is there when the page is loaded anew.
function put(conversation) {
  talk = conversation;
  past.setOpen(conversation.id);
  greet(conversation.turns.length === 0);
  turns.replaceChildren(...conversation.turns.map((entry) => {
    const turn = newTurn(entry.question);
    turn.entry = entry;
    if (Array.isArray(entry.answer?.citations)) turn.done(entry.answer, { rated: entry.rated, old: true });
    else turn.trouble(new api.Trouble(entry.failed?.kind ?? "cut", entry.failed), { old: true });
    return turn.node;
  }));
  turns.lastElementChild?.scrollIntoView({ block: "start" });
}

const pastBox = by("past"), pastClear = by("past-clear");
by("open-past").addEventListener("click", () => {
  listPast();
  pastBox.showModal();
});
by("past-close").addEventListener("click", () => pastBox.close());
closeOutside(pastBox);

function listPast() {
  const all = past.all();
  pastClear.textContent = pastClear.dataset.text ??= pastClear.textContent;
  pastClear.dataset.sure = "";
  pastClear.hidden = all.length === 0;
  by("forget").hidden = api.key() === null;
  by("past-list").replaceChildren(...(all.length === 0 ? [el("li", { class: "pale" }, t("noPast"))] : all.map(pastItem)));
}

function pastItem(conversation) {
  return el("li", { class: "past" },
    el("div", {},
      button(conversation.title || "…", () => { pastBox.close(); open(conversation); }, { class: "title" }),
      el("p", { class: "by" }, `${when(conversation.at)} · ${conversation.turns.length}`)),
    button("✕", () => {
      past.remove(conversation.id);
      deleted();
    }, { "aria-label": t("removeNamed", conversation.title), title: t("remove") }));
}

pastClear.addEventListener("click", () => {
  if (!pastClear.dataset.sure) {
    pastClear.dataset.sure = "yes";
    pastClear.textContent = t("sureAll");
    return;
  }
  past.clear();
  deleted();
});

// deleted says so, and begins a new conversation where the one that is shown is gone.
function deleted() {
  if (talk.turns.length > 0 && !past.find(talk.id)) open(begin());
  say(t("deleted"));
  listPast();
  by("past-close").focus();
}

by("forget").addEventListener("click", () => {
  api.setKey(null);
  say(t("forgotten"));
  listPast();
  by("past-close").focus();
});

function closeOutside(dialog) {
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}

// ---- the key

const keyBox = by("key"), keyValue = by("key-value");
let asking = null; // one form for all requests that need a key

api.whenKeyIsNeeded((wrong) => {
  asking ??= new Promise((resolve) => {
    const box = by("key-wrong");
    box.hidden = wrong === null;
    box.textContent = wrong || t("wrongKey");
    keyValue.value = "";
    keyBox.returnValue = "";
    keyBox.showModal();
    keyBox.addEventListener("close", () => {
      asking = null;
      resolve(keyBox.returnValue === "use");
      if (keyBox.returnValue === "use" && by("corpus").childElementCount > 0 && corpusSaid === "") corpus();
      keyValue.value = "";
    }, { once: true });
  });
  return asking;
});

by("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const value = keyValue.value.trim();
  if (!/^[!-~]+$/u.test(value)) { // no header can carry it
    by("key-wrong").hidden = false;
    by("key-wrong").textContent = t("badKey");
    return;
  }
  api.tryKey(value);
  keyBox.close("use");
});
by("key-cancel").addEventListener("click", () => keyBox.close(""));

// ---- the corpus

const CORPUS_EVERY = 60_000;
const INGEST_EVERY = 2000; // while one is under way
let ingestTimer = 0;
let corpusAt = -Infinity; // when it was last asked for
let corpusSaid = ""; // the reply that is shown

async function corpus() {
  const box = by("corpus");
  corpusAt = performance.now();
  try {
    const reply = await api.ingest();
    clearTimeout(ingestTimer);
    if (reply.running || reply.waiting) ingestTimer = setTimeout(corpus, INGEST_EVERY);
    if (JSON.stringify(reply) === corpusSaid) return; // what the reader has unfolded stays so
    corpusSaid = JSON.stringify(reply);
    const { sources, articles, ingested_at: at, run } = reply;
    const ended = run?.ended_at || at, now = ingesting(reply);
    const failed = reply.failures?.length ? reply.failures : run?.report?.failed;
    const line = articles > 0 ? t("corpusLine", articles, sources) : now ? "" : t(failed?.length ? "corpusFailed" : "corpusEmpty");
    box.replaceChildren(line && el("p", {}, [line, ended && t("ingestedAt", when(ended))].filter(Boolean).join(" · ")),
      now && el("p", {}, now),
      run?.error ? el("p", {}, t("brokeOff")) : "",
      files(failed, "failedFiles", (f) => [f.reason ?? f.error, f.since && t("since", when(f.since))].filter(Boolean).join(" · ")),
      files(run?.report?.unread_pages, "unreadPages", (f) => t("pages", (f.pages ?? []).join(t("and")))));
  } catch (trouble) {
    if (corpusSaid === "") box.replaceChildren(el("p", {}, troubleText(trouble)));
  }
}

// ingesting says how far the ingest is that is under way; "" where there is none.
function ingesting({ running, waiting }) {
  if (!running) return waiting ? t("ingestWaits") : "";
  if (running.listing) return t("ingestLists");
  const left = running.seconds_left;
  return [t("ingestGoes", running.done, running.files, running.passages, running.passages_total),
    left != null && (left < 90 ? t("secondsLeft", left) : t("minutesLeft", Math.round(left / 60)))].filter(Boolean).join(" · ");
}

// files are those of a report that have something the matter; "" where there are none.
function files(list, name, what) {
  if (!list?.length) return "";
  return el("details", {}, el("summary", {}, t(name, list.length)),
    el("ul", {}, list.map((f) => el("li", {}, el("code", {}, f.file), ` ${what(f)}`))));
}

// ---- a shared answer

async function shared(id) {
  composer.hidden = true;
  greet(false);
  by("to-ask").href = "/#ask";
  turns.replaceChildren(el("p", { class: "state busy" }, t("loading")));
  const banner = el("p", { class: "notice" }, t("asShared"), " ", el("a", { href: "/" }, t("askYourself")));
  try {
    const answer = await api.answer(id);
    const turn = new Turn(answer.question, { open: panel.open, again: () => shared(id) });
    turn.done(answer);
    turns.replaceChildren(banner, turn.node);
    document.title = `${answer.question} · ${NAME}`;
  } catch (trouble) {
    const turn = new Turn("", { again: () => shared(id) });
    turn.node.querySelector(".question").remove();
    turn.trouble(trouble);
    turns.replaceChildren(turn.node);
  }
}

// ---- begin

view();
sayFilter();
const share = new URLSearchParams(location.search).get("a");
const opened = share ? undefined : past.find(past.opened());
if (share) shared(share);
else if (opened) put(opened);
else if (!browse.isAt(location.hash) && matchMedia("(min-width: 62rem)").matches) question.focus({ preventScroll: true });
panel.follow(history.state);
corpus();
