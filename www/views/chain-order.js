// Lists that are reordered.

/** The list with one item moved to another place. @template T @param {T[]} list @param {number} from @param {number} to @returns {T[]} */
export function moved(list, from, to) {
  const rest = list.filter((_, index) => index !== from);
  rest.splice(Math.min(rest.length, Math.max(0, to)), 0, list[from]);
  return rest;
}

/**
 * The place to which something is dragged.
 * @param {{ top: number, height: number }[]} boxes  of the items as they stand, from above
 * @param {number} y
 * @returns {number} index of the item whose middle is nearest below the pointer
 */
export function placeAt(boxes, y) {
  const at = boxes.findIndex(({ top, height }) => y < top + height);
  return at < 0 ? boxes.length - 1 : at;
}
