// The text under other knobs. In a branch the reader's own token and all before it stay: only what the
// model wrote after it follows the knobs.

/** @import { Session } from '../engine/session.js' */
/** @import { Replay, SomeKnobs } from '../engine/types.js' */

/**
 * @param {Session} session
 * @param {SomeKnobs} knobs
 * @param {{ at: number | null, signal: AbortSignal }} options  at: position of the token that the reader wrote; null: there is none
 * @returns {Promise<{ session: Session, replay: Replay | null }>} where the draw would undo that token, another
 *   session that ends with it, and no replay; the one that was given is closed then
 */
export async function replayAround(session, knobs, { at, signal }) {
  if (at === null) return { session, replay: await session.replay(knobs, { signal, top: 0 }) };
  const step = at - session.promptLength;
  const held = await session.branch(at, session.ids[step]);
  let kept = session;
  try {
    const replay = await session.replay(knobs, { signal, top: 0 });
    if (replay.flip === null || replay.flip > step) return { session, replay };
    kept = held;
    return { session: held, replay: null };
  } finally {
    (kept === held ? session : held).close();
  }
}
