import type {
  Credentials,
  KnownDevice,
  Origin,
  RequestContext,
  RequestCookies,
  Viewer,
} from '../access/request-context.ts';
import { AppError } from '../platform/errors.ts';
import type { UserId } from '../platform/ids.ts';

/** What the HTTP side knows of a request. */
export interface RequestFacts {
  readonly requestId: string;
  readonly origin: Origin;
  readonly clientKey: string;
  /** The Authorization header as sent, or undefined. */
  readonly authorization: string | undefined;
  readonly cookies: RequestCookies;
  readonly fromAllowedOrigin: boolean;
  readonly isCrossSite: boolean;
}

export interface ContextParts<V extends Viewer> {
  /** The credentials in an access token; never throws. */
  readonly readToken: (token: string) => Credentials | Promise<Credentials>;
  readonly findViewer: (credentials: Credentials) => Promise<V | undefined>;
  readonly isRecent: (viewer: Viewer) => boolean;
}

/** The auth-scheme is case-insensitive (RFC 9110 §11.1); the token is RFC 6750's b64token. */
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/**
 * The context of one request. Making it never throws, and reads no database unless the token's key is a new one: bad credentials are remembered, and the viewer is
 * read when a rule or resolver first asks, once.
 */
export async function makeContext<V extends Viewer>(
  facts: RequestFacts,
  parts: ContextParts<V>,
): Promise<RequestContext<V>> {
  return new GraphqlContext(facts, parts, await readCredentials(facts.authorization, parts));
}

/** What changes while a request is answered. */
interface ContextState<V> {
  operationName: string | null;
  viewer: Promise<V | undefined> | undefined;
  knownViewer: V | undefined;
  knownDevice: KnownDevice | undefined;
  provenUserId: UserId | undefined;
  hiddenFields: number;
}

/** Apollo works on a shallow copy: what changes is kept in one object that both share, and no field is #private. */
class GraphqlContext<V extends Viewer> implements RequestContext<V> {
  readonly requestId: string;
  readonly origin: Origin;
  readonly clientKey: string;
  readonly credentials: Credentials;
  readonly cookies: RequestCookies;
  readonly fromAllowedOrigin: boolean;
  readonly isCrossSite: boolean;
  private readonly parts: ContextParts<V>;
  private readonly state: ContextState<V> = {
    operationName: null,
    viewer: undefined,
    knownViewer: undefined,
    knownDevice: undefined,
    provenUserId: undefined,
    hiddenFields: 0,
  };

  constructor(facts: RequestFacts, parts: ContextParts<V>, credentials: Credentials) {
    this.requestId = facts.requestId;
    this.origin = facts.origin;
    this.clientKey = facts.clientKey;
    this.cookies = facts.cookies;
    this.fromAllowedOrigin = facts.fromAllowedOrigin;
    this.isCrossSite = facts.isCrossSite;
    this.credentials = credentials;
    this.parts = parts;
  }

  findViewer(): Promise<V | undefined> {
    this.state.viewer ??= this.readViewer();
    return this.state.viewer;
  }

  async getViewer(): Promise<V> {
    const viewer = await this.findViewer();
    if (!viewer)
      throw new AppError('UNAUTHENTICATED', 'This needs a login: send an access token as Authorization: Bearer.');
    return viewer;
  }

  isRecent(viewer: Viewer): boolean {
    return this.parts.isRecent(viewer);
  }

  get knownViewer(): V | undefined {
    return this.state.knownViewer;
  }

  get operationName(): string | null {
    return this.state.operationName;
  }

  set operationName(name: string | null) {
    this.state.operationName = name;
  }

  get knownDevice(): KnownDevice | undefined {
    return this.state.knownDevice;
  }

  set knownDevice(device: KnownDevice | undefined) {
    this.state.knownDevice = device;
  }

  get provenUserId(): UserId | undefined {
    return this.state.provenUserId;
  }

  set provenUserId(id: UserId | undefined) {
    this.state.provenUserId = id;
  }

  get hiddenFields(): number {
    return this.state.hiddenFields;
  }

  set hiddenFields(count: number) {
    this.state.hiddenFields = count;
  }

  private async readViewer(): Promise<V | undefined> {
    this.state.knownViewer = await this.parts.findViewer(this.credentials);
    return this.state.knownViewer;
  }
}

async function readCredentials<V extends Viewer>(
  header: string | undefined,
  { readToken }: ContextParts<V>,
): Promise<Credentials> {
  if (header === undefined) return { kind: 'none' };
  const token = BEARER.exec(header)?.[1];
  return token === undefined ? { kind: 'refused', code: 'UNAUTHENTICATED' } : readToken(token);
}
