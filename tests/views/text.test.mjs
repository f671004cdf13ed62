// Tokens as visible text, and stop strings as lines.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapeLines, runs, spoken, unescapeLines, visible } from '../../www/views/text.js';

test('white space has glyphs, and equal kinds are joined', () => {
  assert.deepEqual(runs('  a b\n\n'), [
    { text: '␣␣', kind: 'mark' },
    { text: 'a', kind: 'text' },
    { text: '␣', kind: 'mark' },
    { text: 'b', kind: 'text' },
    { text: '↵↵', kind: 'mark' },
  ]);
  assert.equal(visible('\ta\u00a0'), '⇥a⍽');
  assert.equal(visible(''), '∅');
});

test('bytes are told apart only in tokens that are no whole characters', () => {
  assert.deepEqual(runs('\\xE2\\x80', true), [{ text: '\\xE2\\x80', kind: 'byte' }]);
  assert.deepEqual(runs(' \\xE2', true).map(({ kind }) => kind), ['mark', 'byte']);
  assert.deepEqual(runs('\\xE2', false), [{ text: '\\xE2', kind: 'text' }]);
  assert.deepEqual(runs('\\xe2 and \\', true).map(({ text }) => text).join(''), '\\xe2␣and␣\\');
});

test('characters beyond the basic plane stay whole', () => {
  assert.deepEqual(runs(' 𝄞'), [{ text: '␣', kind: 'mark' }, { text: '𝄞', kind: 'text' }]);
});

test('a screen reader hears white space', () => {
  assert.equal(spoken('\n\n'), 'new line, new line');
  assert.equal(spoken(' '), 'space');
  assert.equal(spoken(' Pacific'), 'Pacific');
  assert.equal(spoken(''), 'nothing');
});

test('stop strings survive the way into lines and back', () => {
  for (const strings of [[], ['a'], ['\n\n', 'a b', ' '], ['\\n', '\\', '\\\\n'], ['tab\there']]) {
    assert.deepEqual(unescapeLines(escapeLines(strings)), strings);
  }
  assert.equal(escapeLines(['\n', 'x']), '\\n\nx');
  assert.deepEqual(unescapeLines('a\n\n\\q\n'), ['a', '\\q']);
});
