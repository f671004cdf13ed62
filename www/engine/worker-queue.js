// The order of work in the worker. Every piece is a task of its own, so that what arrived
// meanwhile (an abort, an urgent call) is seen before the next begins.

/** @type {(() => void)[]} */
const waiting = [];
const channel = new MessageChannel();
channel.port1.onmessage = () => waiting.shift()?.();

/** Lets messages that have arrived be handled. A timer would wait 4 ms; this does not. @returns {Promise<void>} */
export function breathe() {
  return new Promise((resolve) => {
    waiting.push(resolve);
    channel.port2.postMessage(null);
  });
}

/** Work that is done in turn, urgent work first. @template {{ id: number }} T */
export class Queue {
  /** @type {T[]} */
  #urgent = [];
  /** @type {T[]} */
  #ordinary = [];
  #run;
  #due = false;

  /** @param {(item: T) => void} run  begins an item; what it awaits does not hold up the next */
  constructor(run) {
    this.#run = run;
  }

  /** @param {T} item @param {boolean} urgent */
  add(item, urgent) {
    (urgent ? this.#urgent : this.#ordinary).push(item);
    if (!this.#due) this.#schedule();
  }

  /** Whether nothing waits. */
  get isEmpty() {
    return this.#urgent.length + this.#ordinary.length === 0;
  }

  /** One item at a time: the next is chosen after the messages that came during the last. */
  #schedule() {
    this.#due = true;
    void breathe().then(() => {
      const next = this.#urgent.shift() ?? this.#ordinary.shift();
      if (next) this.#run(next);
      this.#due = false;
      if (!this.isEmpty) this.#schedule();
    });
  }

  /** @param {number} id @returns {boolean} whether the item had not begun, and now never will */
  remove(id) {
    for (const items of [this.#urgent, this.#ordinary]) {
      const at = items.findIndex((item) => item.id === id);
      if (at >= 0) return items.splice(at, 1).length > 0;
    }
    return false;
  }
}
