//! Settings with a name.

use serde::Serialize;

use super::Knobs;

/// The knobs that a preset sets: those that shape the distribution. Lengths, stop strings and seed
/// are left as they are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shape {
    /// See [`Knobs::do_sample`].
    pub do_sample: bool,
    /// See [`Knobs::temperature`].
    pub temperature: f64,
    /// See [`Knobs::top_k`].
    pub top_k: u32,
    /// See [`Knobs::top_p`].
    pub top_p: f64,
    /// See [`Knobs::min_p`].
    pub min_p: f64,
    /// See [`Knobs::repetition_penalty`].
    pub repetition_penalty: f64,
}

/// A setting with a name.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Preset {
    /// The name in links and code.
    pub name: &'static str,
    /// The name that a person reads.
    pub label: &'static str,
    /// What it is for, in a sentence.
    pub meaning: &'static str,
    /// What it sets.
    pub knobs: Shape,
}

impl Preset {
    /// These knobs with the preset's shape.
    #[must_use]
    pub fn apply(&self, knobs: &Knobs) -> Knobs {
        let Shape {
            do_sample,
            temperature,
            top_k,
            top_p,
            min_p,
            repetition_penalty,
        } = self.knobs;
        Knobs {
            do_sample,
            temperature,
            top_k,
            top_p,
            min_p,
            repetition_penalty,
            ..knobs.clone()
        }
    }
}

/// A shape that leaves the model's distribution as it is.
const PLAIN: Shape = Shape {
    do_sample: Knobs::DEFAULT.do_sample,
    temperature: Knobs::DEFAULT.temperature,
    top_k: Knobs::DEFAULT.top_k,
    top_p: Knobs::DEFAULT.top_p,
    min_p: Knobs::DEFAULT.min_p,
    repetition_penalty: Knobs::DEFAULT.repetition_penalty,
};

/// The presets, from the tamest to the wildest, then the defaults of other programs.
pub static PRESETS: &[Preset] = &[
    Preset {
        name: "greedy",
        label: "Greedy",
        meaning: "Always the most probable token: no randomness at all.",
        knobs: Shape {
            do_sample: false,
            ..PLAIN
        },
    },
    Preset {
        name: "precise",
        label: "Precise",
        meaning: "Close to greedy, with a little room: for questions that have an answer.",
        knobs: Shape {
            temperature: 0.3,
            top_p: 0.9,
            ..PLAIN
        },
    },
    Preset {
        name: "balanced",
        label: "Balanced",
        meaning: "Some variety, without the unlikely tail.",
        knobs: Shape {
            temperature: 0.7,
            top_k: 50,
            top_p: 0.95,
            repetition_penalty: 1.1,
            ..PLAIN
        },
    },
    Preset {
        name: "creative",
        label: "Creative",
        meaning: "Flatter than the model itself, with min-p to cut what makes no sense.",
        knobs: Shape {
            temperature: 1.2,
            min_p: 0.05,
            ..PLAIN
        },
    },
    Preset {
        name: "chaos",
        label: "Chaos",
        meaning: "Temperature 10: almost all tokens are about equally likely.",
        knobs: Shape {
            temperature: 10.0,
            ..PLAIN
        },
    },
    Preset {
        name: "hugging-face",
        label: "Hugging Face defaults",
        meaning: "What generate(do_sample=True) does when nothing else is set: top-k 50 at temperature 1.",
        knobs: Shape { top_k: 50, ..PLAIN },
    },
];
