/** Where the time comes from. A seam: tests pass one that they move by hand. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** The moment so many seconds before `now`. */
export const before = (now: Date, seconds: number): Date => new Date(now.getTime() - seconds * 1000);
