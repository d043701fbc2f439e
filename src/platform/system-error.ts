/**
 * The code of an error of the system or of a library (ENOENT, 28P01), or undefined. It looks at the shape and not at the
 * class: an error that crosses a realm, as Node's own do inside a test runner, is an instance of no Error known here.
 */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
