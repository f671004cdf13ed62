//! Damage at random: never a panic, always a model or a coded error, in bounded memory.

use proptest::prelude::*;
use proptest::sample::Index;
use tokenscope::model::Rows;

use crate::memory::peak;
use crate::{load_in, parts};

/// The bytes of a file and the length of its header.
fn file(name: &str) -> (Vec<u8>, usize) {
    let bytes = parts(name).bytes();
    let header = tokenscope::model::gguf::Header::parse(&bytes)
        .expect("good")
        .expect("whole");
    (bytes, header.data_start as usize)
}

/// Loads and, if that works, runs; returns nothing, because only a panic would be wrong.
fn try_all(bytes: &[u8], known: bool) -> usize {
    let (_, held) = peak(|| {
        let Ok(mut model) = load_in(bytes, 5000, known) else {
            return;
        };
        let mut state = model.start();
        let _ = model.forward(&mut state, &[1, 2], Rows::Last);
    });
    held
}

fn damage() -> impl Strategy<Value = Vec<(Index, u8)>> {
    prop::collection::vec((any::<Index>(), any::<u8>()), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_damaged_header_is_refused_or_harmless(
        name in prop::sample::select(vec!["llama", "qwen3", "gemma3", "mixed", "phi3", "lfm2"]),
        flips in damage(),
        known in any::<bool>(),
    ) {
        let (mut bytes, header) = file(name);
        for (index, byte) in &flips {
            bytes[index.index(header)] = *byte;
        }
        let held = try_all(&bytes, known);
        // candle-transformers makes tables for the context that the file claims.
        let bound = if ["phi3", "lfm2"].contains(&name) { 128 << 20 } else { 16 << 20 };
        prop_assert!(held < bound, "{held} bytes held for a file of {}", bytes.len());
    }

    #[test]
    fn damage_among_the_sizes_is_refused_or_harmless(
        name in prop::sample::select(vec!["llama", "qwen2", "gemma3", "phi3", "lfm2"]),
        at in any::<Index>(),
        value in prop_oneof![
            Just(0_i64), Just(1), Just(3), Just(8), Just(-1), Just(i64::MAX), 0..4096_i64,
        ],
    ) {
        use tokenscope::model::gguf::Value;
        let mut file = parts(name);
        let sizes = file.metadata.iter_mut().filter(|(key, value)| {
            matches!(value, Value::Int(_)) && !key.starts_with("tokenizer")
        });
        let mut sizes: Vec<_> = sizes.collect();
        let index = at.index(sizes.len());
        sizes[index].1 = Value::Int(value);
        try_all(&file.bytes(), true);
    }

    #[test]
    fn noise_behind_the_magic_is_refused(noise in prop::collection::vec(any::<u8>(), 0..400)) {
        let version_3 = [b"GGUF\x03\0\0\0".as_slice(), &noise].concat();
        let (result, held) = peak(|| load_in(&version_3, 64, false).is_err());
        prop_assert!(result);
        prop_assert!(held < 64 << 10);
    }
}
