import { t } from "./texts.js";

// el makes an element. Text is only ever text; on* are listeners; null, undefined and false leave an attribute or a child out.
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return node;
}

export const by = (id) => document.getElementById(id);

export function button(text, onclick, attributes = {}) {
  return el("button", { type: "button", onclick, ...attributes }, text);
}

// say has a screen reader say something, once.
export function say(text) {
  const said = by("said");
  said.textContent = "";
  requestAnimationFrame(() => { said.textContent = text; });
}

// copy puts a text on the clipboard and says so on the button for a moment.
export async function copy(text, node) {
  const said = t(await put(text) ? "copied" : "notCopied");
  say(said);
  sayOn(node, said);
}

// sayOn has a button say something for a moment. Its label follows, so that it is called what it shows.
export function sayOn(node, said) {
  node.dataset.text ??= node.textContent;
  const label = node.dataset.label ?? node.getAttribute("aria-label");
  if (label !== null) {
    node.dataset.label = label;
    node.setAttribute("aria-label", said);
  }
  node.textContent = said;
  clearTimeout(back.get(node));
  back.set(node, setTimeout(() => {
    node.textContent = node.dataset.text;
    if (label !== null) node.setAttribute("aria-label", label);
    delete node.dataset.text;
    delete node.dataset.label;
  }, 2500));
}
const back = new WeakMap(); // the timers that give buttons their text back

// put goes the old way where the page is not on a secure address, and browsers have no clipboard.
async function put(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { /* the other way, then */ }
  const active = document.activeElement;
  const box = el("textarea", { class: "unseen", "aria-hidden": "true" });
  box.value = text;
  (document.querySelector("dialog[open]") ?? document.body).append(box);
  box.select();
  let done = false;
  try { done = document.execCommand("copy"); } catch { /* there is no way */ }
  box.remove();
  active?.focus();
  return done;
}

// langOf is the language of a text where its characters tell, so that they are drawn as in China.
export const langOf = (text) => (/\p{Script=Han}/u.test(text ?? "") ? "zh" : null);

// imprint is authors · publication · date of an article, as far as they are known.
export function imprint(article) {
  return [(article.authors ?? []).join(t("and")), article.publication, article.date].filter(Boolean).join(" · ");
}

// place is file:line or file:line-line.
export function place(file, from, to) {
  if (!from) return file;
  return from === to || !to ? `${file}:${from}` : `${file}:${from}-${to}`;
}

// calm is whether the reader wants nothing to move.
export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export function show(node, block = "nearest") {
  node.scrollIntoView({ block, behavior: calm() ? "auto" : "smooth" });
}
