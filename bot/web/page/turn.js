import * as api from "./api.js";
import { card } from "./cards.js";
import { cut, marks, runes } from "./cut.js";
import { button, copy, el, imprint, langOf, place, say, show } from "./dom.js";
import { t } from "./texts.js";
import { troubleBox, troubleText } from "./trouble.js";

const LONG = 150; // characters of a question that is shown in part

// Turn shows one question with what is answered. on has open(target, opener), again(question), everywhere(question) and, where
// the reader may judge answers, rated(good).
export class Turn {
  #on;
  #question;
  #written = "";
  #numbers = new Set();
  #state = el("p", { class: "state busy" });
  #notes = el("div", { class: "notes" });
  #text = el("div", { class: "text" });
  #cards = el("ol", { class: "cards", "aria-label": t("quotes") });
  #end = el("div", { class: "end" });
  #body = el("div", { class: "answer" }, el("div", { class: "says" }, this.#state, this.#notes, this.#text), this.#cards, this.#end);

  constructor(question, on) {
    this.#question = question;
    this.#on = on;
    const isLong = runes(question) > LONG || question.split("\n").length > 3;
    const heading = el("h2", { class: isLong ? "question long" : "question", lang: langOf(question), dir: "auto", tabindex: "-1" }, question);
    const whole = isLong && button(t("whole"), () => {
      heading.classList.remove("long");
      whole.remove();
      heading.focus();
    }, { class: "link small whole" });
    this.node = el("article", { class: "turn", "aria-label": runes(question) > LONG ? `${cut(question, 0, LONG)}…` : question });
    this.node.append(...[heading, whole, this.#body].filter(Boolean));
    this.#state.textContent = t("searching");
    this.#text.addEventListener("click", (event) => this.#follow(event));
  }

  // tell shows a part of an answer on its way.
  tell({ event, data }) {
    if (event === "status" && data.stage === "writing") this.#state.textContent = t("writing");
    if (event === "citation") this.#cite(data);
    // What no model wrote are the quotes, and those have their cards.
    if (event === "token" && data.written) {
      this.#written += data.text;
      this.#write(this.#written);
    }
  }

  // done shows the whole answer. It is announced unless it is an old one.
  done(answer, { rated, old = false } = {}) {
    const isWritten = Boolean(answer.written?.used);
    this.#state.className = `state ${answer.status}`;
    this.#state.textContent = answer.no_more ? t("noMore") : t(answer.status);
    this.#notes.replaceChildren(...notes(answer));
    this.#cards.replaceChildren();
    this.#numbers.clear();
    for (const citation of answer.citations) this.#cite(citation);
    this.#body.classList.toggle("written", isWritten && answer.citations.length > 0);
    if (isWritten) this.#write(answer.answer);
    else this.#sources(answer);
    this.#end.replaceChildren(...this.#ending(answer, rated));
    if (!old) say(t("answerDone", this.#state.textContent, answer.citations.length, isWritten ? answer.answer : answer.citations.map((c) => c.quote).join(" ")));
  }

  // trouble shows why there is no answer, or not all of it.
  trouble(trouble, { old = false } = {}) {
    this.#state.className = "state unseen";
    this.#state.textContent = "";
    if (this.#written === "") this.#cards.replaceChildren();
    this.#end.replaceChildren(troubleBox(trouble, () => this.#on.again(this.#question)));
    if (!old) say(troubleText(trouble));
  }

  #cite(citation) {
    if (this.#numbers.has(citation.n)) return;
    this.#numbers.add(citation.n);
    this.#cards.append(card(citation, this.#on.open));
    if (this.#written !== "") this.#body.classList.add("written");
  }

  // write shows a model's text, a paragraph for each of its lines, with a button for each mark [n].
  #write(text) {
    this.#text.replaceChildren(...text.trim().split(/\n+/u).map((line) =>
      el("p", { lang: langOf(line), dir: "auto" }, marks(line, this.#numbers).map((part) => (typeof part === "number" ? mark(part) : part)))));
  }

  #sources(answer) {
    this.#text.replaceChildren();
    if (answer.citations.length === 0) return;
    this.#text.append(el("p", { class: "pale" }, t("quotesAlone"), " ", answer.citations.map((c) => mark(c.n))));
  }

  #follow(event) {
    const n = event.target.closest?.(".mark")?.dataset.n;
    const found = n && this.#cards.querySelector(`[data-n="${CSS.escape(n)}"]`);
    if (!found) return;
    found.focus({ preventScroll: true });
    show(found);
  }

  #ending(answer, rated) {
    const parts = [];
    if (answer.status === "not_found" && !answer.no_more) {
      parts.push(el("p", { class: "pale" }, t("tryOther"), " ", el("a", { href: "#articles" }, t("browseAll"))));
      if (this.#on.everywhere && answer.scope?.some((s) => Object.values(s.filter ?? {}).some(Boolean))) {
        parts.push(button(t("withoutFilter"), () => this.#on.everywhere(this.#question)));
      }
    }
    const row = el("div", { class: "row small" });
    if (this.#on.rated && answer.id) row.append(...this.#rating(answer.id, rated));
    row.append(button(t("copyAnswer"), (event) => copy(inText(answer), event.currentTarget), { class: "copy-answer" }));
    if (answer.share) row.append(button(t("share"), (event) => copy(`${location.origin}/?a=${encodeURIComponent(answer.share)}`, event.currentTarget), { class: "share" }));
    return [...parts, row];
  }

  #rating(id, rated) {
    const noteBox = el("input", { "aria-label": t("note"), placeholder: t("note"), maxlength: "500" });
    const note = el("form", { class: "note", hidden: true, onsubmit: (event) => { event.preventDefault(); rate(false, noteBox.value.trim()); } },
      noteBox, el("button", { type: "submit" }, t("sendNote")));
    const said = el("span", { class: "pale rated" });
    const pressed = () => (up.getAttribute("aria-pressed") === "true" ? true : down.getAttribute("aria-pressed") === "true" ? false : undefined);
    const rate = async (good, words) => {
      const was = pressed();
      for (const b of [up, down]) b.setAttribute("aria-pressed", String(b === (good ? up : down)));
      try {
        await api.feedback(id, good, words);
        said.textContent = t("thanks");
        say(t("thanks"));
        this.#on.rated(good);
        const hadFocus = note.contains(document.activeElement);
        note.hidden = good || words !== undefined;
        if (hadFocus && note.hidden) down.focus();
      } catch (trouble) {
        up.setAttribute("aria-pressed", String(was === true));
        down.setAttribute("aria-pressed", String(was === false));
        said.textContent = troubleText(trouble);
        say(said.textContent);
      }
    };
    const up = button("", () => rate(true), { class: "thumb", title: t("good"), "aria-label": t("good"), "aria-pressed": String(rated === true) });
    const down = button("", () => rate(false), { class: "thumb down", title: t("bad"), "aria-label": t("bad"), "aria-pressed": String(rated === false) });
    return [up, down, said, note];
  }
}

function mark(n) {
  return el("button", { type: "button", class: "mark", "data-n": n, "aria-label": t("goToQuote", n) }, `[${n}]`);
}

// notes say how the question was understood, where it was looked, and what a model had to do with the answer.
function notes(answer) {
  const out = [];
  if (answer.resolved) out.push(t("understood", answer.resolved));
  for (const scope of answer.scope ?? []) {
    const said = t(scope.widened ? "widened" : "scope", describe(scope.filter) || scope.text);
    out.push(scope.widened ? el("strong", { class: "widened" }, said) : said);
  }
  const { written } = answer;
  if (written?.used) {
    out.push(t("byModel", written.model));
    if (written.left_out > 0) out.push(t("leftOut", written.left_out));
  } else if (written?.why) {
    out.push(t(["no_answer", "nothing_supported", "cut_off", "failed", "over_budget"].includes(written.why) ? written.why : "failed"));
  }
  return out.map((line) => el("p", {}, line));
}

// inText is an answer as text: what a model wrote of it, and each quote as it stands, with its source, file and line behind it.
export function inText(answer) {
  const state = answer.no_more ? t("noMore") : t(answer.status);
  const isWritten = Boolean(answer.written?.used);
  const quotes = answer.citations.map(({ n, quote, article, location }) => {
    const source = [article.display_title, imprint(article)].filter(Boolean).join(" · ");
    const where = place(article.file, location.start_line, location.end_line) + (location.page ? ` (${t("page", location.page)})` : "");
    return [`[${n}]`, ...quote.split("\n").map((line) => `> ${line}`), `${source}`, where].join("\n");
  });
  return [isWritten ? answer.answer : state, ...quotes].join("\n\n");
}

// describe says a filter in words.
export function describe(filter = {}) {
  return ["author", "publication", "title", "file", "from", "to"].filter((name) => filter[name]).map((name) => t(name, filter[name])).join(t("and"));
}
