// What the page's modules reckon, without a browser.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import * as api from "../page/api.js";
import { problem } from "../page/api.js";
import { cut, headlines, marks, paragraphs, placeAt, quoteAt, unitAt } from "../page/cut.js";
import { Parser, events } from "../page/sse.js";
import { TEXTS } from "../page/texts.js";
import { troubleText } from "../page/trouble.js";
import { inText } from "../page/turn.js";

test("runes are counted as the server counts them", () => {
  const text = "a𠮷中😀文\r\n é́end";
  const runes = [...text];
  for (let start = 0; start <= runes.length; start++) {
    for (let end = start; end <= runes.length; end++) {
      assert.equal(cut(text, start, end), runes.slice(start, end).join(""), `${start}-${end}`);
    }
  }
  assert.equal(unitAt(text, 1000), text.length);
  assert.equal(cut("\ud83d中", 1, 2), "中"); // half of a pair is one rune, as U+FFFD is
});

test("a quote is where it was said to be, or where it stands now, or nowhere", () => {
  const text = "😀一。二。一。";
  assert.deepEqual(quoteAt(text, "一。", 5, 7), { from: 6, to: 8, moved: false }); // the second one, not the first
  assert.deepEqual(quoteAt(text, "二。", 0, 2), { from: 4, to: 6, moved: true });
  assert.equal(quoteAt(text, "三。", 0, 2), null);
  assert.deepEqual(quoteAt(text, undefined, 1, 3), { from: 2, to: 4, moved: false });
  assert.equal(quoteAt(text, undefined, 3, 3), null);
  assert.equal(quoteAt(text, "", 900, 902), null);
});

test("where a quote stands now is told by the places of its article", () => {
  const text = "😀一。\n二。三。", places = [[0, 5, 0], [4, 9, 2], [6, 10, 2]];
  assert.deepEqual(placeAt(text, quoteAt(text, "二。三。", 0, 4), places), { start_char: 4, end_char: 8, start_line: 9, end_line: 10, page: 2 });
  assert.deepEqual(placeAt(text, quoteAt(text, "😀一。", 0, 3), places), { start_char: 0, end_char: 3, start_line: 5, end_line: 5, page: null });
});

test("what is marked is the quote, over the ends of paragraphs", () => {
  const text = "题\n😀甲乙\n\n丙丁戊";
  for (const [start, end] of [[2, 5], [3, 8], [0, 1], [7, 9], [0, 9]]) {
    const quote = cut(text, start, end);
    const lines = paragraphs(text, quoteAt(text, quote, start, end));
    assert.equal(lines.map((l) => l.map((p) => p.text).join("")).join("\n"), text);
    const marked = lines.map((l) => l.filter((p) => p.marked).map((p) => p.text).join("")).join("\n");
    assert.equal(marked.replace(/^\n+|\n+$/gu, ""), quote.replace(/^\n+|\n+$/gu, ""), `${start}-${end}`);
  }
  assert.ok(paragraphs(text, null).flat().every((p) => !p.marked));
});

test("a title may stand on several lines, and is no title where the text does not begin with it", () => {
  assert.equal(headlines("七编 一千\n——读法\n正文", "七编一千——读法"), 2);
  assert.equal(headlines("正文", "题"), 0);
  assert.equal(headlines("正文", ""), 0);
});

test("marks are those of citations that there are", () => {
  assert.deepEqual(marks("甲[1]。乙[2][9]", new Set([1, 2])), ["甲", 1, "。乙", 2, "[9]"]);
});

const stream = "\ufeff: hello\r\nevent: token\r\ndata: {\"text\":\"中😀\"}\r\n\r\n:\n\ndata: a\ndata:b\n\nevent: empty\n\nevent: answer\rdata: x\r\rdata: unfinished";
const wanted = [{ event: "token", data: "{\"text\":\"中😀\"}" }, { event: "message", data: "a\nb" }, { event: "answer", data: "x" }];

test("events come out whole, however the stream is cut", () => {
  for (let size = 1; size <= stream.length; size++) {
    const parser = new Parser();
    const got = [];
    for (let at = 0; at < stream.length; at += size) got.push(...parser.feed(stream.slice(at, at + size)));
    assert.deepEqual(got, wanted, `pieces of ${size}`);
  }
});

test("characters that are cut in the middle of their bytes are whole", async () => {
  const bytes = new TextEncoder().encode(stream);
  let pieces = 0;
  const body = new ReadableStream({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  const got = [];
  for await (const event of events(body, () => pieces++)) got.push(event);
  assert.deepEqual(got, wanted);
  assert.equal(pieces, bytes.length);
});

test("a trouble is told in the server's words, each once, and in the page's where it has none", () => {
  const said = (reply, status) => troubleText(problem(reply, status, 0));
  assert.equal(said({ status: 503, detail: "请先运行 yinju ingest。" }, 503), "请先运行 yinju ingest。");
  assert.equal(said({ status: 422, detail: "问题太长。", errors: [{ location: "body.question", message: "问题太长。" }] }, 422), "问题太长。");
  assert.equal(said({ detail: "请求不对。", errors: [{ message: "甲。" }, { message: "乙。" }, { message: "甲。" }] }, 400), "请求不对。 甲。 乙。");
  for (const status of [404, 429, 503, 504]) assert.equal(said({ title: "Title" }, status), TEXTS[`trouble${status}`][0]);
  for (const odd of [{}, null, { detail: 7, errors: [null, {}] }]) assert.equal(said(odd, 500), TEXTS.troubleOther[0]);
});

test("every text is there in both languages, and every text that is used is there", () => {
  for (const [name, both] of Object.entries(TEXTS)) {
    assert.equal(both.length, 2, name);
    assert.ok(both[0] && both[1], name);
    assert.deepEqual(holes(both[0]), holes(both[1]), name);
  }
  const folder = new URL("../page/", import.meta.url);
  const scripts = readdirSync(folder).filter((f) => f.endsWith(".js")).map((f) => readFileSync(new URL(f, folder), "utf8")).join("\n");
  for (const [, name] of scripts.matchAll(/\bt\("(\w+)"/gu)) assert.ok(name in TEXTS, name);
});

const holes = (text) => [...text.matchAll(/\{\d\}/gu)].map((m) => m[0]).sort();

// server stands for the server and the browser's store: it takes one key, and answers when it is told to. It gives what came in.
function server(t, takes, { stored, status = 401, keyless = 401 } = {}) {
  const kept = new Map(stored ? [["yinju.key", stored]] : []);
  const store = { getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => kept.set(k, v), removeItem: (k) => kept.delete(k) };
  const { fetch } = globalThis;
  const own = Object.getOwnPropertyDescriptor(globalThis, "localStorage");
  Object.defineProperty(globalThis, "localStorage", { value: store, configurable: true });
  const waiting = [], sent = [];
  globalThis.fetch = (_, { headers }) => new Promise((resolve) => {
    const key = headers.Authorization?.slice("Bearer ".length) ?? null;
    sent.push(key);
    const failed = key === null ? keyless : status;
    waiting.push(() => resolve(key === takes ? Response.json({}) : Response.json({ status: failed, detail: `said of ${key}` }, { status: failed })));
  });
  t.after(() => {
    globalThis.fetch = fetch;
    if (own) Object.defineProperty(globalThis, "localStorage", own);
    else delete globalThis.localStorage;
    api.whenKeyIsNeeded(async () => false);
  });
  const settle = () => new Promise((resolve) => { setTimeout(resolve); });
  const reply = async (n = waiting.length) => {
    for (const answer of waiting.splice(0, n)) answer();
    await settle();
  };
  return { kept, sent, reply };
}

// form stands for the form, which is one for all that wait for it.
function form() {
  const shown = [];
  let open = null, close;
  api.whenKeyIsNeeded((wrong) => {
    if (open === null) {
      shown.push(wrong);
      open = new Promise((resolve) => { close = resolve; });
    }
    return open;
  });
  const end = (is) => { open = null; close(is); return new Promise((resolve) => { setTimeout(resolve); }); };
  return { shown, use: (key) => { api.tryKey(key); return end(true); }, cancel: () => end(false) };
}

test("a key is kept once the server takes it, and no wrong one ever is", async (t) => {
  const { kept, reply } = server(t, "right"), { shown, use } = form();
  const done = api.ingest();
  await reply();
  await use("wrong");
  assert.equal(kept.size, 0, "before the server has said anything of it");
  await reply();
  assert.equal(kept.size, 0);
  await use("right");
  assert.equal(kept.size, 0);
  await reply();
  await done;
  assert.deepEqual([...kept], [["yinju.key", "right"]]);
  assert.deepEqual(shown, [null, ""]);
});

test("five requests with one wrong key open one form, and what comes late of the old key does no harm to the new one", async (t) => {
  const { kept, sent, reply } = server(t, "right", { stored: "wrong" }), { shown, use } = form();
  const five = Promise.all(Array.from({ length: 5 }, () => api.ingest()));
  await reply(3);
  assert.deepEqual(shown, [""]);
  assert.equal(kept.size, 0, "it is dropped");
  await use("right");
  await reply(2); // of the wrong key
  await reply();
  await reply();
  await five;
  assert.deepEqual(shown, [""]);
  assert.deepEqual([...kept], [["yinju.key", "right"]]);
  assert.deepEqual(sent.toSorted(), [...Array(5).fill("right"), ...Array(5).fill("wrong")]);
});

test("who gives no key is not asked again by requests that were on their way", async (t) => {
  const { reply } = server(t, "right", { stored: "wrong" }), { shown, cancel } = form();
  const five = Promise.allSettled(Array.from({ length: 5 }, () => api.ingest()));
  await reply(2);
  await cancel();
  await reply();
  await reply();
  assert.ok((await five).every(({ status, reason }) => status === "rejected" && reason.status === 401));
  assert.deepEqual(shown, [""]);
  const later = assert.rejects(api.ingest());
  await reply();
  assert.deepEqual(shown, ["", null], "a new request asks");
  await cancel();
  await later;
});

test("a key that may not do this is dropped, and why is said; without a key a 403 is no matter of keys", async (t) => {
  const { kept, reply } = server(t, "right", { stored: "narrow", status: 403, keyless: 403 }), { shown, cancel } = form();
  const narrow = assert.rejects(api.ingest());
  await reply();
  assert.deepEqual(shown, ["said of narrow"]);
  assert.equal(kept.size, 0);
  await cancel();
  await narrow;
  const none = assert.rejects(api.ingest(), ({ status, detail }) => status === 403 && detail === "said of null");
  await reply();
  await none;
  assert.equal(shown.length, 1);
});

test("a wrong key that was tried does not drop the one that another tab has kept", async (t) => {
  const { kept, reply } = server(t, "right"), { shown, use } = form();
  const done = api.ingest();
  await reply();
  await use("wrong");
  kept.set("yinju.key", "right"); // by another tab
  await reply();
  await reply();
  await done;
  assert.deepEqual([...kept], [["yinju.key", "right"]]);
  assert.deepEqual(shown, [null]);
});

test("a copied answer has each quote as it stands, in no marks of its own, with its source, file, lines and page", () => {
  const article = { display_title: "题“中”题", authors: ["甲"], publication: "某报", date: "2023-04-25", file: "a.pdf" };
  const citations = [
    { n: 1, quote: "他说：“走。”\n“好。”", article, location: { start_line: 3, end_line: 4, page: 12 } },
    { n: 2, quote: "「乙」", article: { ...article, file: "b.txt" }, location: { start_line: 7, end_line: 7, page: null } },
  ];
  assert.equal(inText({ status: "answered", answer: "走了“好”[1]。", written: { used: true }, citations }), [
    "走了“好”[1]。", "",
    "[1]", "> 他说：“走。”", "> “好。”", "题“中”题 · 甲 · 某报 · 2023-04-25", "a.pdf:3-4 (第 12 页)", "",
    "[2]", "> 「乙」", "题“中”题 · 甲 · 某报 · 2023-04-25", "b.txt:7"].join("\n"));
});
