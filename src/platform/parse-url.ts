/**
 * The URL that `text` spells, or undefined. Not by `URL.canParse`: in Node 20 it refuses every text with a sign beyond ASCII once
 * the compiler has optimised its caller, and `https://bücher.example` then is no URL any more.
 */
export function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
