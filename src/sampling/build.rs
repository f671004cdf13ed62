//! From knobs to stages: which act, in which order, by whose rules.

use super::knobs::{self, Dialect, HUGGING_FACE, Knobs, LLAMA_CPP, LLAMA_CPP_MIROSTAT};
use super::stage::{
    BannedTokens, Dry, DynamicTemperature, Epsilon, Eta, FrequencyPenalty, Greedy, LogitBias,
    MinNewTokens, MinP, Mirostat, NoRepeatNgram, PresencePenalty, RepetitionPenalty, Stage, Sum,
    Temperature, TopK, TopNSigma, TopP, Typical, Xtc, mirostat::Version,
};

/// The stages of these knobs, in order.
pub(super) fn stages(knobs: &Knobs) -> Vec<Stage> {
    let names = names(knobs);
    let has = |name: &str| names.contains(&name);
    let dynamic = has("dynamicTemperature") && knobs.dynatemp_range > 0.0;
    let cold = has("temperature") && !dynamic && knobs.temperature == 0.0;
    // Hugging Face takes the best token and runs none of its warpers; llama.cpp runs what comes
    // before the temperature.
    let best_at_once = !knobs.do_sample || (cold && knobs.dialect == Dialect::HuggingFace);
    let mut stages = Vec::new();
    for name in names {
        if best_at_once && knobs::stage(name).is_some_and(|stage| stage.sampling) {
            continue;
        }
        match name {
            "temperature" if dynamic => {}
            "temperature" if cold => stages.push(Stage::Greedy(Greedy::ZeroTemperature)),
            _ => stages.extend(stage(name, knobs)),
        }
    }
    if !knobs.do_sample {
        stages.push(Stage::Greedy(Greedy::NotSampling));
    } else if best_at_once {
        stages.push(Stage::Greedy(Greedy::ZeroTemperature));
    }
    stages
}

/// The names of the stages that may act, in order.
fn names(knobs: &Knobs) -> Vec<&'static str> {
    let order = match knobs.dialect {
        Dialect::Free if !knobs.order.is_empty() => &knobs.order,
        Dialect::Free | Dialect::HuggingFace => HUGGING_FACE,
        Dialect::LlamaCpp if has_mirostat(knobs) => LLAMA_CPP_MIROSTAT,
        Dialect::LlamaCpp => LLAMA_CPP,
    };
    let switched_on = |name: &&'static str| !knobs.disabled.contains(name);
    order.iter().copied().filter(switched_on).collect()
}

fn has_mirostat(knobs: &Knobs) -> bool {
    knobs.mirostat != 0 && !knobs.disabled.contains(&"mirostat")
}

/// The stage of this name, with its setting.
fn stage(name: &str, knobs: &Knobs) -> Option<Stage> {
    Some(match name {
        "logitBias" => Stage::LogitBias(LogitBias {
            biases: knobs.logit_bias.clone(),
        }),
        "bannedTokens" => Stage::BannedTokens(BannedTokens {
            ids: knobs.banned_tokens.clone(),
        }),
        "minNewTokens" => Stage::MinNewTokens(MinNewTokens {
            count: knobs.min_new_tokens as usize,
        }),
        "temperature" => Stage::Temperature(Temperature {
            temperature: knobs.temperature,
        }),
        "dynamicTemperature" => Stage::DynamicTemperature(DynamicTemperature {
            temperature: knobs.temperature,
            range: knobs.dynatemp_range,
            exponent: knobs.dynatemp_exponent,
        }),
        "mirostat" => Stage::Mirostat(mirostat(knobs)?),
        _ => return penalty(name, knobs).or_else(|| cut(name, knobs)),
    })
}

/// The stages that look at the text so far.
fn penalty(name: &str, knobs: &Knobs) -> Option<Stage> {
    let window = knobs.penalty_last_n as usize;
    Some(match name {
        "repetitionPenalty" => Stage::RepetitionPenalty(RepetitionPenalty {
            penalty: knobs.repetition_penalty,
            window: Some(window).filter(|_| knobs.dialect == Dialect::LlamaCpp),
        }),
        "frequencyPenalty" => Stage::FrequencyPenalty(FrequencyPenalty {
            penalty: knobs.frequency_penalty,
            window,
        }),
        "presencePenalty" => Stage::PresencePenalty(PresencePenalty {
            penalty: knobs.presence_penalty,
            window,
        }),
        "noRepeatNgram" => Stage::NoRepeatNgram(NoRepeatNgram {
            size: knobs.no_repeat_ngram as usize,
        }),
        "dry" => Stage::Dry(Dry {
            multiplier: knobs.dry_multiplier,
            base: knobs.dry_base,
            allowed: knobs.dry_allowed_length as usize,
            window: knobs.dry_last_n as usize,
        }),
        _ => return None,
    })
}

/// The stages that cut.
fn cut(name: &str, knobs: &Knobs) -> Option<Stage> {
    let llama_cpp = knobs.dialect == Dialect::LlamaCpp;
    Some(match name {
        "topNSigma" => Stage::TopNSigma(TopNSigma {
            n: knobs.top_n_sigma,
        }),
        "topK" => Stage::TopK(TopK {
            k: knobs.top_k as usize,
            ties: !llama_cpp,
        }),
        "topP" => Stage::TopP(TopP {
            p: knobs.top_p,
            sum: if llama_cpp {
                Sum::FromTheBest
            } else {
                Sum::FromTheLeast
            },
        }),
        "minP" => Stage::MinP(MinP {
            fraction: knobs.min_p,
            by_logit: llama_cpp,
        }),
        "typicalP" => Stage::Typical(Typical {
            mass: knobs.typical_p,
            ties: !llama_cpp,
        }),
        "epsilonCutoff" => Stage::Epsilon(Epsilon {
            epsilon: knobs.epsilon_cutoff,
        }),
        "etaCutoff" => Stage::Eta(Eta {
            epsilon: knobs.eta_cutoff,
        }),
        "xtc" => Stage::Xtc(Xtc {
            probability: knobs.xtc_probability,
            threshold: knobs.xtc_threshold,
            seed: knobs.seed,
        }),
        _ => return None,
    })
}

fn mirostat(knobs: &Knobs) -> Option<Mirostat> {
    let version = match knobs.mirostat {
        1 => Version::One,
        2 => Version::Two,
        _ => return None,
    };
    Some(Mirostat {
        version,
        tau: knobs.mirostat_tau,
        eta: knobs.mirostat_eta,
    })
}
