import { Client } from 'pg';
import { CONNECT_MS, STATEMENT_MS } from './database.ts';
import type { Secret } from './secret.ts';

/** A statement that each connection prepares once. The name belongs to this text alone. */
export interface NamedStatement {
  readonly name: string;
  readonly text: string;
}

/** What a set of shared connections is for. */
interface Purpose {
  /** As PostgreSQL shows them. */
  readonly name: string;
  /** More than one, so that a long batch, or a commit that waits for the disk, does not hold up all others. */
  readonly connections: number;
  /** How long a statement may wait for a lock, and all behind it. 0: as long as it may run. */
  readonly lockMs: number;
}

/**
 * Connections to the primary that all requests share, each statement sent at once and answered in order. For what is one
 * statement alone: a BEGIN, SET or LISTEN would be everybody's. Connects at the first one, and again after a loss.
 */
export class PipelinedClients {
  readonly #url: Secret;
  readonly #purpose: Purpose;
  readonly #clients: (Promise<Client> | undefined)[];
  #turn = 0;
  #isStopped = false;

  constructor(url: Secret, purpose: Purpose) {
    this.#url = url;
    this.#purpose = purpose;
    this.#clients = Array.from({ length: purpose.connections }, () => undefined);
  }

  /** The rows. Throws what pg throws: also where there is no connection, or it is lost meanwhile; nothing is tried again. */
  async run<Row extends object>({ name, text }: NamedStatement, values: readonly unknown[]): Promise<Row[]> {
    this.#turn = (this.#turn + 1) % this.#clients.length;
    const client = await this.#connect(this.#turn);
    const { rows } = await client.query<Row>({ name, text, values: [...values] });
    return rows;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    const clients = await Promise.allSettled(this.#clients.filter((client) => client !== undefined));
    await Promise.all(clients.map((client) => client.status === 'fulfilled' && client.value.end()));
  }

  #connect(index: number): Promise<Client> {
    if (this.#isStopped) return Promise.reject(new TypeError('A statement after the end.'));
    const known = this.#clients[index];
    if (known) return known;
    const client = new Client({
      connectionString: this.#url.reveal(),
      application_name: this.#purpose.name,
      connectionTimeoutMillis: CONNECT_MS,
      statement_timeout: STATEMENT_MS,
      lock_timeout: this.#purpose.lockMs,
      // A network that swallows everything: destroys the connection, and all that wait on it are told.
      query_timeout: 2 * STATEMENT_MS,
      pipeline: true,
    });
    const connecting = client.connect().then(() => client);
    const forget = () => {
      if (this.#clients[index] === connecting) this.#clients[index] = undefined;
    };
    client.on('error', forget);
    client.on('end', forget);
    connecting.catch(forget);
    this.#clients[index] = connecting;
    return connecting;
  }
}
