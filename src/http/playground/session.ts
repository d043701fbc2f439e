/** What the page knows of the login. A new object at each change. */
export interface SessionState {
  /** Empty: requests carry no credentials. */
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  /** The access token's time has run out, as far as the page knows; a pasted one's is not known. */
  readonly expired: boolean;
}

/** Root fields whose answer is a login's. `serviceToken` looks alike, and its token is refused here. */
const LOGIN_FIELDS: ReadonlySet<string> = new Set([
  'login',
  'completeLogin',
  'finishPasskeyLogin',
  'refresh',
  'reauthenticate',
]);

const ANONYMOUS: SessionState = { accessToken: '', refreshToken: undefined, expired: false };

/**
 * The tokens of the playground, in this object's memory alone: a reload forgets them, and no storage of the browser ever
 * has them, where another script of the origin could find them later. `read` and `subscribe` suit useSyncExternalStore.
 */
export class PlaygroundSession {
  #state = ANONYMOUS;
  #expiry: ReturnType<typeof setTimeout> | undefined;
  readonly #listeners = new Set<() => void>();

  readonly read = (): SessionState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Takes an access token as typed or pasted, with or without "Bearer" before it. Whose refresh token is held it may not be. */
  readonly enter = (text: string): void => {
    this.#set({ ...ANONYMOUS, accessToken: text.trim().replace(/^bearer\s+/i, '') });
  };

  readonly forget = (): void => this.#set(ANONYMOUS);

  /** Looks at the answer of one root field: a login's tokens replace those held, a logout forgets them. */
  observe(field: string, answer: unknown): void {
    if (!isObject(answer)) return;
    if (field === 'logout' && answer['loggedOut'] === true) this.forget();
    const { accessToken, refreshToken, expiresIn } = answer;
    if (!LOGIN_FIELDS.has(field) || typeof accessToken !== 'string') return;
    this.#set({
      accessToken,
      refreshToken: typeof refreshToken === 'string' ? refreshToken : undefined,
      expired: false,
    });
    if (typeof expiresIn !== 'number') return;
    this.#expiry = setTimeout(() => this.#set({ ...this.#state, expired: true }), expiresIn * 1000);
  }

  #set(state: SessionState): void {
    clearTimeout(this.#expiry);
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

/** True for a JSON object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
