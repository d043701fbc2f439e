import { isPasswordTooLong, MAX_PASSWORD_CODE_POINTS, passwordLength } from '../crypto/password-text.ts';
import type { BadField, PasswordProblem } from '../platform/errors.ts';
import { CONTEXT_WORDS } from './context-words.ts';
import { coresOf, foldPassword, isDecoration, repeatedPiece } from './password-patterns.ts';
import { isRun } from './password-runs.ts';
import { type AboutPerson, foldPersonal, personalWords, withoutWords } from './personal-words.ts';

/** Why a password is refused: a `BadField` that lacks only its path. The message never repeats the password. */
export interface BadPassword extends Omit<BadField, 'path'> {
  readonly reasons: readonly PasswordProblem[];
}

export interface PasswordPolicySettings {
  /** 8 or more; 15 unless there is always a second factor (NIST SP 800-63B-4 §3.1.1.2). */
  readonly minLength: number;
  /** Names of the operator, beside `CONTEXT_WORDS`: the hosts of its pages, say. Each of their words counts. */
  readonly contextWords?: readonly string[];
}

/** A list of passwords, folded by `foldPassword`. */
export interface PasswordList {
  has(folded: string): boolean;
}

const LEAST_MIN_LENGTH = 8;

/**
 * Judges new passwords by NIST SP 800-63B-4 §3.1.1.2: a minimum length, a generous maximum, no rules of composition, and a
 * list of what is tried first. Logins are not judged: a policy that grew stricter locks nobody out.
 */
export class PasswordPolicy {
  readonly minLength: number;
  readonly maxLength = MAX_PASSWORD_CODE_POINTS;
  /** The problems that `judge` looks for. */
  readonly refuses: readonly PasswordProblem[] = ['TOO_SHORT', 'TOO_LONG', 'COMMON', 'PERSONAL'];
  readonly #common: PasswordList;
  readonly #contextWords: readonly string[];

  /** Throws TypeError when the minimum is no whole number from 8 to the maximum. */
  constructor({ minLength, contextWords = [] }: PasswordPolicySettings, common: PasswordList) {
    if (!Number.isSafeInteger(minLength) || minLength < LEAST_MIN_LENGTH || minLength > MAX_PASSWORD_CODE_POINTS) {
      throw new TypeError(
        `The least length of a password must be from ${LEAST_MIN_LENGTH} to ${MAX_PASSWORD_CODE_POINTS}.`,
      );
    }
    this.minLength = minLength;
    this.#common = common;
    this.#contextWords = personalWords({ names: [...CONTEXT_WORDS, ...contextWords] });
  }

  /** What is wrong with `password` for this person, all at once, or undefined when it will do. */
  judge(password: string, about: AboutPerson): BadPassword | undefined {
    // Alone, and first: nothing else is done with a text of any size.
    if (isPasswordTooLong(password)) return this.#refusal(['TOO_LONG']);
    const reasons: PasswordProblem[] = [];
    if (passwordLength(password) < this.minLength) reasons.push('TOO_SHORT');
    // As typed too: folding may make a short piece long (U+FDFA becomes 18 letters), and its length is the smaller one.
    if (this.#isCommon(foldPassword(password)) || this.#repeatsTooLittle(password, 0)) reasons.push('COMMON');
    if (this.#isPersonal(foldPersonal(password), about)) reasons.push('PERSONAL');
    return reasons.length > 0 ? this.#refusal(reasons) : undefined;
  }

  /** Listed, a run of keys, or one piece again and again that would not do alone; perhaps decorated. */
  #isCommon(folded: string): boolean {
    return [...coresOf(folded)].some(([core, decoration]) => {
      if (this.#common.has(core)) return true;
      // A pattern must make up most of the password: short ones happen by chance.
      if (decoration * 2 > [...core].length) return false;
      if (isRun(core)) return true;
      const piece = repeatedPiece(core);
      return piece !== undefined && (this.#repeatsTooLittle(core, decoration) || this.#isCommon(piece));
    });
  }

  /** One piece again and again that is too short alone, with what decorates it. */
  #repeatsTooLittle(text: string, decoration: number): boolean {
    const piece = repeatedPiece(text);
    return piece !== undefined && passwordLength(piece) + decoration < this.minLength;
  }

  /** Made of the person's own words, or this service's, and beside them only decoration or what is common itself. */
  #isPersonal(folded: string, about: AboutPerson): boolean {
    const rest = withoutWords(folded, [...personalWords(about), ...this.#contextWords]);
    return rest !== undefined && (isDecoration(rest) || this.#isCommon(rest));
  }

  #refusal(reasons: readonly PasswordProblem[]): BadPassword {
    const texts: Partial<Record<PasswordProblem, string>> = {
      TOO_SHORT: `It needs at least ${this.minLength} characters.`,
      TOO_LONG: `It may have at most ${this.maxLength} characters.`,
      COMMON: 'It is easy to guess: a common password, a row of keys, or one piece repeated.',
      PERSONAL: 'It is made of your name, your address or a word of this service.',
    };
    const message = ['This password will not do.', ...reasons.map((reason) => texts[reason])].join(' ');
    if (reasons.includes('TOO_LONG')) return { code: 'TOO_LONG', message, limit: this.maxLength, reasons };
    if (reasons.includes('TOO_SHORT')) return { code: 'TOO_SHORT', message, limit: this.minLength, reasons };
    return { code: 'NOT_ALLOWED', message, reasons };
  }
}
