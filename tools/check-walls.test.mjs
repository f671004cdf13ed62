import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkWalls, dependenciesIn } from './check-walls.mjs';
import { withoutInlineTests, withoutJsComments, withoutRustText } from './walls/source.mjs';

const MANIFEST = `
[package]
name = "tokenscope"
[dependencies]
candle-core = { version = "1" }
serde = "1"
half = "2"
tokenizers.version = "1"
[target.'cfg(target_arch = "wasm32")'.dependencies]
wasm-bindgen = "1"
[dependencies.js-sys]
version = "0.3"
[dev-dependencies]
proptest = "1"
`;

/** What a file does wrong, as messages. @param {string} path @param {string} text */
const faults = (path, text) =>
  checkWalls(new Map([['Cargo.toml', MANIFEST], [path, text]])).map((crossing) => crossing.message);

/** @param {string} path @param {string} text */
const passes = (path, text) => assert.deepEqual(faults(path, text), [], `${path}: ${text}`);

/** @param {string} path @param {string} text @param {RegExp} why */
const fails = (path, text, why) => {
  const found = faults(path, text);
  assert.equal(found.length, 1, `${path}: ${text} → ${JSON.stringify(found)}`);
  assert.match(found[0], why);
};

test('JavaScript: the arrows that are allowed', () => {
  passes('www/page/page.js', "import '../element/token-scope.js'; import { load } from '../tokenscope.js';");
  passes('www/element/token-scope.js', "import { load } from '../engine/client.js'; import { draw } from '../views/strip.js';");
  passes('www/engine/client.js', "import { PING } from './protocol.js'; new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });");
  passes('www/engine/worker.js', "import init from '../pkg/tokenscope.js'; import * as p from './protocol.js';");
  passes('www/views/strip.js', "export { format } from './format.js';");
  passes('www/tokenscope.js', "export { load } from './engine/index.js'; import './element/token-scope.js';");
});

test('JavaScript: each wall fails when it is crossed', () => {
  fails('www/views/strip.js', "import { load } from '../engine/client.js';", /views may not import engine/);
  fails('www/views/strip.js', "import '../element/token-scope.js';", /views may not import element/);
  fails('www/element/token-scope.js', "import '../page/page.js';", /element may not import page/);
  fails('www/element/token-scope.js', "import init from '/pkg/tokenscope.js';", /element may not import pkg/);
  fails('www/page/page.js', "import init from '../pkg/tokenscope.js';", /page may not import pkg/);
  fails('www/page/page.js', "const wasm = await import('../pkg/tokenscope.js');", /page may not import pkg/);
  fails('www/page/page.js', "import '../engine/worker.js';", /page may not import worker/);
  fails('www/engine/protocol.js', "export * from './errors.js';", /protocol may not import engine/);
  fails('www/engine/client.js', "import * as wasm from '../pkg/tokenscope.js';", /engine may not import pkg/);
  fails('www/engine/client.js', "import '../views/strip.js';", /engine may not import views/);
  fails('www/engine/worker.js', "import {\n  a,\n  b,\n} from '../views/strip.js';", /worker may not import views/);
  fails('www/tokenscope.js', "import './pkg/tokenscope.js';", /entry may not import pkg/);
});

test('JavaScript: other ways around a wall', () => {
  fails('www/page/page.js', 'await import(name);', /not written out/);
  fails('www/page/page.js', 'await import(`../pkg/${name}.js`);', /not written out/);
  fails('www/page/page.js', "import x from 'left-pad';", /no bundler/);
  fails('www/page/page.js', "import x from '../../tests/page/harness.mjs';", /belongs to no zone/);
  fails('www/page/page.js', "new Worker(new URL('../engine/worker.js', import.meta.url));", /only the engine client/);
  fails('www/extra/new.js', 'export {};', /belongs to no zone/);
  fails('www/engine/storage.js', "document.title = 'x';", /the engine knows no document/);
  fails('www/engine/client.js', 'const w = window.innerWidth;', /the engine knows no window/);
});

test('JavaScript: comments and properties cross nothing', () => {
  passes('www/views/strip.js', "/** @param {import('../engine/protocol.js').View} view */ // import '../engine/client.js'");
  passes('www/engine/client.js', 'const text = view.document.length; // the document.body');
  passes('www/views/strip.js', "const url = 'http://x'; /* import '../engine/client.js' */");
});

test('Rust: the arrows that are allowed', () => {
  passes('src/model/mod.rs', 'use crate::{error::Error, kernels::dot}; use candle_core::Tensor; use super::kernels;');
  passes('src/sampling/chain.rs', 'use super::knobs::Knobs; use crate::error::Error; use serde::Serialize;');
  passes('src/decode/session.rs', 'use crate::model::Model; use crate::{sampling, tokenizer::Tokenizer};');
  passes('src/wasm.rs', 'use wasm_bindgen::prelude::*; use crate::decode::Session;');
  passes('src/main.rs', 'use tokenscope::decode::Session; mod cli;');
  passes('src/sampling/stage/top_k.rs', 'use super::super::knobs::Knobs;');
  passes('src/lib.rs', 'pub mod wasm;');
});

test('Rust: each wall fails when it is crossed', () => {
  fails('src/sampling/chain.rs', 'use crate::model::Model;', /sampling may not use model/);
  fails('src/sampling/mod.rs', 'use super::model::Model;', /sampling may not use model/);
  fails('src/sampling/chain.rs', 'use super::super::model::Model;', /sampling may not use model/);
  fails('src/sampling.rs', 'fn f() { crate::tokenizer::encode() }', /sampling may not use tokenizer/);
  fails('src/model/mod.rs', 'use crate::{error::Error, sampling::{Knobs, Chain}};', /model may not use sampling/);
  fails('src/kernels/dot.rs', 'use crate::model::Model;', /kernels may not use model/);
  fails('src/tokenizer/mod.rs', 'use crate::model::gguf;', /tokenizer may not use model/);
  fails('src/decode/mod.rs', 'use crate::kernels::dot;', /decode may not use kernels/);
  fails('src/decode/mod.rs', 'use crate::wasm::Engine;', /decode may not use wasm/);
  fails('src/cli/run.rs', 'use tokenscope::wasm::Engine;', /cli may not use wasm/);
  fails('src/error.rs', 'use crate::model::Model;', /error may not use model/);
  fails('src/decode/mod.rs', 'use crate::Session;', /is no module/);
  fails('src/newcomer.rs', 'pub fn f() {}', /has no walls yet/);
});

test('Rust: crates with one owner', () => {
  fails('src/decode/mod.rs', 'use candle_core::Tensor;', /only model may name candle_core/);
  fails('src/decode/mod.rs', 'fn f(t: &candle_core::Tensor) {}', /only model/);
  fails('src/cli/run.rs', 'let t = ::candle_core::Tensor::zeros();', /only model/);
  fails('src/decode/mod.rs', 'use wasm_bindgen::JsValue;', /only wasm/);
  fails('src/decode/mod.rs', 'use js_sys as js;', /only wasm/);
  fails('src/model/mod.rs', 'use tokenizers::Tokenizer;', /only tokenizer/);
  fails('src/sampling/view.rs', 'use half::f16;', /sampling may not name half/);
});

test('Rust: comments, strings and tests cross nothing', () => {
  passes('src/sampling/chain.rs', '// crate::model\n/* a /* crate::model */ candle_core:: */\nlet a = "crate::model";');
  passes('src/decode/mod.rs', 'let engine = "candle-core"; let raw = r#"use candle_core::X"#;');
  passes('src/sampling/chain.rs', "#[cfg(test)]\nmod tests {\n    use super::*;\n    use half::f16;\n}\n");
  fails('src/sampling/chain.rs', '#[cfg(test)]\nmod tests {\n    use super::*;\n}\nuse half::f16;', /half/);
});

test('a crossing names its line', () => {
  const text = '// one\n/* two\n three */ const s = `a\n${`b`}`;\nimport "../engine/client.js";\n';
  const [crossing] = checkWalls(new Map([['www/views/strip.js', text]]));
  assert.equal(crossing.line, 5);
});

test('dependencies of a manifest', () => {
  assert.deepEqual(dependenciesIn(MANIFEST), ['candle_core', 'serde', 'half', 'tokenizers', 'wasm_bindgen', 'js_sys']);
});

test('what is not code is taken out', () => {
  assert.equal(withoutJsComments('a /* b */ c // d\ne'), 'a   c \ne');
  assert.equal(withoutJsComments("'//' + `/* ${x + '}' + `//${y}`} */` + /['\"/]/.source // z"), "'//' + `/* ${x + '}' + `//${y}`} */` + /['\"/]/.source ");
  assert.equal(withoutJsComments('a / b / c // d'), 'a / b / c ');
  assert.equal(withoutRustText(`let c = '"'; let l: &'a str = "x"; // y`), `let c = ' '; let l: &'a str = "" ; `);
  assert.equal(withoutRustText('r##"a "# b"## c'), '""  c');
  assert.equal(withoutInlineTests('a\n#[cfg(test)]\nmod t { fn f() {} }\nb').replace(/\s/g, ''), 'ab');
});
