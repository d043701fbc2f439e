/**
 * How people make a guessable password look new: one piece said again, digits and signs around a word. Everything here takes
 * text that `foldPassword` has folded.
 */
import { isRun } from './password-runs.ts';

const MIN_CORE = 4;
/** A year, a birthday, a few signs. More than this is a secret of its own, and then the word beside it does no harm. */
const MAX_DECORATION = 8;
const MAX_DECORATION_OF_NUMBERS = 4;
/** Where in a long tail a word may end: it bounds the work, and no one decorates so much without a pattern to the end. */
const MAX_CUT = 32;

/** The form in which passwords, names and listed words are compared. */
export function foldPassword(text: string): string {
  return text.normalize('NFKC').toLowerCase().normalize('NFKC');
}

/** Letters and digits alone: `pass-word 1` is `password1`. */
export function squeeze(text: string): string {
  return text.replace(/[^\p{L}\p{M}\p{N}]+/gu, '');
}

/** The shortest piece of which `text` is two or more copies, the last one perhaps cut off; undefined when it is none. */
export function repeatedPiece(text: string): string | undefined {
  const points = [...text];
  // borders[i]: length of the longest start of the text that also ends at i (Knuth, Morris and Pratt).
  const borders: number[] = [0];
  for (let i = 1, matched = 0; i < points.length; i += 1) {
    while (matched > 0 && points[i] !== points[matched]) matched = borders[matched - 1] ?? 0;
    if (points[i] === points[matched]) matched += 1;
    borders.push(matched);
  }
  const period = points.length - (borders.at(-1) ?? 0);
  return period > 0 && period * 2 <= points.length ? points.slice(0, period).join('') : undefined;
}

/** Whether `text` is little enough to hang on a word: a few characters, or more of them in a pattern. */
export function isDecoration(text: string): boolean {
  return effort(text) <= MAX_DECORATION;
}

/** About how many characters' worth of choice `text` is. */
function effort(text: string): number {
  const length = [...text].length;
  if (isRun(text)) return Math.min(length, 2);
  const piece = repeatedPiece(text);
  return piece === undefined ? length : Math.min(length, effort(piece) + 1);
}

/**
 * The text itself, the text without signs and spaces, and what is left of either, of 4 characters or more, when decoration is
 * taken off: any of what stands behind the last letter, and all of it before the first letter and behind the last.
 */
export function coresOf(text: string): ReadonlySet<string> {
  const squeezed = squeeze(text);
  const cores = new Set([text, squeezed]);
  for (const whole of [text, squeezed]) {
    const head = /^[^\p{L}]*/u.exec(whole)?.[0] ?? '';
    const tail = /[^\p{L}\p{M}]*$/u.exec(whole)?.[0] ?? '';
    for (let size = 1; size <= Math.min(tail.length, MAX_CUT); size += 1) add(whole, '', tail.slice(-size));
    add(whole, '', tail);
    add(whole, head, tail);
  }
  return cores;

  function add(whole: string, before: string, after: string): void {
    const core = whole.slice(before.length, whole.length - after.length);
    // So many numbers are listed that a random one often begins with one of them: a year or a pattern may stand behind it.
    const most = /\p{L}/u.test(core) ? MAX_DECORATION : MAX_DECORATION_OF_NUMBERS;
    if ([...core].length >= MIN_CORE && effort(before) + effort(after) <= most) cores.add(core);
  }
}
