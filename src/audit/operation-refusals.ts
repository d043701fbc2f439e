import type { RequestContext } from '../access/request-context.ts';
import { SealBroken } from '../crypto/sealed.ts';
import type { ErrorCode } from '../platform/errors.ts';
import { errorFacts, type Logger } from '../platform/logger.ts';
import type { Actor, AuditEvent } from './audit-event.ts';
import type { AuditQueue } from './audit-queue.ts';
import { brokenSeal } from './broken-seal.ts';
import { toName } from './event-details.ts';
import type { LimitRefusals } from './limit-refusals.ts';

/** A root field that was not done, as the audit plugin of the GraphQL gate reports it. */
export interface RefusedField {
  readonly operation: 'QUERY' | 'MUTATION' | 'SUBSCRIPTION';
  /** Its name in the schema. */
  readonly field: string;
  readonly code: ErrorCode;
}

const RULE_CODES: ReadonlySet<ErrorCode> = new Set([
  'UNAUTHENTICATED',
  'TOKEN_EXPIRED',
  'FORBIDDEN',
  'REAUTHENTICATION_REQUIRED',
  'ACTION_REQUIRED',
]);

const toEvent = ({ operation, field, code }: RefusedField, by: Actor): AuditEvent =>
  RULE_CODES.has(code)
    ? { type: 'access.denied', by, details: { field: toName(field), operation, code } }
    : { type: 'mutation.failed', by, details: { field: toName(field), code } };

/** For how long refusals for want of room are counted together. */
const BUSY_SECONDS = 60;

/**
 * Records what an operation was refused. Never throws: it runs beside an answer that is right. Refusals of one mutation because the
 * server has too much to do are told as those of a limit: whoever floods it must not make the trail grow with each request.
 */
export class OperationRefusals {
  readonly #queue: AuditQueue;
  readonly #limits: Pick<LimitRefusals, 'refused'>;
  readonly #actorOf: (context: RequestContext) => Actor;
  readonly #logger: Logger;

  /** `actorOf` answers for any context, ANONYMOUS at least, from what the request already knows. */
  constructor(parts: {
    queue: AuditQueue;
    limits: Pick<LimitRefusals, 'refused'>;
    actorOf: (context: RequestContext) => Actor;
    logger: Logger;
  }) {
    this.#queue = parts.queue;
    this.#limits = parts.limits;
    this.#actorOf = parts.actorOf;
    this.#logger = parts.logger;
  }

  refused(context: RequestContext, field: RefusedField): void {
    this.#try(() => {
      const by = this.#actorOf(context);
      if (field.code !== 'BUSY') this.#queue.recordLater(toEvent(field, by));
      else this.#limits.refused({ limit: `busy.${field.field}`, key: undefined, windowSeconds: BUSY_SECONDS, by });
    });
  }

  /** `fields`: how many values of others the operation asked for in vain. */
  hidden(context: RequestContext, fields: number): void {
    this.#try(() =>
      this.#queue.recordLater({ type: 'access.hidden', by: this.#actorOf(context), details: { fields } }),
    );
  }

  /** A sealed value that does not open was tampered with, or belongs elsewhere; any other fault is the log's affair alone. */
  failed(context: RequestContext, error: unknown): void {
    if (!(error instanceof SealBroken)) return;
    this.#try(() => this.#queue.recordLater(brokenSeal(error, this.#actorOf(context))));
  }

  #try(record: () => void): void {
    try {
      record();
    } catch (error) {
      this.#logger.error('a refusal could not be recorded', errorFacts(error));
    }
  }
}
