import { readAuditJws } from '../crypto/audit-jws.ts';
import type { TrustedAuditKeys } from './audit-key-chain.ts';

/** What is left of a batch that retention dropped: enough for the next one to follow on. */
export interface Tombstone {
  readonly seal: number;
  readonly lastPosition: number;
  /** SHA-256 of its head, base64url. */
  readonly head: string;
}

/** What a tombstone says, where a trusted audit key signed it. */
export const readTombstone = (text: string, keys: TrustedAuditKeys): Tombstone | undefined =>
  readAuditJws(text, 'tombstone', (thumbprint) => keys.find(thumbprint)) as Tombstone | undefined;
