// A reader's first ten minutes: load, type, generate, drag, step, stop.

import assert from 'node:assert/strict';
import { pageTest } from './harness.mjs';
import { HOOKS } from './driver.mjs';

const PROMPT = 'The largest ocean is the';

pageTest('nothing large is fetched before the reader asks, and progress is shown when they do', {}, async ({ page, reader, requests }) => {
  await reader.at('load').waitFor();
  assert.match(await page.locator('body').innerText(), /98\s*MB/, 'the size is stated before anything is fetched');
  assert.deepEqual(requests.filter((path) => path.includes('.gguf')), []);

  const seen = page.evaluate(
    (selector) =>
      new Promise((done) => {
        /** @type {Set<number>} */
        const values = new Set();
        const look = () => {
          const bar = /** @type {HTMLProgressElement | null} */ (document.querySelector(selector));
          if (bar) values.add(bar.value);
          if (document.querySelector('#generate:enabled')) done([...values]);
          else requestAnimationFrame(look);
        };
        look();
      }),
    HOOKS.progress,
  );
  await reader.loadModel();
  assert.ok(/** @type {number[]} */ (await seen).length >= 3, 'the progress moved');
  assert.equal(requests.filter((path) => path.includes('.gguf')).length, 1);
});

pageTest('type a prompt, generate, drag the temperature: text and bars change', {}, async ({ page, reader }) => {
  await reader.loadModel();
  await reader.type(PROMPT);
  await reader.set('seed', 7);
  await reader.set('maxNewTokens', 12);
  await reader.generate();
  const text = await reader.output();
  assert.equal(text.length, 12);

  const chip = reader.at('outputChips').nth(3);
  await chip.click();
  const bars = await reader.bars();
  assert.notEqual(bars, '');
  await reader.drag('temperature', 1);
  await page.waitForFunction(([selector, old]) => [...document.querySelectorAll(selector)].map((bar) => bar.outerHTML).join('\n') !== old, [HOOKS.bars, bars]);
  await page.waitForFunction(([selector, old]) => [...document.querySelectorAll(selector)].map((chip) => chip.textContent).join('|') !== old, [HOOKS.outputChips, text.join('|')]);
});

pageTest('the same seed writes the same text, another seed another', {}, async ({ reader }) => {
  await reader.loadModel();
  await reader.type(PROMPT);
  await reader.set('maxNewTokens', 10);
  const write = async (/** @type {number} */ seed) => {
    await reader.at('clear').click();
    await reader.type(PROMPT);
    await reader.set('seed', seed);
    await reader.generate();
    return (await reader.output()).join('');
  };
  const first = await write(1);
  const second = await write(2);
  assert.notEqual(first, second);
  assert.equal(await write(1), first);
});

pageTest('one token at a time, and the step is shown', {}, async ({ reader }) => {
  await reader.loadModel();
  await reader.type(PROMPT);
  for (let count = 1; count <= 3; count++) {
    await reader.at('step').click();
    await reader.atLeastChips(count);
    await reader.ready();
    assert.equal((await reader.output()).length, count);
    assert.ok((await reader.at('bars').count()) > 5);
    assert.equal(await reader.at('others').count(), 1, 'the rest of the vocabulary has its own bar');
  }
});

pageTest('stop in the middle, look back, and go on', {}, async ({ reader }) => {
  await reader.loadModel();
  await reader.type(PROMPT);
  await reader.set('maxNewTokens', 400);
  await reader.beginGenerating(3);
  await reader.at('stop').click();
  await reader.ready();
  const stopped = (await reader.output()).length;
  assert.ok(stopped >= 3 && stopped < 400);
  await reader.page.waitForTimeout(500);
  assert.equal((await reader.output()).length, stopped, 'nothing is written after Stop');

  const last = await reader.bars();
  await reader.at('outputChips').first().click();
  await reader.page.waitForFunction(([selector, old]) => [...document.querySelectorAll(selector)].map((bar) => bar.outerHTML).join('\n') !== old, [HOOKS.bars, last]);
  await reader.at('step').click();
  await reader.atLeastChips(stopped + 1);
});

pageTest('tabs by keyboard: arrows, Home and End', {}, async ({ page, reader }) => {
  await reader.open('step');
  const shown = () => page.locator('[role=tabpanel]:visible').getAttribute('id');
  for (const [key, panel] of [['ArrowRight', 'time-view'], ['End', 'compare-view'], ['ArrowRight', 'step-view'], ['ArrowLeft', 'compare-view'], ['Home', 'step-view']]) {
    await page.keyboard.press(key);
    assert.equal(await shown(), panel, key);
    assert.equal(await page.locator('[role=tab]:focus').getAttribute('aria-selected'), 'true');
  }
});

pageTest('the model menu tells what the text takes, and what it may take', {}, async ({ page, reader }) => {
  await reader.loadModel();
  await reader.type(PROMPT);
  await reader.set('maxNewTokens', 4);
  await reader.generate();
  await reader.at('models').click();
  const told = page.locator('#model-menu [data-memory]');
  await told.waitFor();
  const [states, scores, most] = [...(await told.innerText()).matchAll(/([\d.]+)\s(MB|kB)/g)].map(([, number, unit]) => Number(number) * (unit === 'MB' ? 1e6 : 1e3));
  assert.ok(states > 0 && scores > 0 && scores < most, `${states}, ${scores} of ${most}`);
});

pageTest('the end of a long text stays in sight while it is written, and what is chosen further up does so afterwards', {}, async ({ page, reader }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await reader.loadModel();
  await reader.type('Once upon a time there was a');
  await reader.set('minNewTokens', 90);
  await reader.set('maxNewTokens', 90);
  const inSight = (/** @type {string} */ chip) =>
    page.evaluate((selector) => {
      const chosen = [...document.querySelectorAll(selector)].at(-1);
      const frame = chosen?.closest('.chips');
      const [box, around] = [chosen, frame].map((each) => /** @type {Element} */ (each).getBoundingClientRect());
      return { scrolls: /** @type {Element} */ (frame).scrollHeight > /** @type {Element} */ (frame).clientHeight, seen: box.top >= around.top && box.bottom <= around.bottom };
    }, chip);
  await reader.generate();
  assert.deepEqual(await inSight(HOOKS.outputChips), { scrolls: true, seen: true }, 'the last token');

  const last = page.locator(`${HOOKS.outputChips}[aria-selected=true]`);
  await last.focus();
  await page.keyboard.press('Home');
  const first = `${HOOKS.chips}[aria-selected=true]`;
  await page.locator(first).waitFor();
  assert.deepEqual(await inSight(first), { scrolls: true, seen: true }, 'the first token, once it is chosen');
  await page.keyboard.press('End');
  assert.deepEqual(await inSight(HOOKS.outputChips), { scrolls: true, seen: true }, 'the last token again');
});
