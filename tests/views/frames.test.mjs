// When views are drawn, with a clock and a browser that stand still until they are told.

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Frames } from '../../www/views/frames.js';

/**
 * Frames whose drawing takes `cost` ms, and a way to let time pass, in which the browser draws every 16 ms.
 * @param {{ cost: number, running: boolean }} scene  may change on the way
 */
function stage(scene) {
  /** @type {(() => void)[]} */
  let asked = [];
  mock.timers.enable({ apis: ['setTimeout'] });
  let now = 1600;
  mock.method(performance, 'now', () => now);
  Object.assign(globalThis, { requestAnimationFrame: (/** @type {() => void} */ draw) => asked.push(draw) });
  const frames = new Frames((_start, tell) => tell(scene.cost));
  frames.giveWay(() => scene.running);
  const pass = (/** @type {number} */ ms) => {
    for (const end = now + ms; now < end; ) {
      now++;
      mock.timers.tick(1);
      if (now % 16 > 0) continue;
      const due = asked;
      asked = [];
      for (const draw of due) draw();
    }
  };
  return { frames, pass };
}

/** @param {string} name @param {() => void} body */
const staged = (name, body) =>
  test(name, () => {
    try {
      body();
    } finally {
      mock.timers.reset();
      mock.restoreAll();
      Reflect.deleteProperty(globalThis, 'requestAnimationFrame');
    }
  });

staged('what is due several times is done once, in the order in which it was added', () => {
  const { frames, pass } = stage({ cost: 5, running: false });
  /** @type {string[]} */
  const done = [];
  const [first, second, third] = ['first', 'second', 'third'].map((name) => frames.add(() => done.push(name)));
  third();
  first();
  third();
  assert.deepEqual(done, []);
  pass(16);
  assert.deepEqual(done, ['first', 'third']);
  second();
  pass(160);
  assert.deepEqual(done, ['first', 'third', 'second']);
});

staged('what becomes due while a frame is drawn is done in the next', () => {
  const { frames, pass } = stage({ cost: 5, running: false });
  let left = 3;
  const again = frames.add(() => --left > 0 && again());
  again();
  pass(16);
  assert.equal(left, 2);
  pass(32);
  assert.equal(left, 0);
});

/** How often is drawn in a second in which something is new every 2 ms. @param {{ cost: number, running: boolean }} scene */
function drawnInASecond(scene) {
  const { frames, pass } = stage(scene);
  let drawn = 0;
  const due = frames.add(() => drawn++);
  for (let at = 0; at < 1000; at += 2) {
    due();
    pass(2);
  }
  return drawn;
}

staged('while the model is at work, drawing takes a quarter of the time', () => {
  // The next frame after 4 × 10 ms comes after 48.
  assert.equal(drawnInASecond({ cost: 10, running: true }), Math.round(1000 / 48));
});

staged('where drawing costs little, every frame is drawn, and so is it while nothing is at work', () => {
  assert.equal(drawnInASecond({ cost: 3, running: true }), Math.floor(1000 / 16));
  mock.timers.reset();
  mock.restoreAll();
  assert.equal(drawnInASecond({ cost: 15, running: false }), Math.floor(1000 / 16));
});

staged('a browser that draws slowly draws ten times a second all the same', () => {
  assert.equal(drawnInASecond({ cost: 80, running: true }), Math.round(1000 / 112));
});

staged('when the work ends, the end is drawn at once', () => {
  const scene = { cost: 25, running: true };
  const { frames, pass } = stage(scene);
  let drawn = 0;
  const due = frames.add(() => drawn++);
  due();
  pass(16);
  due();
  pass(32);
  assert.equal(drawn, 1, 'it waits');
  scene.running = false;
  due();
  pass(16);
  assert.equal(drawn, 2);
  pass(200);
  assert.equal(drawn, 2, 'once');
});
