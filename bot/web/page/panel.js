import * as api from "./api.js";
import { citeButtons } from "./cards.js";
import { cut, headlines, paragraphs, placeAt, quoteAt } from "./cut.js";
import { button, by, el, imprint, langOf, place, say, show } from "./dom.js";
import { t } from "./texts.js";
import { troubleBox } from "./trouble.js";

const panel = by("panel");
const narrow = matchMedia("(max-width: 62rem)");
let opener = null; // where the focus goes back to
let isLeaving = false; // the browser is going back, which it does in its own time
let asked = 0; // of the last article that was asked for

// The panel is an entry of the browser's history, so that going back closes it: the state {panel: target}.
export function open(target, from) {
  if (from) opener = from;
  if (history.state?.panel) history.replaceState({ panel: target }, "");
  else history.pushState({ panel: target }, "");
  load(target);
}

export function close() {
  if (panel.hidden || isLeaving) return;
  isLeaving = Boolean(history.state?.panel);
  if (isLeaving) history.back();
  else hide();
}

// follow shows what the history's entry says: a panel or none.
export function follow(state) {
  isLeaving = false;
  if (state?.panel) load(state.panel);
  else hide();
}

export const isOpen = () => !panel.hidden;

function hide() {
  if (panel.hidden) return;
  asked++;
  panel.hidden = true;
  panel.replaceChildren();
  document.body.classList.remove("reading");
  cover();
  if (opener?.isConnected) opener.focus();
  opener = null;
}

// cover keeps the focus out of what the panel covers on a narrow screen.
function cover() {
  for (const id of ["skip", "top", "main", "corpus"]) by(id).inert = !panel.hidden && narrow.matches;
}
narrow.addEventListener("change", cover);

async function load(target) {
  const number = ++asked;
  panel.hidden = false;
  document.body.classList.add("reading");
  cover();
  const heading = el("h2", { tabindex: "-1" }, t("loading"));
  panel.replaceChildren(el("div", { class: "head" }, bar(), heading));
  heading.focus();
  try {
    const article = await api.article(target.id);
    if (number === asked) fill(article, target);
  } catch (trouble) {
    if (number !== asked) return;
    panel.replaceChildren(el("div", { class: "head" }, bar()), troubleBox(trouble, () => load(target)));
    panel.querySelector("button").focus();
  }
}

const bar = (...more) => el("div", { class: "bar" }, el("span", { class: "row small" }, more),
  button("✕", close, { class: "close", "aria-label": t("close"), title: "Esc" }));

function fill(article, target) {
  const cited = target.location;
  const span = cited ? quoteAt(article.text, target.quote, cited.start_char, cited.end_char) : null;
  const at = span && placeAt(article.text, span, article.places); // as it stands now
  const all = paragraphs(article.text, span);
  const top = headlines(article.text, article.title);
  const heading = el("h2", { tabindex: "-1", lang: langOf(article.display_title) });
  if (top > 0) all.slice(0, top).forEach((line, i) => heading.append(...(i > 0 ? [el("br")] : []), ...pieces(line)));
  else heading.append(article.display_title);
  const text = el("div", { class: "article", lang: langOf(article.text), tabindex: "0", role: "group", "aria-label": article.display_title },
    all.slice(top).map((line) => el("p", { dir: "auto" }, pieces(line))));
  const first = () => panel.querySelector("mark");
  fillWith(
    el("div", { class: "head" },
      bar(span && button(t("toQuote"), () => show(first(), "center")), pageLink(article, at, target.url)),
      heading,
      el("p", { class: "by" }, imprintOf(article)),
      el("p", { class: "place" }, el("code", {}, place(article.file, lineOf(article), lastLineOf(article))),
        at && el("span", { class: "at" }, ` · ${t("quoteAtLine", lines(at))}`))),
    notice(cited, span),
    text,
    el("div", { class: "row small" }, citeButtons(() => article.id, article.cite)),
    copies(article));
  heading.focus({ preventScroll: true });
  panel.scrollTop = 0;
  if (span) first().scrollIntoView({ block: "center" });
  say(`${article.display_title} ${at ? t("quoteAtLine", lines(at)) : ""}`);
}

const fillWith = (...parts) => panel.replaceChildren(...parts.filter(Boolean));

function pieces(line) {
  return line.map((piece) => (piece.marked ? el("mark", {}, piece.text) : piece.text));
}

// imprintOf is imprint with what else is known.
function imprintOf(article) {
  const authors = (article.authors ?? []).join(t("and"));
  const named = article.affiliation && authors ? t("affiliated", authors, article.affiliation) : authors;
  return imprint({ authors: named ? [named] : [], publication: article.publication, date: article.date })
    + (article.section ? ` · ${article.section}` : "");
}

const lineOf = (article) => article.locations?.[0]?.start_line;
const lastLineOf = (article) => article.locations?.at(-1)?.end_line;

function lines(at) {
  const said = at.start_line === at.end_line ? t("line", at.start_line) : t("lines", at.start_line, at.end_line);
  return at.page ? `${t("page", at.page)}${t("and")}${said}` : said;
}

// notice says where the article is not what it was when it was cited.
function notice(at, span) {
  if (!at || (span && !span.moved)) return null;
  return el("p", { class: "notice" }, t(span ? "moved" : "gone"));
}

// pageLink leads to the reading page. A link cannot carry a key, so with one it is there only where pages are public.
function pageLink(article, at, cited) {
  const page = /^https?:\/\//u.test(cited ?? "") ? cited.replace(/\?.*$/u, "") : api.key() ? null : `/articles/${encodeURIComponent(article.id)}`;
  const link = page && el("a", { href: page + (at ? `?quote=${at.start_char}-${at.end_char}` : ""), target: "_blank", rel: "noopener noreferrer" }, t("readingPage"));
  if (link && at) fingerprint(cut(article.text, at.start_char, at.end_char)).then((of) => { if (of) link.setAttribute("href", `${link.getAttribute("href")}&of=${of}`); });
  return link;
}

// fingerprint is that of bot.Fingerprint: a link that has it marks these words and no others. "" where the browser reckons none,
// at addresses that are not secure.
async function fingerprint(words) {
  if (!globalThis.crypto?.subtle) return "";
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(words)));
  return [...sum.slice(0, 4)].map((b) => b.toString(16).padStart(2, "0")).join("");
}

function copies(article) {
  const list = (article.copies ?? []).filter((copy) => copy.id !== article.id);
  if (list.length === 0) return null;
  return el("section", { class: "copies" }, el("h3", {}, t("copies")),
    el("ul", {}, list.map((copy) => el("li", {},
      button(copy.display_title, () => open({ id: copy.id, url: "" }), { class: "link" }), " ",
      el("span", { class: "pale" }, imprint(copy)), " ", el("code", {}, copy.file)))));
}
