/** What an answer holds at some path: tests reach into it by name, and a missing step is undefined. */
export type Json = Readonly<Record<string, ReturnType<typeof JSON.parse>>>;

/** One entry of `errors`. */
export interface AnsweredError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: {
    readonly code: string;
    readonly requestId: string;
    readonly retryAfter?: number;
    readonly reasons?: readonly string[];
    readonly fields?: readonly { path: string[]; code: string; message: string; limit?: number; reasons?: string[] }[];
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The body as it came. */
  readonly text: string;
  readonly data: Json;
  readonly errors: readonly AnsweredError[];
  /** The code of the first error, or undefined. */
  readonly code: string | undefined;
}

export interface ClientOptions {
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends GraphQL to a server, as somebody. */
export class Client {
  readonly url: string;
  readonly #options: ClientOptions;

  constructor(url: string, options: ClientOptions = {}) {
    this.url = url;
    this.#options = options;
  }

  /** The same client with another access token, or none. */
  as(token: string | undefined): Client {
    return new Client(this.url, { ...this.#options, token });
  }

  with(headers: Readonly<Record<string, string>>): Client {
    return new Client(this.url, { ...this.#options, headers: { ...this.#options.headers, ...headers } });
  }

  async send(query: string, variables?: object, extra: object = {}): Promise<Answer> {
    return this.post(JSON.stringify({ query, variables, ...extra }));
  }

  async post(body: string): Promise<Answer> {
    const { token, headers } = this.#options;
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
    });
    const text = await response.text();
    const { data, errors = [] } = JSON.parse(text);
    return { status: response.status, headers: response.headers, text, data, errors, code: errors[0]?.extensions.code };
  }
}
