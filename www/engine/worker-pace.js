// How much of a prompt is read before messages are looked at.

/** Tokens that are read at first. */
export const FIRST_PIECE = 32;
const LEAST = 8;
/** Larger pieces are read no faster. */
const MOST = 128;
/** How long messages may wait, in milliseconds. */
const PATIENCE = 250;

/**
 * How many tokens to read next, after so many took so long. A piece is a multiple of eight.
 * @param {number} piece
 * @param {number} time  in milliseconds
 */
export function pieceAfter(piece, time) {
  const fitting = Math.floor((piece * PATIENCE) / Math.max(time, 1) / 8) * 8;
  return Math.min(Math.max(fitting, LEAST), MOST);
}
