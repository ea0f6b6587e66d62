// The page in a headless Chromium, against the program itself: page_test.go starts the servers and says where they are.
import { createHash } from "node:crypto";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

const { PAGE_URL, PAGE_MODEL_URL, PAGE_KEY_URL, PAGE_KEY, PAGE_ADMIN_KEY, PAGE_MODULES, PAGE_SHOTS, YINJU, CHROMIUM } = process.env;
const require = createRequire(`${PAGE_MODULES}/`);
const { chromium } = require("playwright-core");
const axe = require("axe-core").source;

const DESK = { viewport: { width: 1280, height: 800 }, locale: "zh-CN" };
const PHONE = { viewport: { width: 360, height: 740 }, locale: "zh-CN", hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
const ANSWERED = "人类最后一例天花病人是哪年的？";
const REFUSED = "三峡电站的总装机容量是多少千瓦？";
const RELATED = "明朝派去重修山东段运河的大臣是谁，他听了哪位本地人的主意？";
const BEYOND = "全县第一座石拱桥是哪年建成的？"; // its article has characters that are two UTF-16 units
const UNTITLED = "石桥镇的老槐树是哪年倒的？"; // its article has no title
const TWINS = "祖冲之的历法是什么时候才被官方用上的，那时他还在世吗？"; // its article stands in two files

let browser;
before(async () => {
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--disable-lcd-text", ...(process.getuid() === 0 ? ["--no-sandbox"] : [])] });
});
after(() => browser?.close());

// visit runs a test in a browser of its own, which may ask its server only and has no errors but those that are expected.
function visit(name, options, body, { base = PAGE_URL, path = "/", allowed = /^$/u } = {}) {
  test(name, { timeout: 60_000 }, async () => {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    const faults = [];
    page.on("console", (m) => { if (["error", "warning"].includes(m.type()) && !allowed.test(m.text())) faults.push(m.text()); });
    page.on("pageerror", (e) => faults.push(String(e)));
    page.on("request", (r) => { if (new URL(r.url()).origin !== base) faults.push(`asked ${r.url()}`); });
    try {
      if (path !== null) await page.goto(base + path);
      await body(page, context);
      assert.deepEqual(faults, []);
    } catch (error) {
      await page.screenshot({ path: `${PAGE_MODULES}/failed.png` }).catch(() => {});
      throw error;
    } finally {
      await context.close();
    }
  });
}

async function ask(page, question, state = "answered") {
  const before = await page.locator(".turn").count();
  await page.fill("#question", question);
  await page.press("#question", "Enter");
  const turn = page.locator(".turn").nth(before);
  await turn.locator(`.state.${state}`).waitFor();
  return turn;
}

async function nothingSerious(page, where) {
  await page.evaluate(axe);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"], iframes: false, rules: { "label-content-name-mismatch": { enabled: true } } }));
    assert.equal(await page.locator("h1:visible").count(), 1, `${where}: a heading of the first order`);
    const serious = found.violations.filter((v) => ["serious", "critical"].includes(v.impact));
    assert.deepEqual(serious.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.html} ${n.failureSummary}`).join("; ")}`), [], `${where}, ${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
}

async function shot(page, name) {
  if (!PAGE_SHOTS) return;
  mkdirSync(PAGE_SHOTS, { recursive: true });
  await page.mouse.move(0, 0);
  await page.waitForTimeout(400);
  await page.screenshot({ path: `${PAGE_SHOTS}/${name}.png` });
}

// marked is the text that is highlighted, the ends of paragraphs within it as line ends.
const marked = (page) => page.locator(".panel :is(p, h2):has(mark)").evaluateAll((all) =>
  all.map((p) => [...p.querySelectorAll("mark")].map((m) => m.textContent).join("")).join("\n"));

// clip waits until what is on the clipboard is as it should be.
async function clip(page, isRight) {
  for (let i = 0; i < 100; i++) {
    const text = await page.evaluate(() => navigator.clipboard.readText());
    if (isRight(text)) return text;
    await page.waitForTimeout(50);
  }
  throw new Error("nothing was copied");
}

const fits = async (page) => assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "it scrolls sideways");

visit("a question is answered with quotes, each of which opens at its place", DESK, async (page) => {
  await nothingSerious(page, "beginning");
  const turn = await ask(page, ANSWERED);
  assert.equal(await turn.locator(".question").textContent(), ANSWERED);
  const cards = turn.locator(".card");
  assert.ok(await cards.count() >= 2);
  const first = cards.first();
  const quote = await first.locator(".quote").textContent();
  assert.match(quote, /1977年10月/u);
  assert.match(await first.textContent(), /白芷.*望舒晚报.*2023-04-25.*issue\.txt:237-245/u);
  await nothingSerious(page, "answer");
  await turn.locator(".mark").nth(1).click();
  assert.equal(await page.evaluate(() => document.activeElement.dataset.n), "2");

  await first.locator(".open").click();
  await page.waitForSelector(".panel mark");
  assert.equal(await marked(page), quote);
  assert.ok(await page.locator(".panel mark").first().evaluate((m) => {
    const { top, bottom } = m.getBoundingClientRect();
    return top >= document.querySelector(".head").getBoundingClientRect().bottom && bottom <= innerHeight;
  }), "the quote is in sight");
  const head = await page.locator(".panel .head").textContent();
  for (const want of ["人类怎样送走了天花", "白芷", "望舒晚报", "2023-04-25", "issue.txt:210-251", "237–245"]) assert.ok(head.includes(want), `${want} in ${head}`);
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "H2");
  await nothingSerious(page, "article");
  await shot(page, "article");
  await page.waitForFunction(() => document.querySelector(".panel a").href.includes("&of="));
  const link = await page.locator(".panel a").getAttribute("href");
  assert.match(link, /^\/articles\/\d+\?quote=273-382&of=2889e735$/u);
  await page.keyboard.press("Escape");
  await page.waitForSelector(".panel", { state: "hidden" });
  assert.equal(await page.evaluate(() => document.activeElement.className), "open", "the focus is back");
  await page.goForward();
  await page.waitForSelector(".panel mark");
  await page.goBack();
  await page.waitForSelector(".panel", { state: "hidden" });
  const reading = await page.request.get(PAGE_URL + link);
  assert.ok((await reading.text()).includes(quote.slice(0, 20)));
});

visit("each quote of an answer is marked exactly, also beyond the basic plane", DESK, async (page) => {
  for (const question of [BEYOND, "民法典一共分哪几编？", "对付冻土，修路的人用了哪三招？"]) {
    const turn = await ask(page, question);
    for (const card of await turn.locator(".card").all()) {
      const quote = await card.locator(".quote").textContent();
      await card.locator(".title").first().click();
      await page.waitForFunction((q) => document.querySelector(".panel mark") && [...document.querySelectorAll(".panel :is(p, h2):has(mark)")]
        .map((p) => [...p.querySelectorAll("mark")].map((m) => m.textContent).join("")).join("\n") === q, quote);
      assert.equal(await page.locator(".panel .notice").count(), 0);
      await page.keyboard.press("Escape");
      await page.waitForSelector(".panel", { state: "hidden" });
    }
  }
  assert.match(await page.locator(".quote").first().textContent(), /𠮷田桥建成于1907年.*🌉/u);
});

visit("what the corpus does not say is refused, and what comes near is called so", DESK, async (page) => {
  const refused = await ask(page, REFUSED, "not_found");
  assert.equal(await refused.locator(".card").count(), 0);
  await nothingSerious(page, "refusal");
  await shot(page, "refusal");
  const related = await ask(page, RELATED, "related");
  assert.ok(await related.locator(".card").count() > 0);
  assert.match(await related.locator(".state").textContent(), /没有直接回答/u);
  await nothingSerious(page, "related");
});

visit("a conversation goes on, and how a question was understood is said", DESK, async (page) => {
  await ask(page, "都江堰的飞沙堰是做什么用的？");
  const turn = await ask(page, "那篇是谁写的？");
  assert.match(await turn.locator(".notes").textContent(), /理解为/u);
  await page.click("#new");
  assert.equal(await page.locator(".turn").count(), 0);
});

visit("where else the words stand is said, and opens", DESK, async (page) => {
  const turn = await ask(page, TWINS);
  const also = turn.locator(".also").first();
  await also.locator("summary").click();
  assert.match(await also.textContent(), /(twin|blog)\.txt:\d+/u);
  await also.locator(".link").first().click();
  await page.waitForSelector(".panel mark");
  assert.match(await page.locator(".copies").textContent(), /(twin|blog)\.txt/u);
  const before = await page.locator(".panel .place").textContent();
  await page.locator(".copies .link").first().click();
  await page.waitForFunction((b) => { const p = document.querySelector(".panel .place"); return p && p.textContent !== b; }, before);
});

visit("Enter sends, Shift and Enter does not, and neither does Enter that takes a word of an input method", DESK, async (page, context) => {
  await page.fill("#question", "甲");
  await page.press("#question", "Shift+Enter");
  assert.equal(await page.inputValue("#question"), "甲\n");
  const session = await context.newCDPSession(page);
  await session.send("Input.imeSetComposition", { text: "tianhua", selectionStart: 7, selectionEnd: 7 });
  await page.evaluate(() => document.getElementById("question").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true, cancelable: true })));
  assert.equal(await page.locator(".turn").count(), 0);
  await session.send("Input.insertText", { text: "天花" });
  assert.equal(await page.inputValue("#question"), "甲\n天花");
});

visit("a question that is too long stays in the box and is told so, and a long one is shown in part", DESK, async (page) => {
  const long = ANSWERED.repeat(140); // 2,100 characters
  await page.fill("#question", long);
  assert.match(await page.textContent("#length"), /2100 字，最多 2000/u);
  await page.press("#question", "Enter");
  assert.equal(await page.inputValue("#question"), long);
  assert.equal(await page.locator(".turn").count(), 0);
  await page.route("**/v1/ask", (route) => route.fulfill({ status: 422, contentType: "application/problem+json", body: JSON.stringify({ status: 422, detail: "不行。" }) }), { times: 1 });
  const fits = ANSWERED.repeat(128);
  await page.fill("#question", fits);
  assert.match(await page.textContent("#length"), /1920 \/ 2000/u);
  await page.press("#question", "Enter");
  await page.waitForSelector(".trouble");
  assert.equal(await page.inputValue("#question"), fits, "what was refused is there to be mended");
  assert.ok(await page.locator(".question").evaluate((q) => q.getBoundingClientRect().height) < 120);
  await nothingSerious(page, "long question");
  await page.click(".whole");
  assert.ok(await page.locator(".question").evaluate((q) => q.getBoundingClientRect().height) > 300);
  await page.fill("#question", ANSWERED);
  await page.press("#question", "Enter");
  await page.waitForSelector(".state.answered");
  assert.equal(await page.locator(".turn").count(), 1);
  assert.ok(await page.isHidden("#length"));
}, { allowed: /status of 422/u });

visit("how long a question may be is what the server puts into the page", DESK, async (page) => {
  await page.route(`${PAGE_URL}/`, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: (await response.text()).replace(/data-most="\d+"/u, 'data-most="10"') });
  });
  await page.reload();
  await page.fill("#question", "一二三四五六七八九十一");
  assert.match(await page.textContent("#length"), /11 字，最多 10 字/u);
});

visit("questions are asked of some articles only, and of all where those have nothing", DESK, async (page) => {
  await page.click("#filter summary");
  await page.fill("#filter [name=author]", "白芷");
  const turn = await ask(page, "天花是哪年根除的？");
  assert.match(await turn.locator(".notes").textContent(), /查找范围：作者 白芷/u);
  for (const by of await turn.locator(".card .by").allTextContents()) assert.match(by, /白芷/u);
  await page.fill("#filter [name=from]", "nonsense");
  await page.fill("#question", "天花？");
  await page.press("#question", "Enter");
  assert.match(await page.locator(".turn").nth(1).locator(".trouble").textContent(), /日期|nonsense/u);
  await page.click("#filter-clear");
  assert.ok(await page.locator("#filter-said").isHidden());
}, { allowed: /status of 4\d\d/u });

visit("articles are browsed, filtered, turned over and opened", DESK, async (page) => {
  await page.click("#to-articles");
  await page.waitForSelector("#list .title");
  const all = Number(/共 (\d+) 篇/u.exec(await page.textContent("#found"))[1]);
  assert.ok(all >= 24, String(all));
  assert.equal(await page.locator("#list > li").count(), 20);
  await nothingSerious(page, "articles");
  await shot(page, "articles");
  await page.click("#after");
  await page.waitForFunction(() => /第 21–/u.test(document.getElementById("found").textContent));
  assert.equal(await page.locator("#list > li").count(), all - 20);
  assert.ok(await page.isDisabled("#after"));
  await page.waitForFunction(() => document.activeElement.id === "found");
  assert.ok(await page.locator("#list > li").first().evaluate((li) => li.getBoundingClientRect().top >= 0 && li.getBoundingClientRect().bottom <= innerHeight), "its top is in sight");
  await page.fill("#browse [name=words]", "天花");
  await page.press("#browse [name=words]", "Enter");
  await page.waitForFunction(() => document.querySelectorAll("#list > li").length === 1);
  assert.equal(await page.textContent("#found"), "共 1 篇");
  await page.click("#list .title");
  await page.waitForSelector(".panel .article");
  assert.equal(await page.locator(".panel mark").count(), 0);
  await page.click(".panel .close");
  await page.waitForSelector(".panel", { state: "hidden" });
  await page.click("#browse [type=reset]");
  await page.fill("#browse [name=publication]", "青禾周报");
  await page.fill("#browse [name=from]", "2023-01");
  await page.fill("#browse [name=to]", "2023-03");
  await page.press("#browse [name=to]", "Enter");
  await page.waitForFunction(() => document.querySelectorAll("#list > li").length === 1);
  await page.click("#ask-these");
  assert.match(await page.textContent("#filter-said"), /青禾周报.*2023-01/u);
  await page.goBack();
  assert.ok(await page.isVisible("#browse"));
  assert.match(page.url(), /#articles\?publication=.*&from=2023-01&to=2023-03$/u);
  await page.reload();
  await page.waitForFunction(() => document.querySelectorAll("#list > li").length === 1);
  assert.equal(await page.inputValue("#browse [name=publication]"), "青禾周报", "what was looked for is in the address");
  await page.click("#to-ask");
  await page.click("#to-articles");
  assert.equal(await page.inputValue("#browse [name=publication]"), "青禾周报");
  await page.click("#browse [type=reset]");
  await page.waitForFunction(() => /第 1–/u.test(document.getElementById("found").textContent));
  await page.click("#after");
  await page.waitForFunction(() => /第 21–/u.test(document.getElementById("found").textContent));
  await page.goBack();
  await page.waitForFunction(() => /第 1–/u.test(document.getElementById("found").textContent));
  await page.goForward();
  await page.waitForFunction(() => /第 21–/u.test(document.getElementById("found").textContent));
  await page.goto(`${PAGE_URL}/#articles?offset=9980`);
  await page.waitForFunction(() => /第 21–/u.test(document.getElementById("found").textContent));
  await page.fill("#browse [name=words]", "没有这样的词");
  await page.press("#browse [name=words]", "Enter");
  await page.waitForFunction(() => /没有/u.test(document.getElementById("found").textContent));
});

visit("what the corpus holds and what of it failed is said", DESK, async (page) => {
  await page.waitForSelector("#corpus details");
  assert.match(await page.textContent("#corpus"), /\d+ 篇文章，\d 个文件 · .*收入/u);
  await page.click("#corpus summary");
  assert.match(await page.textContent("#corpus details"), /1 个文件未能收入.*broken\.pdf 文件已损坏，或与扩展名不符.* · 自 20\d\d年/su);
  await nothingSerious(page, "corpus");
});

visit("a corpus of which no file could be ingested is said to be empty, and why", DESK, async (page) => {
  const since = "2026-11-27T08:00:00Z";
  await page.route("**/v1/ingest", (route) => route.fulfill({ json: {
    sources: 0, articles: 0, passages: 0, ingested_at: null, run: { started_at: since, ended_at: since, report: { failed: [], unread_pages: [] } },
    waiting: false, running: null, failures: [{ file: "坏.pdf", error: "the file is broken", reason: "文件坏了", since, last_at: since, attempts: 2 }],
  } }));
  await page.reload();
  await page.waitForSelector("#corpus summary");
  assert.match(await page.textContent("#corpus"), /没有一个文件收入成功.*1 个文件未能收入坏\.pdf 文件坏了 · 自 2026年11月27日/su);
  assert.doesNotMatch(await page.textContent("#corpus"), /yinju ingest/u);
});

visit("an article without a title has one name wherever it is named", { ...DESK, permissions: ["clipboard-read", "clipboard-write"] }, async (page) => {
  const card = (await ask(page, UNTITLED)).locator(".card").first();
  const name = await card.locator(".title").textContent();
  assert.match(name, /^春分那天我们去了石桥镇.*…$/u);
  await page.click(".copy-answer");
  await clip(page, (text) => text.includes(`\n${name}\nuntitled.txt:1`));
  await card.locator(".copy-plain").click();
  await clip(page, (text) => text === `《${name}》。`);
  await card.locator(".open").click();
  await page.waitForSelector(".panel mark");
  assert.equal(await page.textContent(".panel h2"), name);
  assert.equal(await page.getAttribute(".panel .article", "aria-label"), name);
  const reading = await page.request.get(PAGE_URL + await page.getAttribute(".panel a", "href"));
  assert.ok((await reading.text()).includes(`<title>${name}`));
  await page.goto(`${PAGE_URL}/#articles?words=untitled`);
  await page.waitForSelector("#list .title");
  assert.deepEqual(await page.locator("#list .title").allTextContents(), [name]);
});

visit("the quote and its source are copied", { ...DESK, permissions: ["clipboard-read", "clipboard-write"] }, async (page) => {
  const turn = await ask(page, ANSWERED);
  const card = turn.locator(".card").first();
  const copied = async (selector) => {
    await page.evaluate(() => navigator.clipboard.writeText("-"));
    await card.locator(selector).click();
    return clip(page, (text) => text !== "-");
  };
  assert.equal(await copied(".copy-quote"), await card.locator(".quote").textContent());
  assert.match(await copied(".copy-gbt"), /^白芷\. .*人类怎样送走了天花\[N\]\. 望舒晚报, 2023-04-25/u);
  await nothingSerious(page, "copied");
  const next = turn.locator(".card").nth(1).locator(".copy-gbt");
  await page.route("**/v1/articles/*", (route) => route.fulfill({ status: 404, json: { status: 404, detail: "没有这篇。" } }), { times: 1 });
  await next.click();
  await page.waitForFunction((b) => b.textContent === "没能复制" && b.getAttribute("aria-label") === "没能复制" && b.title === "没有这篇。", await next.elementHandle());
  await page.waitForFunction((b) => b.textContent === "GB/T 7714" && /GB/u.test(b.getAttribute("aria-label")), await next.elementHandle());
  assert.match(await copied(".copy-plain"), /白芷.*人类怎样送走了天花.*望舒晚报.*2023/u);
  await page.evaluate(() => navigator.clipboard.writeText("-"));
  await turn.locator(".copy-answer").click();
  const whole = await clip(page, (text) => text !== "-");
  const quotes = await turn.locator(".card .quote").allTextContents();
  const places = await turn.locator(".card .source code").allTextContents();
  quotes.forEach((quote, i) => {
    const lines = quote.split("\n").map((line) => `> ${line}`).join("\n");
    assert.ok(whole.includes(`[${i + 1}]\n${lines}\n`) && whole.includes(`\n${places[i]}`), `quote ${i + 1} and ${places[i]} in ${whole}`);
  });
}, { allowed: /status of 404/u });

visit("after an article has changed nothing false is said of where its words stood", { ...DESK, permissions: ["clipboard-read", "clipboard-write"] }, async (page) => {
  const turn = await ask(page, ANSWERED);
  const card = turn.locator(".card").first();
  const quote = await card.locator(".quote").textContent();
  let changed;
  await page.route("**/v1/articles/*", async (route) => {
    const response = await route.fetch();
    const article = await response.json();
    changed = { ...article, text: `改了改。\n${article.text}`, places: article.places.map(([from, line, p]) => [from + 5, line + 7, p]) };
    await route.fulfill({ json: changed });
  });
  await card.locator(".open").click();
  await page.waitForSelector(".panel mark");
  assert.equal(await marked(page), quote);
  const start = [...changed.text.slice(0, changed.text.indexOf(quote))].length;
  const of = createHash("sha256").update(quote).digest("hex").slice(0, 8);
  const href = `/articles/${changed.id}?quote=${start}-${start + [...quote].length}&of=${of}`;
  await page.waitForFunction((want) => document.querySelector(".panel .bar a").getAttribute("href") === want, href);
  const line = changed.places.findLast(([from]) => from <= start)[1];
  assert.match(await page.locator(".panel .at").textContent(), new RegExp(`第 ${line}`, "u"));
  assert.match(await page.locator(".panel .notice").textContent(), /改动过/u);
  await page.keyboard.press("Escape");
  await page.unroute("**/v1/articles/*");
  await page.route("**/v1/articles/*", async (route) => {
    const article = await (await route.fetch()).json();
    await route.fulfill({ json: { ...article, title: "另一篇", display_title: "另一篇" } });
  });
  await card.locator(".copy-gbt").click();
  await page.waitForFunction((b) => b.textContent === "没能复制" && /改动过/u.test(b.title), await card.locator(".copy-gbt").elementHandle());
});

visit("two tabs on one conversation keep the turns of both", DESK, async (page, context) => {
  await ask(page, ANSWERED);
  const other = await context.newPage();
  await other.goto(PAGE_URL);
  await other.click("#open-past");
  await other.locator("#past-list .title").first().click();
  await ask(other, "民法典一共分哪几编？");
  await ask(page, BEYOND);
  const turns = await page.evaluate(() => JSON.parse(localStorage.getItem("yinju.conversations"))[0].turns.map((turn) => turn.question));
  assert.deepEqual(turns, [ANSWERED, "民法典一共分哪几编？", BEYOND]);
});

visit("a good answer and a bad one are told, and stored", DESK, async (page) => {
  const turn = await ask(page, ANSWERED);
  const stored = (n, want) => {
    const line = execFileSync(YINJU, ["history", "--json", "-n", String(n)], { encoding: "utf8" }).trim().split("\n").map((l) => JSON.parse(l)).find((l) => l.feedback);
    assert.deepEqual(line.feedback, want);
  };
  await turn.locator(".thumb").first().click();
  await page.waitForFunction(() => document.querySelector(".rated").textContent !== "");
  assert.equal(await turn.locator(".thumb").first().getAttribute("aria-pressed"), "true");
  stored(20, { good: 1, bad: 0 });
  await turn.locator(".thumb.down").click();
  await turn.locator(".note input").fill("不对");
  await turn.locator(".note input").press("Enter");
  await turn.locator(".note").waitFor({ state: "hidden" });
  assert.match(await page.evaluate(() => document.activeElement.className), /down/u, "the focus stays beside it");
  stored(20, { good: 0, bad: 1 });
});

visit("conversations are kept in the browser, opened again and deleted", DESK, async (page) => {
  await ask(page, ANSWERED);
  await page.click("#new");
  await ask(page, REFUSED, "not_found");
  await page.reload();
  await page.waitForSelector(".turn .state.not_found");
  assert.equal(await page.locator(".turn").count(), 1, "what was on the screen is there again");
  await page.click("#new");
  await page.reload();
  await page.waitForSelector("#corpus p");
  assert.equal(await page.locator(".turn").count(), 0);
  await page.click("#open-past");
  await nothingSerious(page, "history");
  assert.deepEqual(await page.locator("#past-list .title").allTextContents(), [REFUSED, ANSWERED]);
  await page.locator("#past-list .title", { hasText: ANSWERED }).click();
  const turn = page.locator(".turn");
  assert.equal(await turn.count(), 1);
  await turn.locator(".card .open").first().click();
  await page.waitForSelector(".panel mark");
  await page.keyboard.press("Escape");
  await page.waitForSelector(".panel", { state: "hidden" });
  await page.click("#open-past");
  await page.locator("#past-list button[title]").first().click();
  assert.equal(await page.locator("#past-list .title").count(), 1);
  await page.click("#past-clear");
  assert.equal(await page.locator("#past-list .title").count(), 1, "it asks once more");
  await page.click("#past-clear");
  assert.equal(await page.locator("#past-list .title").count(), 0);
  assert.equal(await page.evaluate(() => localStorage.getItem("yinju.conversations")), "[]");
  assert.equal(await page.locator(".turn").count(), 0, "what is deleted is not shown");
  await page.click("#past-close");
  const kept = () => page.evaluate(() => JSON.parse(localStorage.getItem("yinju.conversations")).map((c) => [c.id, c.turns.length]));
  await ask(page, ANSWERED);
  const [[before]] = await kept();
  await page.evaluate(() => localStorage.setItem("yinju.conversations", "[]")); // by another tab
  await page.fill("#question", REFUSED);
  await page.press("#question", "Enter");
  await page.waitForSelector(".state.not_found");
  const after = await kept();
  assert.equal(after.length, 1);
  assert.equal(after[0][1], 1, "what was deleted does not come back with what follows");
  assert.notEqual(after[0][0], before);
});

visit("an answer is shared by a link, on which it is read and not judged", { ...DESK, permissions: ["clipboard-read", "clipboard-write"] }, async (page, context) => {
  const turn = await ask(page, ANSWERED);
  const quote = await turn.locator(".quote").first().textContent();
  await turn.locator(".share").click();
  const link = await clip(page, (text) => text.includes("/?a="));
  const other = await context.newPage();
  await other.goto(link);
  await other.waitForSelector(".state.answered");
  assert.equal(await other.locator(".quote").first().textContent(), quote);
  assert.ok(await other.locator("#composer").isHidden());
  assert.equal(await other.locator(".thumb").count(), 0);
  await nothingSerious(other, "shared answer");
  await other.locator(".card .open").first().click();
  await other.waitForSelector(".panel mark");
  assert.equal(await marked(other), quote);
  await other.click("#to-articles");
  await other.fill("#browse [name=author]", "白芷");
  await other.press("#browse [name=author]", "Enter");
  await other.click("#ask-these");
  assert.ok(await other.locator("#question").evaluate((box) => box === document.activeElement && box.offsetParent !== null), "there it can be asked");
  assert.match(await other.textContent("#filter-said"), /白芷/u);
  assert.equal(new URL(other.url()).search, "");
  assert.equal(await other.title(), await page.title());
  await other.goto(`${PAGE_URL}/?a=nosuchanswer`);
  await other.waitForSelector(".trouble");
  await other.click("#to-ask");
  await other.waitForSelector("#composer");
});

visit("a history that is damaged does not stop the page", DESK, async (page) => {
  await page.evaluate(() => localStorage.setItem("yinju.conversations", JSON.stringify([{ id: "a", title: "x", at: "", turns: [null] }, null, 7])));
  await page.reload();
  await page.waitForFunction(() => document.getElementById("corpus").childElementCount > 0);
  await page.click("#open-past");
  assert.equal(await page.locator("#past-list .title").count(), 0);
});

visit("troubles are said kindly, and it can be tried again", DESK, async (page) => {
  const fail = async (reply, want) => {
    await page.route("**/v1/ask", (route) => (reply === null ? route.abort() : route.fulfill(reply)), { times: 1 });
    await page.fill("#question", ANSWERED);
    await page.press("#question", "Enter");
    const box = page.locator(".trouble").last();
    await box.waitFor();
    assert.match(await box.textContent(), want);
    return box;
  };
  const problem = (status, headers = {}, detail = "") => ({ status, headers: { "Content-Type": "application/problem+json", ...headers }, body: JSON.stringify({ status, title: "x", detail }) });
  const slow = await fail(problem(429, { "Retry-After": "1" }), /太快.*秒后可再试/u);
  await nothingSerious(page, "429");
  await slow.locator(".retry:enabled").click();
  await page.waitForSelector(".state.answered");
  for (const [reply, want] of [
    [problem(503, { "Retry-After": "1" }), /正忙/u],
    [problem(503, {}, "请先运行 yinju ingest。"), /请先运行 yinju ingest。/u],
    [null, /连不上/u],
    [{ headers: { "Content-Type": "text/event-stream" }, body: "event: status\ndata: {\"stage\":\"searching\"}\n\n: a\n" }, /连接断了/u],
    [{ headers: { "Content-Type": "text/event-stream" }, body: "event: error\ndata: {\"status\":504}\n\n" }, /太久/u],
    [problem(500, {}, "y"), /y/u],
  ]) {
    await page.click("#new");
    const box = await fail(reply, want);
    await box.locator(".retry:enabled").click();
    await page.waitForSelector(".state.answered");
    assert.equal(await page.locator(".turn").count(), 1);
  }
}, { allowed: /status of (?:429|50[034])|ERR_FAILED/u });

visit("what the server says is text, whatever it says", DESK, async (page) => {
  const evil = "<img src=x onerror=alert(1)><b>粗</b>";
  const citation = {
    n: 1, quote: evil, also: [], text_sha256: "", location: { start_line: 1, end_line: 1, start_char: 0, end_char: 3, page: null },
    article: { id: "1/../2", title: evil, display_title: evil, authors: [evil], publication: evil, date: "", file: evil, url: "javascript:alert(1)" },
  };
  const answer = { id: "1", question: evil, resolved: evil, status: "answered", answer: `${evil}[1]`, citations: [citation], scope: [{ filter: {}, text: evil }], written: { model: evil, used: true } };
  await page.route("**/v1/ask", (route) => route.fulfill({ headers: { "Content-Type": "text/event-stream" }, body: `event: answer\ndata: ${JSON.stringify(answer)}\n\n` }));
  await page.route("**/v1/articles/*", (route) => route.fulfill({ json: { ...citation.article, text: evil, locations: [], places: [], copies: [], cite: {} } }));
  await ask(page, evil);
  await page.locator(".card .open").click();
  await page.waitForSelector(".panel .notice");
  assert.equal(await page.locator("main img, .panel img, main b, .panel b").count(), 0);
  assert.doesNotMatch(await page.locator(".panel a").getAttribute("href"), /javascript/u);
});

visit("a model's answer comes sentence by sentence, with its quotes beside it", DESK, async (page) => {
  const turn = await ask(page, ANSWERED);
  const text = await turn.locator(".text").textContent();
  assert.match(text, /1977年10月发病，后来痊愈。\[1\]/u);
  assert.match(await turn.locator(".notes").textContent(), /test-model/u);
  const beside = await turn.evaluate((t) => t.querySelector(".card").getBoundingClientRect().left > t.querySelector(".text").getBoundingClientRect().right);
  assert.ok(beside, "the cards are beside the text");
  await turn.locator(".text .mark").last().click();
  const n = await turn.locator(".text .mark").last().getAttribute("data-n");
  assert.equal(await page.evaluate(() => document.activeElement.dataset.n), n);
  assert.match(await page.textContent("#said"), /引文 \d 条/u);
  await nothingSerious(page, "written answer");
  await page.evaluate(() => { document.activeElement.blur(); scrollTo(0, 0); });
  await shot(page, "answer");
  await page.emulateMedia({ colorScheme: "dark" });
  await shot(page, "dark");
}, { base: PAGE_MODEL_URL });

visit("an answer on its way is shown, and stopped", DESK, async (page) => {
  await page.fill("#question", "什么叫潮汐锁定？");
  await page.press("#question", "Enter");
  await page.waitForSelector(".text .mark");
  assert.ok(await page.locator(".card").count() > 0);
  assert.match(await page.textContent("#said"), /正在查找/u, "it is not read out piece by piece");
  await page.click("#stop");
  await page.waitForSelector(".trouble");
  assert.match(await page.textContent(".trouble"), /已停止/u);
  assert.ok(await page.isVisible("#send"));
  assert.ok(await page.locator(".text .mark").count() > 0, "what had come stays");
  await page.reload();
  await page.waitForSelector(".trouble");
  assert.match(await page.textContent(".turn"), /什么叫潮汐锁定.*已停止/su);
  await page.click(".retry");
  await page.waitForSelector(".text .mark");
  await page.reload(); // while it answers
  await page.waitForSelector(".trouble .retry:enabled");
  assert.equal(await page.locator(".turn").count(), 1);
}, { base: PAGE_MODEL_URL });

visit("where a key is needed it is asked for, kept, and forgotten", DESK, async (page) => {
  await page.waitForSelector("#key[open]");
  await nothingSerious(page, "key");
  await page.fill("#key-value", "wrong-key-0123456789abcdef");
  await page.press("#key-value", "Enter");
  await page.waitForSelector("#key-wrong:visible");
  await page.fill("#key-value", "密钥密钥");
  await page.press("#key-value", "Enter");
  await page.waitForFunction(() => /字母/u.test(document.getElementById("key-wrong").textContent));
  await page.fill("#key-value", "wrong-key-0123456789abcdef");
  await page.press("#key-value", "Enter");
  await page.waitForFunction(() => /不认/u.test(document.getElementById("key-wrong").textContent));
  assert.match(await page.textContent("#key-wrong"), /不认这个密钥/u);
  assert.equal(await page.evaluate(() => localStorage.getItem("yinju.key")), null, "a wrong key is not kept");
  await page.fill("#key-value", PAGE_ADMIN_KEY);
  await page.press("#key-value", "Enter");
  await page.waitForFunction(() => /ask/u.test(document.getElementById("key-wrong").textContent));
  assert.equal(await page.evaluate(() => localStorage.getItem("yinju.key")), null, "nor one that may not ask");
  await page.fill("#key-value", PAGE_KEY);
  await page.press("#key-value", "Enter");
  await page.waitForSelector("#key", { state: "hidden" });
  const turn = await ask(page, ANSWERED);
  await turn.locator(".card .open").first().click();
  await page.waitForSelector(".panel mark");
  assert.equal(await page.locator(".panel a").count(), 0, "a link cannot carry the key");
  await page.reload();
  await page.waitForSelector("#corpus p");
  assert.ok(await page.locator("#key").isHidden());
  await page.waitForSelector(".panel mark");
  await page.keyboard.press("Escape");
  await page.waitForSelector(".panel", { state: "hidden" });
  await page.click("#open-past");
  await page.click("#forget");
  assert.equal(await page.evaluate(() => localStorage.getItem("yinju.key")), null);
  await page.reload();
  await page.waitForSelector("#key[open]");
  await page.click("#key-cancel");
  await page.waitForSelector("#corpus p");
}, { base: PAGE_KEY_URL, allowed: /status of 40[13]/u });

visit("a refusal that is no matter of keys opens no form, and the server's words are shown", DESK, async (page) => {
  const words = "没有设 API_KEYS，只应答本机。";
  await page.route("**/v1/**", (route) => route.fulfill({ status: 403, contentType: "application/problem+json", body: JSON.stringify({ status: 403, detail: words }) }));
  await page.reload();
  await page.waitForSelector("#corpus p");
  assert.equal(await page.textContent("#corpus"), words);
  await page.fill("#question", ANSWERED);
  await page.press("#question", "Enter");
  await page.waitForSelector(".trouble");
  assert.ok((await page.textContent(".trouble")).includes(words));
  assert.ok(await page.isHidden("#key"));
}, { allowed: /status of 403/u });

visit("a wrong key has one form opened by all that was asked with it", DESK, async (page) => {
  await page.waitForSelector("#key[open]");
  await page.evaluate(() => localStorage.setItem("yinju.key", "wrong-key-0123456789abcdef"));
  let asked = 0;
  await page.route("**/v1/**", async (route) => { // the later ones are answered when the form is open, or closed
    await new Promise((resolve) => { setTimeout(resolve, asked++ * 400); });
    await route.continue();
  });
  await page.goto(`${PAGE_KEY_URL}/?a=nosuchanswer#articles`); // the corpus, an answer, the articles
  await page.waitForSelector("#key[open]");
  assert.match(await page.textContent("#key-wrong"), /不认/u);
  await page.click("#key-cancel");
  await page.waitForFunction(() => document.querySelector("#list .trouble") && document.querySelector("#turns .trouble") && document.querySelector("#corpus p"));
  assert.ok(await page.isHidden("#key"), "who gives no key is asked once");
  assert.equal(asked, 3);
  assert.equal(await page.evaluate(() => localStorage.getItem("yinju.key")), null);
}, { base: PAGE_KEY_URL, allowed: /status of 40[14]/u });

visit("it works on a phone, where the article takes the whole width", PHONE, async (page) => {
  await fits(page);
  const turn = await ask(page, ANSWERED);
  await fits(page);
  await nothingSerious(page, "phone");
  await turn.locator(".card .open").first().click();
  await page.waitForSelector(".panel mark");
  assert.equal(await page.locator(".panel").evaluate((p) => p.getBoundingClientRect().width), 360);
  assert.ok(await page.locator("#main").evaluate((m) => m.inert), "what it covers takes no focus");
  await nothingSerious(page, "article on a phone");
  await shot(page, "phone-article");
  await page.goBack();
  await page.waitForSelector(".panel", { state: "hidden" });
  assert.ok(!await page.locator("#main").evaluate((m) => m.inert));
  await page.evaluate(() => { document.activeElement.blur(); scrollTo(0, 0); });
  await shot(page, "phone");
  await page.click("#to-articles");
  await page.waitForSelector("#list .title");
  await fits(page);
  await page.click("#open-past");
  await fits(page);
});

visit("it works at twice the size", { ...DESK, viewport: { width: 640, height: 400 } }, async (page) => {
  const turn = await ask(page, ANSWERED);
  await fits(page);
  await turn.locator(".card .open").first().click();
  await page.waitForSelector(".panel mark");
  assert.ok(await page.locator(".panel mark").first().isVisible());
});

visit("letters twice as large leave a phone's screen to the answer", { ...PHONE, viewport: { width: 360, height: 640 } }, async (page, context) => {
  const session = await context.newCDPSession(page);
  await session.send("Page.setFontSizes", { fontSizes: { standard: 32, fixed: 26 } });
  await page.emulateMedia({ reducedMotion: "reduce" });
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).fontSize), "32px");
  const turn = await ask(page, ANSWERED);
  await fits(page);
  const box = (selector) => page.locator(selector).evaluate((n) => ({ height: n.getBoundingClientRect().height, isStuck: getComputedStyle(n).position === "sticky" }));
  for (const [selector, most] of [[".top", 130], [".composer", 240]]) {
    const { height, isStuck } = await box(selector);
    assert.ok(!isStuck && height <= most, `${selector}: ${height}, stuck: ${isStuck}`);
  }
  await nothingSerious(page, "large letters");
  await turn.locator(".card .open").first().click();
  await page.waitForSelector(".panel mark");
  assert.ok(!(await box(".panel .head")).isStuck);
  await fits(page);
});

visit("it is in English for who reads English, on a narrow phone with one line of header", { ...PHONE, locale: "en-GB" }, async (page) => {
  assert.ok(await page.locator(".top").evaluate((n) => n.getBoundingClientRect().height) < 60);
  assert.equal(await page.getByRole("link", { name: "yinju", exact: true }).count(), 1, "the brand has its name still");
});

visit("it is in English for who reads English, in the dark too", { ...DESK, locale: "en-GB", colorScheme: "dark" }, async (page) => {
  assert.equal(await page.getAttribute("html", "lang"), "en");
  const turn = await ask(page, "Which prize did Tu Youyou win in 2015 and with whom did she share it?");
  await turn.locator(".card .open").first().click();
  await page.waitForSelector(".panel mark");
  const own = await page.evaluate(() => [...document.querySelectorAll("button, label, summary, .state, .notes, .corpus")]
    .filter((n) => !n.closest("[lang=zh]") && n.checkVisibility()).map((n) => n.getAttribute("aria-label") ?? n.textContent).join("\n"));
  const without = await page.locator(".card .title, .panel code").allTextContents();
  const left = without.reduce((text, title) => text.replaceAll(title, ""), own);
  assert.doesNotMatch(left, /\p{Script=Han}/u);
  assert.ok(await page.evaluate(() => {
    const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/\d+/gu).map(Number);
    return r + g + b < 150;
  }), "it is dark");
});

visit("the keyboard reaches everything", { ...DESK, viewport: { width: 900, height: 800 } }, async (page) => {
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.goto(`${PAGE_URL}/#articles?author=白芷`);
  await page.waitForSelector("#list .title");
  await page.focus(".skip");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  assert.ok(await page.isVisible("#articles-view"), "skipping leads to no other view");
  await page.locator("#list .title").first().click();
  await page.waitForSelector(".panel .article");
  assert.ok(await page.locator(".skip").evaluate((n) => n.inert), "it leads to nothing while the article covers the page");
  await page.goto(PAGE_URL);
  await page.reload();
  const seen = new Set();
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press("Tab");
    seen.add(await page.evaluate(() => document.activeElement.id || document.activeElement.tagName));
  }
  for (const want of ["to-ask", "to-articles", "new", "open-past", "question", "send"]) assert.ok(seen.has(want), `${want} of ${[...seen]}`);
});

test("it is light and quick, and painted once it has its style", { timeout: 60_000 }, async () => {
  const paints = [], bare = [];
  let weight, sent;
  for (let i = 0; i < 7; i++) {
    const context = await browser.newContext(DESK);
    const page = await context.newPage();
    const bodies = [];
    page.on("response", (r) => { if (!new URL(r.url()).pathname.startsWith("/v1/")) bodies.push(Promise.all([r.body(), r.request().sizes()])); });
    await page.goto(PAGE_URL);
    await page.waitForSelector("#corpus p");
    const files = await Promise.all(bodies);
    weight = files.reduce((sum, [body]) => sum + body.length, 0);
    sent = files.reduce((sum, [, sizes]) => sum + sizes.responseBodySize, 0);
    const { painted, styled } = await page.evaluate(() => ({
      painted: performance.getEntriesByName("first-contentful-paint")[0].startTime,
      styled: performance.getEntriesByType("resource").find((e) => e.name.endsWith("style.css")).responseEnd,
    }));
    assert.ok(painted >= styled, "painted without its style");
    paints.push(Math.round(painted));
    await page.goto(`${PAGE_URL}/healthz`); // one line of text: what the machine and the browser take by themselves
    bare.push(Math.round(await page.evaluate(() => new Promise((resolve) => {
      new PerformanceObserver((list) => list.getEntriesByName("first-contentful-paint").forEach((e) => resolve(e.startTime))).observe({ type: "paint", buffered: true });
    }))));
    await context.close();
  }
  const median = (all) => all.toSorted((a, b) => a - b)[3];
  console.log(`page weight ${weight} bytes, ${sent} as sent; first contentful paint ${median(paints)} ms, the median of ${paints.join(", ")}; of a line of text ${median(bare)} ms`);
  assert.ok(weight > 10_000 && weight < 150_000, `${weight} bytes`);
});
