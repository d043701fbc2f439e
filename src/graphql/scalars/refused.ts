import type { FieldProblem } from '../../platform/errors.ts';

/**
 * What a scalar makes of a value that it does not take. Thrown errors would leave one at a time, hide the other bad values,
 * and repeat what was typed; this travels with the arguments until `input-problems` lists them all. Holds nothing of the value.
 */
export class Refused {
  readonly code: FieldProblem;
  readonly message: string;
  readonly limit: number | undefined;

  constructor(code: FieldProblem, message: string, limit?: number) {
    this.code = code;
    this.message = message;
    this.limit = limit;
  }
}
