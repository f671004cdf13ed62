// Which of many equal columns are in sight.

/**
 * @param {{ scroll: number, width: number, column: number, count: number, margin: number }} strip  pixels; margin: columns beyond each edge
 * @returns {{ from: number, to: number }} from the first to before the last
 */
export function inSight({ scroll, width, column, count, margin }) {
  const from = Math.max(0, Math.min(count, Math.floor(scroll / column) - margin));
  const to = Math.min(count, Math.ceil((scroll + width) / column) + margin);
  return { from, to: Math.max(from, to) };
}
