//! Settings with a name.

use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};
use serde_json::Value;

use super::{Dialect, KNOBS, Knobs};

/// The knobs that a preset leaves as they are: what is said of single tokens, lengths, and the seed.
pub(super) const LEFT_ALONE: [&str; 6] = [
    "logitBias",
    "bannedTokens",
    "minNewTokens",
    "maxNewTokens",
    "stop",
    "seed",
];

/// A setting with a name. It sets every knob that shapes the distribution.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// The name in links and code.
    pub name: &'static str,
    /// The name that a person reads.
    pub label: &'static str,
    /// What it is for, in a sentence.
    pub meaning: &'static str,
    /// How it differs from the defaults.
    change: fn(&mut Knobs),
}

impl Preset {
    /// These knobs with the preset's shape.
    #[must_use]
    pub fn apply(&self, knobs: &Knobs) -> Knobs {
        let mut shaped = Knobs {
            logit_bias: knobs.logit_bias.clone(),
            banned_tokens: knobs.banned_tokens.clone(),
            min_new_tokens: knobs.min_new_tokens,
            max_new_tokens: knobs.max_new_tokens,
            stop: knobs.stop.clone(),
            seed: knobs.seed,
            ..Knobs::default()
        };
        (self.change)(&mut shaped);
        shaped
    }
}

impl Serialize for Preset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut preset = serializer.serialize_struct("Preset", 4)?;
        preset.serialize_field("name", self.name)?;
        preset.serialize_field("label", self.label)?;
        preset.serialize_field("meaning", self.meaning)?;
        preset.serialize_field("knobs", &Shape(self.apply(&Knobs::default())))?;
        preset.end()
    }
}

/// The knobs that a preset sets, in the order of the table.
struct Shape(Knobs);

impl Serialize for Shape {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let knobs = serde_json::to_value(&self.0).map_err(serde::ser::Error::custom)?;
        let keys = KNOBS.iter().map(|spec| spec.key);
        let mut map = serializer.serialize_map(None)?;
        for key in keys.filter(|key| !LEFT_ALONE.contains(key)) {
            map.serialize_entry(key, knobs.get(key).unwrap_or(&Value::Null))?;
        }
        map.end()
    }
}

/// The presets, from the tamest to the wildest, then the defaults of other programs.
pub static PRESETS: &[Preset] = &[
    Preset {
        name: "greedy",
        label: "Greedy",
        meaning: "Always the most probable token: no randomness at all.",
        change: |knobs| knobs.do_sample = false,
    },
    Preset {
        name: "precise",
        label: "Precise",
        meaning: "Close to greedy, with a little room: for questions that have an answer.",
        change: |knobs| {
            knobs.temperature = 0.3;
            knobs.top_p = 0.9;
        },
    },
    Preset {
        name: "balanced",
        label: "Balanced",
        meaning: "Some variety, without the unlikely tail.",
        change: |knobs| {
            knobs.temperature = 0.7;
            knobs.top_k = 50;
            knobs.top_p = 0.95;
            knobs.repetition_penalty = 1.1;
        },
    },
    Preset {
        name: "creative",
        label: "Creative",
        meaning: "Flatter than the model itself, with min-p to cut what makes no sense.",
        change: |knobs| {
            knobs.temperature = 1.2;
            knobs.min_p = 0.05;
        },
    },
    Preset {
        name: "chaos",
        label: "Chaos",
        meaning: "Temperature 10: almost all tokens are about equally likely.",
        change: |knobs| knobs.temperature = 10.0,
    },
    Preset {
        name: "hugging-face",
        label: "Hugging Face defaults",
        meaning: "What generate(do_sample=True) does when nothing else is set: top-k 50 at temperature 1.",
        change: |knobs| knobs.top_k = 50,
    },
    Preset {
        name: "llama-cpp",
        label: "llama.cpp defaults",
        meaning: "What llama.cpp does when nothing else is set: top-k 40, top-p 0.95, min-p 0.05, then temperature 0.8.",
        change: |knobs| {
            knobs.dialect = Dialect::LlamaCpp;
            knobs.top_k = 40;
            knobs.top_p = 0.95;
            knobs.min_p = 0.05;
            knobs.temperature = 0.8;
        },
    },
];
