/** Where the build leaves the filter, and the server looks for it. */
export const COMMON_PASSWORDS_PATH: string;

/** Writes the filter to `out` unless it is there and fresh, or `force` says so. Answers whether it wrote. */
export function makeCommonPasswords(options?: { out?: string; force?: boolean }): Promise<boolean>;

/** Whether a filter is at `out` that is no older than the list and the script. Throws when the list is not installed. */
export function isMade(out: string): Promise<boolean>;
