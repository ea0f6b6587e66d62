"""What a JSON Schema cannot say of the requests: a filter that ends before it begins is refused with 422, and a chat whose
last message of a user asks nothing with 400."""

import schemathesis
from hypothesis.internal import lambda_sources

# Hypothesis reads the source of lambdas to name them, which on Python 3.11 can fail within the interpreter
# ("AST constructor recursion depth mismatch") and would end the run. The names are not needed.
lambda_sources.lambda_description = lambda _: "lambda"


@schemathesis.hook
def filter_case(context, case):
    for said in (case.query, (case.body or {}).get("filter") if isinstance(case.body, dict) else None):
        if isinstance(said, dict) and ends_early(said.get("from"), said.get("to")):
            return False
    return case.path != "/v1/chat/completions" or not isinstance(case.body, dict) or asks(case.body.get("messages"))


def asks(messages):
    if not isinstance(messages, list):
        return True  # which the schema refuses, too
    said = [m.get("content") for m in messages if isinstance(m, dict) and m.get("role") == "user"]
    content = said[-1] if said else None
    if isinstance(content, list):
        content = "".join(str(p.get("text")) for p in content if isinstance(p, dict))
    return isinstance(content, str) and "\0" not in content and any(c.isalpha() or c.isdigit() for c in content)


def ends_early(begin, end):
    if not isinstance(begin, str) or not isinstance(end, str):
        return False
    n = min(len(begin), len(end))
    return begin[:n] > end[:n]
