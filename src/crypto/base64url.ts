/**
 * The bytes that `text` spells in base64url without padding (RFC 4648 §5), or undefined. Only the one canonical spelling
 * counts: Node's decoder skips foreign characters and spare bits, which would give one token many texts.
 */
export function parseBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}
