import * as api from "./api.js";
import { button, copy, el, imprint, langOf, place, say, sayOn } from "./dom.js";
import { troubleText } from "./trouble.js";
import { t } from "./texts.js";

// target is what the panel opens: an article, and the place in it that is to be marked.
const target = (article, location, quote) => ({ id: article.id, url: article.url, quote, location });

// card shows a citation. open is given a target and the element to come back to.
export function card(citation, open) {
  const { n, quote, article, location, also = [] } = citation;
  const openIt = (event) => open(target(article, location, quote), event.currentTarget);
  return el("li", { class: "card", tabindex: "-1", "data-n": n, "aria-label": t("quoteN", n) },
    el("blockquote", { lang: langOf(quote), dir: "auto", class: "quote" }, quote),
    el("div", { class: "source" },
      el("span", { class: "n", "aria-hidden": "true" }, String(n)),
      el("div", {},
        el("button", { type: "button", class: "title", onclick: openIt, "aria-label": t("openNamed", article.display_title), lang: langOf(article.display_title) }, article.display_title),
        el("p", { class: "by" }, imprint(article)),
        el("p", { class: "place" }, el("code", {}, place(article.file, location.start_line, location.end_line)), location.page ? ` · ${t("page", location.page)}` : ""))),
    also.length > 0 && others(also, quote, open),
    el("div", { class: "row small" },
      button(t("open"), openIt, { class: "open" }),
      button(t("copyQuote"), (event) => copy(quote, event.currentTarget), { class: "copy-quote" }),
      citeButtons(() => article.id, undefined, article)));
}

function others(also, quote, open) {
  return el("details", { class: "also" },
    el("summary", {}, t("also", also.length)),
    el("ul", { "aria-label": t("alsoIn") }, also.map(({ article, location }) => el("li", {},
      // The words are broken into lines otherwise there: the place tells, and not the text.
      button(article.display_title, (event) => open(target(article, location), event.currentTarget), { class: "link" }),
      " ", el("span", { class: "pale" }, imprint(article)), " ",
      el("code", {}, place(article.file, location.start_line, location.end_line))))));
}

// citeOf is how an article is cited that has to be the one that was cited.
function citeOf(article, cited) {
  const name = ({ title, authors, publication, date }) => JSON.stringify([title, authors ?? [], publication, date]);
  if (cited && name(article) !== name(cited)) throw new api.Trouble("problem", { detail: t("changedSince") });
  return article.cite;
}

// citeButtons copy an article as a citation, in two forms.
export function citeButtons(id, cite, cited) {
  const of = (form) => async (event) => {
    const node = event.currentTarget;
    try {
      cite ??= citeOf(await api.article(id()), cited);
      await copy(cite[form], node);
    } catch (trouble) {
      say(troubleText(trouble));
      node.title = troubleText(trouble);
      sayOn(node, t("notCopied"));
    }
  };
  return el("span", { class: "pair", role: "group", "aria-label": t("copyCite") },
    el("span", { class: "pale", "aria-hidden": "true" }, t("copyCite")),
    button(t("gbt"), of("gbt7714"), { "aria-label": t("copyGbt"), class: "copy-gbt" }),
    button(t("plain"), of("plain"), { "aria-label": t("copyPlain"), class: "copy-plain" }));
}
