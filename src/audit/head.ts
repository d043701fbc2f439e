import { createHash } from 'node:crypto';
import { readAuditJws, signAuditJws } from '../crypto/audit-jws.ts';
import type { AuditSigner } from '../crypto/audit-keys.ts';
import type { TrustedAuditKeys } from './audit-key-chain.ts';

/** What the head of a batch says: all that its row in `audit_seals` does, and the ids at its ends, so that a batch cut off has a name. */
export interface Head {
  /** The number of the batch: dense, from 1. */
  readonly seal: number;
  /** SHA-256 of the head before, base64url; of 32 zero bytes for the first. */
  readonly previous: string;
  readonly firstPosition: number;
  readonly lastPosition: number;
  readonly firstEvent: string;
  readonly lastEvent: string;
  /** RFC 6962 tree hash of the batch, base64url. */
  readonly root: string;
  /** ISO 8601. */
  readonly sealedAt: string;
  readonly node: string;
}

/** What the first head follows on. */
export const BEFORE_FIRST_HEAD = Buffer.alloc(32);

/** What the next head names as the one before it. */
export const hashHead = (head: string): Buffer => createHash('sha256').update(head, 'utf8').digest();

/** The head as a compact JWS, `typ` gatehouse-audit-head+jws. */
export const signHead = (signer: AuditSigner, head: Head): string => signAuditJws(signer, 'head', head);

/** What a head says, where a trusted audit key signed it. */
export const readHead = (text: string, keys: TrustedAuditKeys): Head | undefined =>
  readAuditJws(text, 'head', (thumbprint) => keys.find(thumbprint)) as Head | undefined;
