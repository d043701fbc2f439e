/** What may be wrong with a trail. docs/audit.md says what each means. */
export const TRAIL_FAULTS = [
  'CHANGED',
  'MISSING',
  'OUT_OF_PLACE',
  'INSERTED',
  'SEAL',
  'UNSEALED',
  'KEYS',
  'ROLLED_BACK',
] as const;
export type TrailFault = (typeof TRAIL_FAULTS)[number];
