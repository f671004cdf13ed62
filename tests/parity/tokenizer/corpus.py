"""Texts that tokenizers disagree about, and the small text that the fixture vocabularies are trained on."""

import random

TRAINING = """
The largest ocean on Earth is the Pacific Ocean. It covers more than 63 million square miles, and it's deeper
than any other: 10,935 metres at its deepest. The Atlantic is the second largest; the Indian Ocean comes third.
Don't say "I can't": they'll help, we've tried, you're right, I'd go, he's there and I'm sure. DON'T SHOUT, IT'S LATE.
What does temperature do? A high temperature makes the distribution flat; a low temperature makes it sharp.
In 2024, 3.14159 and 2.71828 were still numbers; 1,000,000 is a million, 100000 too, and 7 is lucky.
    def sample(logits, temperature=1.0, top_k=40):
        scaled = [x / temperature for x in logits]
        return softmax(scaled)[:top_k]

    fn main() {
        let words: Vec<&str> = "the quick brown fox".split(' ').collect();
        for (i, word) in words.iter().enumerate() { println!("{i}: {word}"); }
    }

	if (a != b && c <= d) { return a[0] + b[1]; } // tabs here
Où est l'océan ? À côté de la forêt, près du château. Die größte Überraschung: zwölf süße Äpfel. El niño comió piñas.
Большой океан называется Тихим. Самый большой океан на Земле. 最大的海洋是太平洋。太平洋很大。日本語の文章です。
มหาสมุทรแปซิฟิก المحيط الهادئ هو أكبر محيط 한국어 문장입니다 שלום עולם नमस्ते दुनिया
Emoji: 😀 👍 👩‍👩‍👧 ❤️ 🎉🎉 — “quotes” … and • bullets → arrows ≤ ≥ ≠
"""

PLAIN = [
    "",
    " ",
    "a",
    "Which is the largest ocean?",
    "The largest ocean is the Pacific Ocean.",
    " leading space",
    "trailing space ",
    "  two  spaces   three    four",
    "line\nline\n\nline\n\n\nend\n",
    "\r\n windows \r\n lines\r\n\r\n",
    " \n \n  \n\t\n",
    "\ttabs\t\ttwo\t \tmixed \t ",
    "a\n\n    indented\n\tby tab\n  \n    again",
    " " * 33,
    "\n" * 17,
    "\t" * 9,
    "x" + " " * 12 + "y",
    "x \n y\n  z \n\n w",
    "don't Don't DON'T I'M we'RE THEY'LL you'd 'S 's 'T s' ' '' '''s 've'd it'st 'llama 'red",
    "it\u2019s \u2018quoted\u2019 'ſ 'ſt don'\u017f",
    "0123456789 12345678901234567890 3.14159 1,000,000 0x1F 1e-9 ²³ ½ Ⅳ ① ٣٤٥ ५६ 一二三",
    "1 2 3 12 123 1234 12345 a1b2c3 4x4 v2.0.1 10%",
    "  1  22   333 \n4\n55",
    "café cafe\u0301 naïve nai\u0308ve Å A\u030a ﬁ fi ß ẞ İ ı",
    "o\u0302\u0323 e\u0301\u0302 a\u0323\u0307\u0301 \u0301 x\u0301y \u0301\u0302",
    "最大的海洋是太平洋。它很大，也很深！",
    "東京は日本の首都です。カタカナ ひらがな ﾊﾝｶｸ",
    "한국어 문장입니다. 가나다",
    "มหาสมุทรแปซิฟิกใหญ่ที่สุด",
    "المحيط الهادئ هو أكبر محيط في العالم ٢٠٢٤",
    "שלום עולם וְהָאָרֶץ",
    "नमस्ते दुनिया क्षत्रिय",
    "Большой Тихий океан ёжик",
    "😀👍🏽👩‍👩‍👧‍👦🏳️‍🌈🇫🇷❤️✨ 1️⃣ 🧑🏿‍💻",
    "a😀b 😀 c\u200dd \ufeffbom \u200b zero \u00a0nbsp\u00a0\u00a0 \u2003em \u3000wide \u2028ls \u2029ps \u0085nel",
    "\x00 NUL \x00\x00 \x01\x02\x07\x08\x0b\x0c\x0e\x1b[31m\x7f \x80\x9f",
    "\x04\x06\x13\x14\x16\x1d a\x04b \x1c\x1d\x1e\x1f",
    "def f(x):\n    return x**2  # square\n\n\nclass A(B):\n\tpass\n",
    "fn main() {\n    println!(\"{:?}\", vec![1, 2, 3]);\n}\n",
    "#include <stdio.h>\nint main(void) { for (int i=0;i<10;++i) printf(\"%d\\n\", i); return 0; }",
    "<div class=\"a\">\n  <p>text &amp; more</p>\n</div><!-- c -->",
    "SELECT * FROM t WHERE a >= 10 AND b <> 'x';  -- comment",
    "const f = async (x) => { await g(`${x}`); };\n",
    "{\"key\": [1, 2.5, null, true], \"s\": \"\\u00e9\\n\"}",
    "https://example.org/a/b?c=d&e=%20f#g me@example.org C:\\dir\\file.txt ~/x/../y",
    "snake_case camelCase PascalCase SCREAMING_CASE kebab-case a.b.c x::y a->b",
    "!!! ??? ... --- === *** ___ ((())) [[]] {{}} \"\"\"''' ```` //// \\\\\\\\",
    "! !! a! !b ?\n!\n\n ?\r\n .\n",
    "∑∫√∞≠≤ → ⇒ ∀x∈ℝ: x²≥0 €£¥₿ ©®™ §¶†‡",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ababababababababab",
    "Łódź Žluťoučký kůň ĳ ǆ ǅ ª º ʰ ˠ ⁿ",
    "\U0001d400\U0001d41a\U0001d7d8 \U00020000\U0002a6d6 \U0010ffff \ue000 \ufffd \uffff",
    "▁ lower ▁▁ one eighth ▁block▁",
    "<0x0A> <0x41> <unk> <s> </s>",
    "e\u0301\u0301\u0301 ẛ̣ Ω Å K ½ ﷺ 각 ᄀ\u1161\u11a8",
]

WITH_SPECIAL = [
    "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n",
    "say <|im_end|> and <|endoftext|>!",
    "<|im_end|><|im_end|>",
    " <|im_start|> ",
    "<|im_end <|im_end|",
    "<tool_call>{\"a\": 1}</tool_call>",
    "x<|im_end|>\n\n<|endoftext|>  y",
]

LONG = [("abcdefghij", 1000), ("a", 10_000), ("é", 5_000), (" ", 10_000), ("word ", 2_000), ("the", 3_400), ("7", 10_000)]


def random_texts(seed, count):
    """Strings over characters of all kinds; half of them mostly white space, quotes and digits."""
    rng = random.Random(seed)
    blocks = [(0x20, 0x7F), (0xA0, 0x250), (0x300, 0x370), (0x370, 0x600), (0x600, 0x700), (0x900, 0x980),
              (0xE00, 0xE80), (0x1100, 0x1200), (0x2000, 0x2070), (0x2150, 0x2190), (0x3000, 0x3100),
              (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xE000, 0xE100), (0xFB00, 0xFFFF), (0x10000, 0x11000),
              (0x1D400, 0x1D800), (0x1F300, 0x1FAFF), (0x20000, 0x32000), (0x0, 0x20)]
    edges = list(" \n\r\t'sStTlLdDmMrReEvV019aZé.,!-\u00a0\u3000\u0301٣ſ") + ["  ", "\r\n", "'ll", "'RE"]

    def any_char():
        low, high = rng.choice(blocks)
        return chr(rng.randrange(low, high))

    texts = []
    for index in range(count):
        length = rng.randrange(1, 40)
        if index % 2:
            texts.append("".join(rng.choice(edges) for _ in range(length)))
        else:
            texts.append("".join(rng.choice((any_char(), rng.choice(edges))) for _ in range(length)))
    return [t for t in texts if not any(0xD800 <= ord(c) < 0xE000 for c in t)]


def entries():
    """All texts, as the vectors name them: in full, or as something repeated."""
    full = PLAIN + WITH_SPECIAL + random_texts(2024, 300)
    return [{"text": t} for t in full] + [{"repeat": s, "times": n} for s, n in LONG]


def text_of(entry):
    return entry["text"] if "text" in entry else entry["repeat"] * entry["times"]
