import * as api from "./api.js";
import { button, by, el, imprint, langOf, place } from "./dom.js";
import { t } from "./texts.js";
import { troubleBox } from "./trouble.js";

const LIMIT = 20;
const form = by("browse"), found = by("found"), list = by("list"), pager = by("pager"), askThese = by("ask-these");
let offset = 0;
let shown = null; // the address whose list is shown
let asked = 0; // of the last list that was asked for
let open = () => {};

// What is looked for stands in the address, #articles?words=…&offset=20: it can be passed on, and going back goes back.
const NAME = "#articles";
export const isAt = (hash) => hash === NAME || hash.startsWith(`${NAME}?`);

// start wires the list of articles: openOne opens one, useFilter takes a filter for questions.
export function start(openOne, useFilter) {
  open = openOne;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    go(0);
  });
  form.addEventListener("reset", () => setTimeout(() => go(0)));
  by("before").addEventListener("click", () => turnTo(offset - LIMIT));
  by("after").addEventListener("click", () => turnTo(offset + LIMIT));
  askThese.addEventListener("click", () => useFilter(filter()));
}

// go looks for what the form has, from an article on.
function go(from) {
  const looked = new URLSearchParams(Object.entries(values()).filter(([, value]) => value !== ""));
  if (from > 0) looked.set("offset", from);
  const hash = looked.size > 0 ? `${NAME}?${looked}` : NAME;
  if (hash !== location.hash) history.pushState(null, "", hash);
  return look(hash, from);
}

// show shows the list of an address, unless it is there.
export function show(hash) {
  if (hash === shown) return;
  const looked = new URLSearchParams(hash.slice(NAME.length + 1));
  for (const input of form.querySelectorAll("input")) input.value = looked.get(input.name) ?? "";
  const from = Number(looked.get("offset"));
  look(hash, Number.isInteger(from) && from > 0 ? from : 0);
}

// turnTo turns to another page, from its top: the button that was pressed may be of no more use there.
async function turnTo(from) {
  await go(Math.max(0, from));
  found.focus({ preventScroll: true });
  found.scrollIntoView({ block: "start" });
}

function values() {
  return Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]));
}

// filter is what a question can be asked with: the form without its words.
function filter() {
  const { words: _, ...rest } = values();
  return rest;
}

async function look(hash, from) {
  const number = ++asked;
  shown = hash;
  by("to-articles").href = hash; // coming back finds it as it was left
  found.textContent = t("looking");
  askThese.hidden = !Object.values(filter()).some(Boolean);
  try {
    const { articles, total } = await api.articles({ ...values(), offset: from, limit: LIMIT });
    if (number !== asked) return;
    if (articles.length === 0 && total > 0) { // there are fewer than there were
      look(hash, Math.floor((total - 1) / LIMIT) * LIMIT);
      return;
    }
    offset = from;
    found.textContent = total === 0 ? t("foundNone") : total <= LIMIT ? t("foundAll", total) : t("found", from + 1, from + articles.length, total);
    list.replaceChildren(...articles.map((article) => item(article)));
    pager.hidden = total <= LIMIT;
    by("before").disabled = from <= 0;
    by("after").disabled = from + articles.length >= total;
  } catch (trouble) {
    if (number !== asked) return;
    shown = null;
    found.textContent = "";
    pager.hidden = true;
    list.replaceChildren(el("li", {}, troubleBox(trouble, () => look(hash, from))));
  }
}

function item(article) {
  return el("li", {},
    button(article.display_title, (event) => open({ id: article.id }, event.currentTarget), { class: "title", lang: langOf(article.display_title) }),
    el("p", { class: "by" }, imprint(article)),
    el("p", { class: "place" }, el("code", {}, place(article.file, article.line))));
}
