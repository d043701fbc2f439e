/** What a character begins (GraphQL, October 2021, §2.1). What is not listed begins no token. */
const [IGNORED, COMMENT, PUNCTUATOR, SPREAD, NAME, NUMBER, STRING] = [1, 2, 3, 4, 5, 6, 7];
const BEGINS: readonly (readonly [kind: number, characters: string])[] = [
  [IGNORED, '\t\n\r ,'],
  [COMMENT, '#'],
  [PUNCTUATOR, '!$&():=@[]{|}'],
  [SPREAD, '.'],
  [NAME, '_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'],
  [NUMBER, '-0123456789'],
  [STRING, '"'],
];
const KINDS = new Uint8Array(128);
for (const [kind, characters] of BEGINS) for (const one of characters) KINDS[one.charCodeAt(0)] = kind;

const BYTE_ORDER_MARK = 0xfeff;
const MINUS = 45;
const BACKSLASH = '\\';
const LINE_END = /[\n\r]|$/g;
const NUMBER_REST = /\d*(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** Up to the end of the string or of its line. */
const STRING_REST = /(?:[^"\\\n\r]|\\.)*"?/y;

/**
 * Whether a text has more than `most` tokens, comments not counted. It makes nothing of them, which takes a tenth of what
 * graphql-js's lexer does, and stops at the first too many. False also where it comes to what is no token; what is wrong inside one
 * it may overlook: for the parser to refuse.
 */
export function hasMoreTokens(text: string, most: number): boolean {
  let count = 0;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    const kind = KINDS[code];
    if (kind === IGNORED || code === BYTE_ORDER_MARK) {
      at += 1;
      continue;
    }
    if (kind === COMMENT) {
      at = endOf(LINE_END, text, at);
      continue;
    }
    if (kind === PUNCTUATOR) at += 1;
    else if (kind === NAME) at = endOfName(text, at + 1);
    else if (kind === SPREAD && text.startsWith('...', at)) at += 3;
    else if (kind === NUMBER) at = endOf(NUMBER_REST, text, at + 1);
    else if (kind === STRING)
      at = text.startsWith('"""', at) ? endOfBlock(text, at + 3) : endOf(STRING_REST, text, at + 1);
    else return false;
    count += 1;
    if (count > most) return true;
  }
  return false;
}

function endOfName(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    const kind = KINDS[code];
    // Of what begins a number, the minus alone is no part of a name.
    if (kind !== NAME && (kind !== NUMBER || code === MINUS)) return at;
    at += 1;
  }
}
function endOfBlock(text: string, from: number): number {
  let at = text.indexOf('"""', from);
  while (at !== -1 && text[at - 1] === BACKSLASH && at > from) at = text.indexOf('"""', at + 3);
  return at === -1 ? text.length : at + 3;
}

function endOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  pattern.test(text);
  return pattern.lastIndex;
}
