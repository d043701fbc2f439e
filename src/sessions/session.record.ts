import type { Viewer } from '../access/request-context.ts';
import type { Sealed } from '../crypto/sealed.ts';
import type { SessionId } from '../platform/ids.ts';
import type { UserRecord } from '../users/user.record.ts';
import type { AuthenticationMethod, TokenDelivery } from './session.entity.ts';

export interface SessionRecord {
  readonly id: SessionId;
  readonly refreshKey: Sealed<string>;
  readonly refreshGeneration: number;
  readonly authGeneration: number;
  readonly seenGeneration: number;
  readonly rotatedAt: Date;
  readonly delivery: TokenDelivery;
  readonly factors: readonly AuthenticationMethod[];
  readonly createdAt: Date;
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
  readonly authenticatedAt: Date;
  readonly revokedAt: Date | null;
  readonly ip: Sealed<string> | null;
  readonly userAgent: Sealed<string> | null;
}

/** A session and whose it is, as one read brings them. */
export interface SessionOfUser {
  readonly session: SessionRecord;
  readonly user: UserRecord;
}

/** The logged-in user with their session and record. */
export interface SessionViewer extends Viewer, SessionOfUser {}

export const isSessionViewer = (viewer: Viewer): viewer is SessionViewer => 'user' in viewer && 'session' in viewer;
