import * as api from "./api.js";
import { button, by, el, imprint, langOf, place } from "./dom.js";
import { t } from "./texts.js";
import { troubleBox } from "./trouble.js";

const LIMIT = 20;
const form = by("browse"), found = by("found"), list = by("list"), pager = by("pager"), askThese = by("ask-these");
let offset = 0;
let asked = 0; // of the last list that was asked for

// start wires the list of articles: open opens one, useFilter takes a filter for questions.
export function start(open, useFilter) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    load(open, 0);
  });
  form.addEventListener("reset", () => setTimeout(() => load(open, 0)));
  by("before").addEventListener("click", () => turnTo(open, offset - LIMIT));
  by("after").addEventListener("click", () => turnTo(open, offset + LIMIT));
  askThese.addEventListener("click", () => useFilter(filter()));
}

// turnTo turns to another page, from its top: the button that was pressed may be of no more use there.
async function turnTo(open, from) {
  await load(open, from);
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

export async function load(open, from = 0) {
  const number = ++asked;
  found.textContent = t("looking");
  askThese.hidden = !Object.values(filter()).some(Boolean);
  try {
    const { articles, total } = await api.articles({ ...values(), offset: from, limit: LIMIT });
    if (number !== asked) return;
    offset = from;
    found.textContent = total === 0 ? t("foundNone") : total <= LIMIT ? t("foundAll", total) : t("found", from + 1, from + articles.length, total);
    list.replaceChildren(...articles.map((article) => item(article, open)));
    pager.hidden = total <= LIMIT;
    by("before").disabled = from <= 0;
    by("after").disabled = from + articles.length >= total;
  } catch (trouble) {
    if (number !== asked) return;
    found.textContent = "";
    pager.hidden = true;
    list.replaceChildren(el("li", {}, troubleBox(trouble, () => load(open, from))));
  }
}

function item(article, open) {
  return el("li", {},
    button(article.display_title, (event) => open({ id: article.id }, event.currentTarget), { class: "title", lang: langOf(article.display_title) }),
    el("p", { class: "by" }, imprint(article)),
    el("p", { class: "place" }, el("code", {}, place(article.file, article.line))));
}
