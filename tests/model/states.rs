//! A sequence state is a value: clones and prefixes share memory and go on alone.

use proptest::prelude::*;
use tokenscope::error::Code;
use tokenscope::model::{Model, Rows, SequenceState};

use crate::memory::{held, peak};
use crate::models::{Small, bits, run};

/// Runs `ids` behind `state` and returns the bits of the last row.
fn go_on(model: &mut Model, state: &mut SequenceState, ids: &[u32]) -> Vec<u32> {
    bits(&model.forward(state, ids, Rows::Last).expect("runs"))
}

/// The bits of the last row of a fresh run.
fn fresh(model: &mut Model, ids: &[u32]) -> Vec<u32> {
    bits(&run(model, ids, Rows::Last))
}

#[test]
fn every_prefix_of_a_state_goes_on_like_a_fresh_run() {
    for name in ["llama", "gemma3", "mixed"] {
        let small = Small::named(name);
        let mut model = small.load();
        let ids = &small.prompt("long").ids;
        let mut trunk = model.start();
        go_on(&mut model, &mut trunk, ids);
        for length in [0, 1, 31, 32, 33, 63, 64, 65, 89] {
            let mut branch = trunk.prefix(length);
            assert_eq!(branch.len(), length);
            let other = [7, 8, 9];
            let got = go_on(&mut model, &mut branch, &other);
            let whole = [&ids[..length], &other].concat();
            assert_eq!(got, fresh(&mut model, &whole), "{name} after {length}");
        }
        // No branch wrote into what the trunk remembers.
        let got = go_on(&mut model, &mut trunk, &[5]);
        assert_eq!(got, fresh(&mut model, &[&ids[..], &[5]].concat()), "{name}");
    }
}

#[test]
fn a_clone_takes_no_memory_until_it_parts() {
    let small = Small::named("llama");
    let mut model = small.load();
    let mut trunk = model.start();
    assert_eq!(trunk.bytes(), 0);
    go_on(&mut model, &mut trunk, &small.prompt("long").ids);
    let mut short = model.start();
    go_on(&mut model, &mut short, &[1]);
    let page = short.bytes();
    assert_eq!(
        trunk.bytes(),
        3 * page,
        "90 positions are three pages of 32"
    );
    let whole = trunk.prefix(64).bytes();
    assert_eq!(
        whole,
        3 * page,
        "a beginning holds what stands together with it"
    );
    assert_eq!(trunk.prefix(1000).len(), 90);
    let (branch, taken) = peak(|| trunk.clone());
    assert!(
        taken < 1000 && branch.bytes() == trunk.bytes(),
        "a clone takes {taken} bytes"
    );
    // Going on in the last page takes no new page; crossing its end takes twice as many as there are.
    go_on(&mut model, &mut trunk, &[1; 6]);
    assert_eq!(trunk.bytes(), 3 * page);
    go_on(&mut model, &mut trunk, &[1]);
    assert_eq!(trunk.bytes(), 9 * page);
}

#[test]
fn states_on_candle_go_on_like_a_fresh_run() {
    for name in ["phi3", "lfm2"] {
        let small = Small::named(name);
        let mut model = small.load();
        let ids = &small.prompt("medium").ids;
        let mut trunk = model.start();
        go_on(&mut model, &mut trunk, ids);
        for length in [0, 1, 2, 20, 39] {
            let mut branch = trunk.prefix(length);
            let got = model
                .forward(&mut branch, &[7, 8], Rows::Last)
                .expect("runs");
            let whole = [&ids[..length], &[7, 8]].concat();
            let want = run(&mut model, &whole, Rows::Last);
            let apart = crate::models::Difference::between(&got, &want);
            assert!(apart.largest < 1e-5, "{name} after {length}: {apart:?}");
        }
    }
}

#[test]
fn a_second_text_remembers_nothing_of_the_first() {
    for (name, first) in [("llama", &[3][..]), ("phi3", &[3]), ("lfm2", &[3, 4])] {
        let mut model = Small::named(name).load();
        let want = fresh(&mut model, first);
        fresh(&mut model, &[4, 5, 6]);
        assert_eq!(
            fresh(&mut model, first),
            want,
            "{name} remembers another text"
        );
    }
}

#[test]
fn what_lfm2_on_candle_cannot_do_is_refused() {
    let mut lfm2 = Small::named("lfm2").load();
    let want = fresh(&mut lfm2, &[3, 4]);
    let mut state = lfm2.start();
    let result = lfm2.forward(&mut state, &[3], Rows::Last);
    let code = result.err().map(|error| error.code());
    assert_eq!(code, Some(Code::UnsupportedFeature));
    assert_eq!(
        go_on(&mut lfm2, &mut state, &[3, 4]),
        want,
        "the refusal left a trace"
    );
}

/// What may be done with a set of states.
#[derive(Clone, Debug)]
enum Act {
    Clone(usize),
    Prefix(usize, usize),
    GoOn(usize, Vec<u32>),
}

fn act() -> impl Strategy<Value = Act> {
    let which = 0..8_usize;
    prop_oneof![
        which.clone().prop_map(Act::Clone),
        (which.clone(), 0..80_usize).prop_map(|(state, len)| Act::Prefix(state, len)),
        (which, prop::collection::vec(0..256_u32, 1..40)).prop_map(|(s, ids)| Act::GoOn(s, ids)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is cloned, cut and continued in whatever order: each state is worth its tokens.
    #[test]
    fn any_history_equals_a_fresh_run(acts in prop::collection::vec(act(), 1..16)) {
        let mut model = Small::named("llama").load();
        let limit = model.info().context_length;
        let mut states = vec![(model.start(), Vec::new())];
        for act in acts {
            match act {
                Act::Clone(i) => states.push(states[i % states.len()].clone()),
                Act::Prefix(i, len) => {
                    let (state, ids) = &states[i % states.len()];
                    let len = len.min(ids.len());
                    let cut = (state.prefix(len), ids[..len].to_vec());
                    states.push(cut);
                }
                Act::GoOn(i, more) => {
                    let index = i % states.len();
                    let (state, ids) = &mut states[index];
                    if ids.len() + more.len() <= limit {
                        ids.extend_from_slice(&more);
                        let got = go_on(&mut model, state, &more);
                        prop_assert_eq!(got, fresh(&mut model, ids));
                    }
                }
            }
        }
        for (state, ids) in &mut states {
            if ids.len() < limit {
                ids.push(11);
                let got = go_on(&mut model, state, &[11]);
                prop_assert_eq!(got, fresh(&mut model, ids));
            }
        }
    }
}

/// A hundred branches of a text share its pages: each takes one page of its own, at most.
#[test]
fn branches_share_what_they_have_in_common() {
    let small = Small::named("llama");
    let mut model = small.load();
    let mut trunk = model.start();
    go_on(&mut model, &mut trunk, &small.prompt("long").ids);
    let page = trunk.bytes() / 3;
    let before = held();
    let branch = |id| {
        let mut branch = trunk.clone();
        go_on(&mut model, &mut branch, &[id]);
        branch
    };
    let branches: Vec<_> = (0..100).map(branch).collect();
    let taken = held() - before;
    assert_eq!(branches.len(), 100);
    assert!(
        taken < 101 * page,
        "100 branches hold {taken} bytes; a page has {page}"
    );
}
