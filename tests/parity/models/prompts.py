"""Prompts for the default model: (name, text). Special tokens written in the text are read as such."""


def chat(*messages):
    """ChatML, ready for the assistant's answer."""
    turns = [f"<|im_start|>{role}\n{content}<|im_end|>\n" for role, content in messages]
    return "".join(turns) + "<|im_start|>assistant\n"


SYSTEM = ("system", "You are a helpful AI assistant named SmolLM, trained by Hugging Face")

OCEAN = """\
The ocean covers more than two thirds of the planet, and most of it has never been seen by anyone. Light fades within \
the first two hundred metres. Below that depth the water is cold, the pressure is enormous, and the animals that live \
there make their own light or do without. Sailors have crossed the surface for thousands of years, but the first \
people to reach the deepest trench did so only in 1960, in a steel sphere that hung below a tank of petrol. They stayed \
for twenty minutes, saw a cloud of silt, and came up again.
"""

MAPS = """\
A map is a promise about what has been left out. The first surveyors of the coast wrote down the depth of the water \
wherever they dropped a line, and a captain who trusted those numbers trusted also that nothing tall stood between them. \
When sonar came, the gaps were filled, and a mountain range longer than any on land was found running down the middle of \
the Atlantic. The people who drew it first worked from paper rolls, by hand, and were told that they must be mistaken. \
They were not. The rocks on both sides of the ridge grow older the further away they lie, in mirrored stripes, because \
the sea floor is made there and moves apart, a few centimetres every year, about as fast as fingernails grow.
"""

LIBRARY = """\
There was once a library in which every book that could be written had been written. Nobody had made a catalogue, for \
the catalogue too would have been one of the books, and so would every catalogue with a single mistake in it. Visitors \
came with questions. They walked for a day, took a volume from a shelf, and read a page of letters in no order at all. \
Now and then somebody found a sentence. It was written on a card and pinned to the wall beside the door, where it \
stayed until the paper turned yellow. "The sun rises in the," said one of the cards, and children who passed it would \
shout the last word together.

A young woman asked the keeper why he did not throw out the books that made no sense. "Because," he said, "I would have \
to know which they are." She thought about that for a week. Then she sat down beside the door with a pencil and began \
to count. For each letter she wrote down which letters had followed it on the cards, and how often. After a month she \
counted pairs of letters, and after a year she counted words. Her tables filled a room. When she was done she threw a \
die, looked at the tables, wrote down a word, and threw again.

The first page that she made was not good. It wandered, it repeated itself, and it promised things that it forgot. But \
it could be read aloud. The keeper listened to the end, and then he asked her which book it came from. She told him \
that it came from all of them, a little, and from none of them, and that tomorrow it would be a different one.
"""

FRENCH = "Le plus grand océan du monde est l'océan Pacifique, et le plus petit est"
GERMAN = "Der größte Ozean der Erde ist der Pazifik. Er bedeckt ungefähr"

CODE = '''\
def sieve(limit):
    """Return all prime numbers below limit."""
    composite = [False] * limit
    primes = []
    for n in range(2, limit):
        if composite[n]:
            continue
        primes.append(n)
        for multiple in range(n * n, limit, n):
            composite[multiple] = True
    return primes


def test_sieve():
    assert sieve(20) == [2, 3, 5, 7,'''

RUST = """\
/// The largest element of a slice, or `None` if it is empty.
pub fn largest<T: PartialOrd + Copy>(items: &[T]) -> Option<T> {
    let mut iter = items.iter().copied();
    let first = iter.next()?;
    Some(iter.fold(first, |best, item| if item > best { item } else { best }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_largest() {
        assert_eq!(largest(&[3, 1, 4, 1, 5]), Some("""

JSON = '{"oceans": [{"name": "Pacific", "area_km2": 168723000}, {"name": "Atlantic", "area_km2": 85133000}, {"name": "'

PROMPTS = [
    ("single-token", "The"),
    ("single-special", "<|im_start|>"),
    ("two-tokens", "Once upon"),
    ("ocean", "Which is the largest ocean?"),
    ("pacific", "The largest ocean is the"),
    ("counting", "1, 2, 3, 4, 5, 6, 7,"),
    ("numbers", "In 2024 the price rose from $1,299.99 to $1,499.00, which is an increase of"),
    ("repetition", "the cat the cat the cat the cat the cat the cat the cat the cat"),
    ("white-space", "  \n\n\tA line that is indented,\n\n    and another one   \n"),
    ("python", CODE),
    ("rust", RUST),
    ("json", JSON),
    ("french", FRENCH),
    ("german", GERMAN),
    ("cyrillic", "Самый большой океан на Земле"),
    ("chinese", "世界上最大的海洋是太平洋。"),
    ("emoji", "I love the sea 🌊🐳 and the beach 🏖️, because"),
    ("chat", chat(SYSTEM, ("user", "Which is the largest ocean?"))),
    ("chat-turns", chat(
        SYSTEM, ("user", "Which is the largest ocean?"), ("assistant", "The Pacific Ocean is the largest ocean on Earth."),
        ("user", "How deep is it? Answer in one short sentence, and give the number in metres."),
    )),
    ("long-100", OCEAN),
    ("long-200", chat(SYSTEM, ("user", "Summarise this text in two sentences:\n\n" + MAPS))),
    ("long-350", LIBRARY),
    ("long-500", "\n".join([OCEAN, MAPS, FRENCH, GERMAN, CODE, "", JSON])),
]
