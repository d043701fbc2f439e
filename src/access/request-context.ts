import type { SessionId, UserId } from '../platform/ids.ts';
import type { Permission } from './permissions.ts';

/** Who is logged in, as the database knows them at this request. */
export interface Viewer {
  readonly userId: UserId;
  readonly sessionId: SessionId;
  readonly permissions: ReadonlySet<Permission>;
  /** When they last proved who they are. */
  readonly authenticatedAt: Date;
}

/** What the Authorization header held. A bad one is remembered, not thrown: public fields ignore it. */
export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'refused'; readonly code: 'UNAUTHENTICATED' | 'TOKEN_EXPIRED' }
  | {
      readonly kind: 'access-token';
      readonly userId: UserId;
      readonly sessionId: SessionId;
      readonly generation: number;
    };

/** Where a request came from. */
export interface Origin {
  /** In canonical form, IPv4-mapped ones as IPv4. */
  readonly ip: string;
  readonly userAgent: string | null;
}

/** Who asks, from where and in which request: the first argument of what a service does for somebody. */
export interface RequestContext<V extends Viewer = Viewer> {
  readonly requestId: string;
  readonly origin: Origin;
  /** What limits count a client by: the IPv4 address, or the /64 of an IPv6 one. */
  readonly clientKey: string;
  readonly credentials: Credentials;
  /** What the client calls the operation. Set once the document is parsed. */
  operationName: string | null;
  /**
   * The logged-in user, undefined without credentials; read once a request. Throws AppError UNAUTHENTICATED or TOKEN_EXPIRED
   * for credentials that do not count.
   */
  findViewer(): Promise<V | undefined>;
  /** The same, and UNAUTHENTICATED without credentials. */
  getViewer(): Promise<V>;
  /** The viewer, if a rule or service of this request has already read them. */
  readonly knownViewer: V | undefined;
  /** Whose password or token this very operation has proved: their answer may show them their own values. */
  provenUserId: UserId | undefined;
  /** How many values this operation asked for and may not read. */
  hiddenFields: number;
  /** Seconds for the Retry-After header: the largest of the answer's errors. */
  retryAfter: number;
}
