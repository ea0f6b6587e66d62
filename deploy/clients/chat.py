"""Asks with OpenAI's client for Python, plain and streaming, and goes on with a chat."""

import sys

import openai
from openai import OpenAI

client = OpenAI(base_url=sys.argv[1] + "/v1", api_key="a-key-of-nobody-0123456789")
question = {"role": "user", "content": "天眼的反射面用了多少块板子拼起来？"}


def check(content, annotations, citations):
    """Every mark leads to the citation of its number, whose quote the text shows."""
    assert "4450" in content, content
    assert citations and len(annotations) == len(citations), (annotations, citations)
    for annotation, citation in zip(annotations, citations):
        mark, cited = annotation.url_citation, citation
        assert annotation.type == "url_citation"
        assert content[mark.start_index : mark.end_index] == f"[{cited['n']}]", mark
        at = cited["location"]
        place = f"/articles/{cited['article']['id']}?quote={at['start_char']}-{at['end_char']}&of="
        assert place in mark.url and mark.title == cited["article"]["display_title"], mark
        assert cited["quote"] in content and f"{cited['article']['file']}:{at['start_line']}" in content


plain = client.chat.completions.create(
    model="yinju", temperature=0, messages=[{"role": "system", "content": "Be brief."}, question]
)
message = plain.choices[0].message
check(message.content, message.annotations, plain.citations)
assert message.citations == plain.citations and plain.choices[0].finish_reason == "stop" and plain.usage.total_tokens == 0

# What is quoted in a stream is what is quoted in the plain answer.
content, annotations, citations, usage, ends = "", [], [], None, []
for chunk in client.chat.completions.create(
    model="yinju", messages=[question], stream=True, stream_options={"include_usage": True}
):
    usage = chunk.usage or usage
    for choice in chunk.choices:
        content += choice.delta.content or ""
        annotations += getattr(choice.delta, "annotations", None) or []
        citations += getattr(choice.delta, "citations", None) or []
        ends += [choice.finish_reason] if choice.finish_reason else []
assert content == message.content and citations == plain.citations and ends == ["stop"], (content, citations, ends)
assert annotations == [a.model_dump() for a in message.annotations], annotations
assert usage.total_tokens == 0

# The client's own way of putting a stream together.
with client.chat.completions.stream(model="yinju", messages=[question]) as stream:
    whole = stream.get_final_completion()
check(whole.choices[0].message.content, whole.choices[0].message.annotations, whole.choices[0].message.citations)

# A chat goes on, in parts of text, too.
then = client.chat.completions.create(
    model="yinju",
    messages=[question, message, {"role": "user", "content": [{"type": "text", "text": "这篇文章登在哪里？"}]}],
)
assert then.yinju["resolved"].startswith("《"), then.yinju

none = client.chat.completions.create(model="yinju", messages=[{"role": "user", "content": "量子计算机的报价是多少？"}])
assert none.yinju["status"] != "answered" and none.choices[0].message.content, none

assert [m.id for m in client.models.list()] == ["yinju"] and client.models.retrieve("yinju").owned_by == "yinju"
for wrong, kind in [
    ({"model": "gpt-4o", "messages": [question]}, openai.NotFoundError),
    ({"model": "yinju", "messages": []}, openai.BadRequestError),
    ({"model": "yinju", "stream": True, "messages": [{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,"}}]}]}, openai.BadRequestError),
]:
    try:
        client.chat.completions.create(**wrong)
        raise AssertionError(wrong)
    except kind as error:
        assert error.body["type"] == "invalid_request_error" and error.body["message"], error
print(f"OpenAI's client for Python {openai.__version__}: plain, streaming, chat, errors")
