/**
 * How people make a guessable password look new: rows of keys, one piece said again, digits and signs around a word. Everything
 * here takes text that `foldPassword` has folded.
 */

/** Lines of a keyboard that fingers walk along, either way: rows of QWERTY, QWERTZ, AZERTY and ЙЦУКЕН, also with shift, then columns. */
const ROWS = [
  '`1234567890-=',
  '~!@#$%^&*()_+',
  '!"§$%&/()=?',
  'qwertyuiop[]\\',
  "asdfghjkl;'",
  'zxcvbnm,./',
  'qwertzuiopü+',
  'asdfghjklöä#',
  'yxcvbnm,.-',
  'azertyuiop',
  'qsdfghjklmù',
  'wxcvbn,;:!',
  'йцукенгшщзхъ',
  'фывапролджэ',
  'ячсмитьбю.',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/',
];
/** Where counting and spelling begin again. */
const WRAPS = ['90', 'za'];

/** Pairs of neighbours on a row, left to right. */
const NEIGHBOURS: ReadonlySet<string> = new Set(
  [...ROWS, ...WRAPS].flatMap((row) => [...row].slice(1).map((key, i) => [...row][i] + key)),
);

/** The ways of walking on from one character to the next. Code points in a row are the alphabets and digits of any script. */
const STEPS: readonly ((from: string, to: string) => boolean)[] = [
  (from, to) => from === to,
  (from, to) => codePoint(to) - codePoint(from) === 1 || NEIGHBOURS.has(from + to),
  (from, to) => codePoint(to) - codePoint(from) === -1 || NEIGHBOURS.has(to + from),
];

/** A shorter stretch happens in any word: `nop` in canopy, `wer` in power, both alone would mean nothing. */
const MIN_RUN = 3;
const MIN_CORE = 4;
/** A year, a birthday, a few signs. More than this is a secret of its own, and then the word beside it does no harm. */
const MAX_DECORATION = 8;

/** The form in which passwords, names and listed words are compared. */
export function foldPassword(text: string): string {
  return text.normalize('NFKC').toLowerCase().normalize('NFKC');
}

/** Letters and digits alone: `pass-word 1` is `password1`. */
export function squeeze(text: string): string {
  return text.replace(/[^\p{L}\p{M}\p{N}]+/gu, '');
}

/**
 * Whether `text` is nothing but runs along keyboard rows, an alphabet or the digits, or of one character, of 3 or more each, in
 * either direction: `qwertyuiop`, `abc123cba`, `asdfgh654321`. Also two such zipped together: `1q2w3e4r5t`.
 */
export function isRun(text: string): boolean {
  const points = [...text];
  if (splitsIntoRuns(points)) return true;
  const zipped = [0, 1].map((parity) => points.filter((_, i) => i % 2 === parity));
  return zipped.every(splitsIntoRuns);
}

function splitsIntoRuns(points: readonly string[]): boolean {
  // lastEnd[i]: the greatest length up to i at which the text so far is whole runs.
  const lastEnd = [0];
  const stretches = STEPS.map(() => 0);
  for (let end = 1; end <= points.length; end += 1) {
    const [from = '', to = ''] = points.slice(end - 2, end);
    for (const [way, goesOn] of STEPS.entries())
      stretches[way] = end > 1 && goesOn(from, to) ? (stretches[way] ?? 0) + 1 : 1;
    const before = lastEnd[end - MIN_RUN] ?? -1;
    const isEnd = stretches.some((stretch) => stretch >= MIN_RUN && before >= end - stretch);
    lastEnd.push(isEnd ? end : (lastEnd[end - 1] ?? 0));
  }
  return points.length >= MIN_RUN && lastEnd[points.length] === points.length;
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
export function isDecoration(...texts: readonly string[]): boolean {
  return texts.reduce((sum, text) => sum + effort(text), 0) <= MAX_DECORATION;
}

/** About how many characters' worth of choice `text` is. */
function effort(text: string): number {
  const length = [...text].length;
  if (isRun(text)) return Math.min(length, 2);
  const piece = repeatedPiece(text);
  return piece === undefined ? length : Math.min(length, effort(piece) + 1);
}

/**
 * The text itself, and what is left of it, of 4 characters or more, without signs and spaces between, digits behind, digits and
 * signs behind, and both at both ends, so far as they are only decoration.
 */
export function coresOf(text: string): ReadonlySet<string> {
  const squeezed = squeeze(text);
  const cores = new Set([text, squeezed]);
  for (const whole of [text, squeezed]) {
    const head = /^[^\p{L}]*/u.exec(whole)?.[0] ?? '';
    const digits = /\p{Nd}*$/u.exec(whole)?.[0] ?? '';
    const tail = /[^\p{L}\p{M}]*$/u.exec(whole)?.[0] ?? '';
    for (const [before, after] of [
      ['', digits],
      ['', tail],
      [head, tail],
    ] as const) {
      const core = whole.slice(before.length, whole.length - after.length);
      if (isDecoration(before, after) && [...core].length >= MIN_CORE) cores.add(core);
    }
  }
  return cores;
}

function codePoint(character: string): number {
  return character.codePointAt(0) ?? Number.NaN;
}
