import { AppError, type BadField, type FieldProblem, type PasswordProblem } from './errors.ts';

/** Why the policy refuses a password. */
export interface PasswordVerdict {
  /** At least one. */
  readonly reasons: readonly PasswordProblem[];
  /** For developers; repeats nothing of the password. */
  readonly message: string;
  /** The length that it broke. */
  readonly limit?: number;
}

/** The entry of a refused password: a fault of its length where there is one, NOT_ALLOWED for any other. */
export function badPassword(path: readonly string[], verdict: PasswordVerdict): BadField {
  const { reasons, message, limit } = verdict;
  const code = (['TOO_SHORT', 'TOO_LONG'] as const).find((problem) => reasons.includes(problem)) ?? 'NOT_ALLOWED';
  return { path, code: code satisfies FieldProblem, message, reasons, ...(limit === undefined ? {} : { limit }) };
}

/**
 * The one error for all bad values of an input: WEAK_PASSWORD where passwords alone were refused by the policy, else
 * BAD_USER_INPUT, in which such a password is an entry like the others.
 */
export function badInput(fields: readonly BadField[]): AppError {
  const reasons = fields.flatMap((field) => field.reasons ?? []);
  if (fields.length > 0 && fields.every((field) => field.reasons !== undefined)) {
    return new AppError('WEAK_PASSWORD', 'The password cannot be used.', { reasons: [...new Set(reasons)], fields });
  }
  return new AppError('BAD_USER_INPUT', 'The request has values that cannot be used.', { fields });
}
