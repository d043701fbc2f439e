/** An object of JSON: no list, and not null. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a request brings a value: clients send null or nothing where they have none. */
export const isGiven = (value: unknown) => value !== undefined && value !== null;
