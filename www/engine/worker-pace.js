// How much of a prompt is read before messages are looked at.

/** Tokens of the smallest piece, and of the first; smaller ones would take longer for each token. */
export const LEAST_PIECE = 32;
/** Larger pieces are read no faster. */
const GREATEST_PIECE = 128;
/** How long messages should wait at most, in milliseconds. */
const PATIENCE = 250;

/**
 * How many tokens to read next, after so many took so long: a multiple of the smallest piece.
 * @param {number} piece
 * @param {number} time  in milliseconds
 */
export function pieceAfter(piece, time) {
  const fitting = (piece * PATIENCE) / Math.max(time, 1);
  const whole = Math.floor(fitting / LEAST_PIECE) * LEAST_PIECE;
  return Math.min(Math.max(whole, LEAST_PIECE), GREATEST_PIECE);
}
