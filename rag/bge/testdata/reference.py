"""Makes the fixtures of this folder with the Hugging Face tokenizers library and ONNX Runtime.

    reference.py TOKENIZER.json MODEL.onnx [CORPUS_FOLDER]

Needs: tokenizers, onnxruntime, numpy. Without a corpus folder shared_ids.json stays as it is.
"""

import base64
import hashlib
import json
import pathlib
import struct
import sys

import numpy
import onnxruntime
from tokenizers import Tokenizer, normalizers

HERE = pathlib.Path(__file__).parent
QUERY_PREFIX = "为这个句子生成表示以用于检索相关文章："
BLOCK = 0x1000

ODD = [
    "", " ", "a", "中", "\0", "a\0b", "中\0文", "a\x01b\x07c\x7fd\x80e\x9f", "\r\n\t 表\t格 \x0b\x0c",
    "全角\u3000空格\u00a0不断\u2028行\u2029段\u205f", "zero\u200bwidth\u200cnon\u200djoiner\ufeffbom\u2060",
    "soft\u00adhyphen \u180e\u061c \u202eabc\u202c", "\ufffd", "a\ufffdb \ufffd\ufffd中", "\ue000\uf8ff\U000f0000\U0010fffd",
    "😀", "👨‍👩‍👧‍👦一家人", "🇨🇳国旗", "🀄︎️ ☕️", "\U000e0041\U0001f3f4",
    "é café naïve Ångström", "e\u0301a\u0308 中\u0301文", "a\u0300\u0301\u0302b \u0301", "Ǆ ǅ ß İ ı ſ",
    "Hello World, DNA and PM2.5", "hello world, dna and pm2.5", "ｆｕｌｌ ＷＩＤＴＨ １２３，。！", "ⅣⅨ①②③㈠㊀㍿½²³",
    "𠀀𪛖𪜀𫝀𫠠𬺰𮯠𰀀𱍐𲎯", "㐀䶵豈更車\U0002f800", "々〆〇〡 ぁアｱ゙がガ", "한국어 안녕하세요 \u1112\u1161\u11ab",
    "مرحبا بالعالم ١٢٣", "สวัสดีชาวโลก ไทย中ไทย", "नमस्ते दुनिया", "ꙮ ﷽ ￼", "Привет, мир! Ёлка",
    "“引号”——破折号……《书名》、〈篇名〉「」", "$100+200=300^`|~<>\\{}", "2031年5月1日上午10:30，比分3-2，占48.5%",
    "https://example.com/a?b=c#d foo_bar-baz@example.org", "the unbelievable tokenization of electroencephalography",
    "[SEP]", "a[SEP]b [CLS] [MASK][PAD] [UNK] [unused1]", "[sep] [ SEP ] [[SEP]] [SE", "中[MASK]文[SEP]",
    "##ing #话题# [UNK]## un##known", "x" * 99, "x" * 100, "x" * 101, "前" + "7" * 101 + "后", "a" * 300,
    "字" * 600, "word " * 50, "𰻝" * 120, "\u0300" * 120, "\u1734\u0c04\u166d\U000111c9\u0890\U00013430x",
]

DOCUMENTS = [
    "小镇图书馆把每周三的夜场延长到十点，好让下夜班的工人也能借书。",
    "渡船一天只开两班，错过了就得在对岸的茶棚里等到天亮。",
    "这台老水车已经停了二十年，村里人打算把它修好，磨今年的新麦。",
    "量子计算机用叠加态同时处理许多可能的输入，但读出结果时只能得到其中一个。",
    "医生建议她每天步行半小时，少吃盐，并在三个月后复查血压。",
    "雨停之后，巷口卖豆花的老人又把炉火升了起来。",
    "公司第三季度的营收同比增长百分之十二，主要来自海外订单。",
    "新桥通车那天，两岸的孩子跑到桥中间交换了风筝。",
    "高原上的盐湖在傍晚变成粉色，是因为一种耐盐的微小藻类。",
    "法院认为合同中的违约金过高，酌情减少了三成。",
    "他把祖父的怀表拆开，才发现发条早已断成两截。",
    "the ferry leaves twice a day, at seven and at four.",
    "a library that lends garden tools needs a shed, not a shelf.",
    "The Mill Was Repaired In Spring, And Ground The First Wheat In June.",
    "用 python 写的脚本每晚备份一次 postgres 数据库，失败时发邮件。",
    "GPU 的显存只有 8GB，batch size 设成 4 就会报错。",
    "１２３号房间的钥匙挂在前台，退房时间是中午１２：００。",
    "茶",
    "……",
    "会议纪要：一、通过预算；二、推迟搬迁；三、下周再议。" * 8,
]

QUERIES = [
    "图书馆夜里开到几点？",
    "渡船一天有几班",
    "how often does the ferry run?",
    "盐湖为什么会变成粉色",
]


def lowered(path):
    """The tokenizer as the model is used: capitals and accents folded, see lowered() in tokenizer.go."""
    tokenizer = load(path)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    return tokenizer


def load(path):
    tokenizer = Tokenizer.from_file(path)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def encode(tokenizer, folding, text):
    encoding = tokenizer.encode(text)
    offsets = [n for pair in encoding.offsets for n in pair]
    return {"text": text, "ids": encoding.ids, "offsets": offsets, "lowered": folding.encode(text).ids}


def digest(tokenizer, texts):
    """SHA-256 over the ids of all texts, each as four bytes, the lowest first."""
    sha = hashlib.sha256()
    for encoding in tokenizer.encode_batch(texts):
        sha.update(struct.pack(f"<{len(encoding.ids)}I", *encoding.ids))
    return sha.hexdigest()


def code_points(tokenizer, limit):
    """One short digest for each 4,096 code points, each of them between the digits 1 and 2."""
    blocks = []
    for first in range(0, limit, BLOCK):
        points = (p for p in range(first, first + BLOCK) if not 0xD800 <= p < 0xE000)
        blocks.append(digest(tokenizer, [f"1{chr(p)}2" for p in points])[:8])
    return blocks


def embed(session, tokenizer, text):
    ids = numpy.array([tokenizer.encode(text).ids], dtype=numpy.int64)
    inputs = {
        "input_ids": ids,
        "attention_mask": numpy.ones_like(ids),
        "token_type_ids": numpy.zeros_like(ids),
    }
    vector = session.run(["last_hidden_state"], inputs)[0][0, 0]
    vector = (vector / numpy.linalg.norm(vector)).astype("<f4")
    return base64.b64encode(vector.tobytes()).decode()


def vectors(session, tokenizer):
    rows = [{"query": False, "text": t, "vector": embed(session, tokenizer, t)} for t in DOCUMENTS]
    rows += [{"query": True, "text": t, "vector": embed(session, tokenizer, QUERY_PREFIX + t)} for t in QUERIES]
    return rows


def corpus_digests(tokenizer, folder):
    digests = {}
    for file in sorted(folder.glob("*.txt")):
        lines = file.read_bytes().decode("utf-8").split("\n")
        digests[file.name] = digest(tokenizer, lines)
    return digests


def write(name, value, lines=True):
    if lines:
        rows = ",\n".join(json.dumps(row, ensure_ascii=True) for row in value)
        text = f"[\n{rows}\n]\n"
    else:
        text = json.dumps(value, indent=1) + "\n"
    (HERE / name).write_text(text, encoding="ascii")


def main():
    tokenizer, folding = load(sys.argv[1]), lowered(sys.argv[1])
    session = onnxruntime.InferenceSession(sys.argv[2], providers=["CPUExecutionProvider"])
    write("ids.json", [encode(tokenizer, folding, text) for text in ODD])
    write("vectors.json", vectors(session, folding))
    if len(sys.argv) > 3:
        folder = pathlib.Path(sys.argv[3])
        digests = {"as_is": corpus_digests(tokenizer, folder), "lowercase": corpus_digests(folding, folder)}
        write("shared_ids.json", digests, lines=False)
    points = {"as_is": code_points(tokenizer, 0x110000), "lowercase": code_points(folding, 0x20000)}
    write("code_points.json", points, lines=False)


main()
