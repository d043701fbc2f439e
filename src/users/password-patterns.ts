/**
 * How people make a guessable password look new: one piece said again, digits and signs around a word. Everything here takes
 * text that `foldPassword` has folded.
 */
import { isRun } from './password-runs.ts';

const MIN_CORE = 4;
const MIN_NUMBER = 8;
/** A year, a birthday, a few signs. More than this is a secret of its own, and then the word beside it does no harm. */
const MAX_DECORATION = 8;
const MAX_DECORATION_OF_NUMBERS = 4;
/** Signs between the letters. A random password has more of them, and the letters in between would often make a short word. */
const MAX_SIGNS = 4;
/** Where in a long tail a word may end: it bounds the work, and no one decorates so much without a pattern to the end. */
const MAX_CUT = 32;

/** The form in which passwords, names and listed words are compared. */
export function foldPassword(text: string): string {
  return text.normalize('NFKC').toLowerCase().normalize('NFKC');
}

/** The shortest piece of which `text` is two copies or more, and perhaps the start of one more; undefined when there is none. */
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

/** Whether `text` is too little to be a secret beside a word: up to 3 letters, and few other characters or a pattern. */
export function isDecoration(text: string): boolean {
  return [...text.matchAll(/\p{L}/gu)].length < MIN_CORE && effort(text) <= MAX_DECORATION;
}

/** About how many characters' worth of choice `text` is: a pattern is worth less than its length. */
function effort(text: string): number {
  const length = [...text].length;
  if (isRun(text)) return Math.min(length, 2);
  const piece = repeatedPiece(text);
  return piece === undefined ? length : Math.min(length, effort(piece) + 1);
}

/**
 * What `text` may be a decoration of, each with the effort that the decoration is: the text itself, the text without a few
 * signs and spaces, and of both what is left, of 4 characters or more, without any part of what stands behind the last letter,
 * or without everything before the first letter and behind the last. What is left of a number has 8 digits or more.
 */
export function coresOf(text: string): ReadonlyMap<string, number> {
  const cores = new Map([[text, 0]]);
  const signs = text.replace(/[\p{L}\p{M}\p{N}]+/gu, '');
  const squeezed = text.replace(/[^\p{L}\p{M}\p{N}]+/gu, '');
  addCores(cores, text, 0);
  if (signs !== '' && effort(signs) <= MAX_SIGNS) addCores(cores, squeezed, effort(signs));
  return cores;
}

function addCores(cores: Map<string, number>, whole: string, spent: number): void {
  const head = /^[^\p{L}]*/u.exec(whole)?.[0] ?? '';
  const tail = /[^\p{L}\p{M}]*$/u.exec(whole)?.[0] ?? '';
  add('', '');
  for (let size = 1; size <= Math.min(tail.length, MAX_CUT); size += 1) add('', tail.slice(-size));
  add(head, tail);

  function add(before: string, after: string): void {
    const core = whole.slice(before.length, whole.length - after.length);
    const decoration = spent + effort(before) + effort(after);
    // So many numbers are listed that a random one often begins with one: only behind a long one is a year or a pattern little.
    const isNumber = !/\p{L}/u.test(core) && /\p{N}/u.test(before + after);
    const [least, most] = isNumber ? [MIN_NUMBER, MAX_DECORATION_OF_NUMBERS] : [MIN_CORE, MAX_DECORATION];
    if ([...core].length < least || decoration > most) return;
    cores.set(core, Math.min(decoration, cores.get(core) ?? decoration));
  }
}
