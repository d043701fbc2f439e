import type { BadField, FieldProblem, PasswordProblem } from '../platform/errors.ts';

/** Where a value stands: the argument's name, then names of input fields and indexes of lists. A chain, so that a walk without fault builds no arrays. */
export interface InputPath {
  readonly parent: InputPath | undefined;
  readonly key: string;
}

interface Problem {
  readonly code: FieldProblem;
  readonly message: string;
  readonly limit?: number | undefined;
  readonly reasons?: readonly PasswordProblem[] | undefined;
}

/** More tell a client nothing new, and the answer stays small whatever was sent. */
const MAX_ENTRIES = 50;

/** What was found wrong in the inputs of one request or field: at most 50 entries, the same fault of the same path once. */
export class ProblemList {
  readonly #entries = new Map<string, BadField>();

  get entries(): readonly BadField[] {
    return [...this.#entries.values()];
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Nothing more is kept: whoever walks may stop. */
  get isFull(): boolean {
    return this.size >= MAX_ENTRIES;
  }

  add(at: InputPath, { code, message, limit, reasons }: Problem): void {
    if (this.isFull) return;
    const path = pathKeys(at);
    const facts = { ...(limit === undefined ? {} : { limit }), ...(reasons === undefined ? {} : { reasons }) };
    this.#entries.set(JSON.stringify([path, code, limit]), { path, code, message, ...facts });
  }
}

function pathKeys(at: InputPath | undefined): readonly string[] {
  return at === undefined ? [] : [...pathKeys(at.parent), at.key];
}
