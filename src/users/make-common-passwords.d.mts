/** Where the build leaves the filter, and the server looks for it. */
export const COMMON_PASSWORDS_PATH: string;

/** Writes the filter to `out` unless it is there and fresh, or `force` says so. Answers whether it wrote. */
export function makeCommonPasswords(options?: { out?: string; force?: boolean }): Promise<boolean>;
