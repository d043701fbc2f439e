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
/** Pairs of neighbours on a row, left to right. */
const NEIGHBOURS: ReadonlySet<string> = new Set(
  ROWS.flatMap((row) => [...row].slice(1).map((key, i) => [...row][i] + key)),
);
/** Where counting and spelling begin again. */
const WRAPS: ReadonlySet<string> = new Set(['90', 'za']);

/**
 * A stretch must have as many characters. Shorter ones happen by chance: among digits, where every third pair are neighbours,
 * four; else three.
 */
const MIN_STRETCH = 3;
const MIN_STRETCH_OF_NUMBERS = 4;

/** The ways of going on from one character to the next. Neighbours among code points are alphabets and digits of any script. */
const STAYS = (from: string, to: string) => from === to;
const WAYS = [
  STAYS,
  (from: string, to: string) => codePoint(to) - codePoint(from) === 1 || WRAPS.has(from + to),
  (from: string, to: string) => codePoint(to) - codePoint(from) === -1 || WRAPS.has(to + from),
  (from: string, to: string) => NEIGHBOURS.has(from + to),
  (from: string, to: string) => NEIGHBOURS.has(to + from),
];

/**
 * Whether a folded text is nothing but stretches of three or more along keyboard rows, an alphabet or the digits, in either
 * direction, or of one character: `qwertyuiop`, `abc123cba`, `111222333`. Also two such texts zipped together: `1q2w3e4r5t`.
 */
export function isRun(text: string): boolean {
  const points = [...text];
  const least = /\p{L}/u.test(text) ? MIN_STRETCH : MIN_STRETCH_OF_NUMBERS;
  const zipped = [0, 1].map((parity) => points.filter((_, i) => i % 2 === parity));
  return isAllStretches(points, least) || zipped.every((half) => isAllStretches(half, least));
}

function isAllStretches(points: readonly string[], leastWalk: number): boolean {
  const ways = WAYS.map((goesOn) => ({ goesOn, least: goesOn === STAYS ? MIN_STRETCH : leastWalk, length: 0 }));
  // whole[i]: the greatest length up to i at which the text so far is whole stretches.
  const whole = [0];
  for (let end = 1; end <= points.length; end += 1) {
    const [from = '', to = ''] = points.slice(end - 2, end);
    for (const way of ways) way.length = end > 1 && way.goesOn(from, to) ? way.length + 1 : 1;
    const isEnd = ways.some(({ least, length }) => length >= least && (whole[end - least] ?? -1) >= end - length);
    whole.push(isEnd ? end : (whole[end - 1] ?? 0));
  }
  return points.length >= MIN_STRETCH && whole[points.length] === points.length;
}

function codePoint(character: string): number {
  return character.codePointAt(0) ?? Number.NaN;
}
