// Asks with OpenAI's client for Node, plain and streaming, and goes on with a chat.
import assert from "node:assert/strict";
import OpenAI from "openai";
import { VERSION } from "openai/version";

const client = new OpenAI({ baseURL: process.argv[2] + "/v1", apiKey: "a-key-of-nobody-0123456789" });
const question = { role: "user", content: "天眼的反射面用了多少块板子拼起来？" };

// Every mark leads to the citation of its number, whose quote the text shows.
function check(content, annotations, citations) {
  assert.match(content, /4450/);
  assert.ok(citations.length > 0);
  assert.equal(annotations.length, citations.length);
  annotations.forEach((annotation, i) => {
    const { n, quote, article, location } = citations[i];
    const mark = annotation.url_citation;
    assert.equal(annotation.type, "url_citation");
    assert.equal([...content].slice(mark.start_index, mark.end_index).join(""), `[${n}]`);
    assert.ok(mark.url.includes(`/articles/${article.id}?quote=${location.start_char}-${location.end_char}&of=`), mark.url);
    assert.equal(mark.title, article.display_title);
    assert.ok(content.includes(quote) && content.includes(`${article.file}:${location.start_line}`));
  });
}

const plain = await client.chat.completions.create({ model: "yinju", temperature: 0, messages: [question] });
const message = plain.choices[0].message;
check(message.content, message.annotations, plain.citations);
assert.deepEqual(message.citations, plain.citations);
assert.equal(plain.choices[0].finish_reason, "stop");

// What is quoted in a stream is what is quoted in the plain answer.
let content = "", usage;
const annotations = [], citations = [], ends = [];
const stream = await client.chat.completions.create({ model: "yinju", messages: [question], stream: true, stream_options: { include_usage: true } });
for await (const chunk of stream) {
  usage = chunk.usage ?? usage;
  for (const { delta, finish_reason } of chunk.choices) {
    content += delta.content ?? "";
    annotations.push(...(delta.annotations ?? []));
    citations.push(...(delta.citations ?? []));
    if (finish_reason) ends.push(finish_reason);
  }
}
assert.equal(content, message.content);
assert.deepEqual([annotations, citations, ends, usage.total_tokens], [message.annotations, plain.citations, ["stop"], 0]);

// The client's own way of putting a stream together.
const whole = await client.chat.completions.stream({ model: "yinju", messages: [question] }).finalChatCompletion();
check(whole.choices[0].message.content, whole.choices[0].message.annotations, whole.choices[0].message.citations);

const then = await client.chat.completions.create({ model: "yinju", messages: [question, message, { role: "user", content: "这篇文章登在哪里？" }] });
assert.ok(then.yinju.resolved.startsWith("《"), JSON.stringify(then.yinju));

assert.deepEqual((await client.models.list()).data.map((m) => m.id), ["yinju"]);
await assert.rejects(client.chat.completions.create({ model: "gpt-4o", messages: [question] }), OpenAI.NotFoundError);
await assert.rejects(client.chat.completions.create({ model: "yinju", messages: [] }), OpenAI.BadRequestError);
console.log(`OpenAI's client for Node ${VERSION}: plain, streaming, chat, errors`);
