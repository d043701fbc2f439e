import type { DeviceId, SessionId, UserId } from '../platform/ids.ts';
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
      /** The key that signed it. */
      readonly kid: string;
    };

/** Where a request came from. */
export interface Origin {
  /** In canonical form, IPv4-mapped ones as IPv4. */
  readonly ip: string;
  readonly userAgent: string | null;
}

/** The request's cookies, and those of its answer; names without a prefix. */
export interface RequestCookies {
  /** Undefined also where the cookie is there twice: the second was planted. */
  find(name: string): string | undefined;
  set(name: string, value: string, maxAgeSeconds: number): void;
  clear(name: string): void;
}

/** A device whose token was found good for the account that this login names. */
export interface KnownDevice {
  readonly deviceId: DeviceId;
  readonly userId: UserId;
}

/** Who asks, from where and in which request: the first argument of what a service does for somebody. */
export interface RequestContext<V extends Viewer = Viewer> {
  readonly requestId: string;
  readonly origin: Origin;
  /** What limits count a client by: the IPv4 address, or the /64 of an IPv6 one. */
  readonly clientKey: string;
  readonly credentials: Credentials;
  readonly cookies: RequestCookies;
  /** The Origin header is this server's own or of CORS_ORIGINS. Whatever sets or takes a cookie needs that (login CSRF). */
  readonly fromAllowedOrigin: boolean;
  /** The browser says that a page of another site sent it: it would keep no SameSite=Strict cookie of the answer. */
  readonly isCrossSite: boolean;
  /** Set where the login's own limits are those of a device that was here before. */
  knownDevice: KnownDevice | undefined;
  /** What the client calls the operation. Set once the document is parsed. */
  operationName: string | null;
  /**
   * The logged-in user, undefined without credentials; read once a request. Throws AppError UNAUTHENTICATED or TOKEN_EXPIRED
   * for credentials that do not count.
   */
  findViewer(): Promise<V | undefined>;
  /** The same, and UNAUTHENTICATED without credentials. */
  getViewer(): Promise<V>;
  /** Whether the viewer's last proof of who they are is recent enough for what needs one (RECENT_LOGIN_SECONDS). */
  isRecent(viewer: Viewer): boolean;
  /** The viewer, if a rule or service of this request has already read them. */
  readonly knownViewer: V | undefined;
  /** Whose password or token this very operation has proved: their answer may show them their own values. */
  provenUserId: UserId | undefined;
  /** How many values this operation asked for and may not read. */
  hiddenFields: number;
}
