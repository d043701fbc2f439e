import { Extensions } from 'type-graphql';

/** What a value may be. Texts are counted in code points. */
export interface InputLimits {
  readonly minLength?: number;
  /** Without it `DEFAULT_MAX_LENGTH`. */
  readonly maxLength?: number;
  /** The text must have something besides white space. */
  readonly notBlank?: true;
  /** The text may have line breaks and tabs. */
  readonly multiline?: true;
  readonly minItems?: number;
  /** Of a list, whose items the other limits hold for. Without it `DEFAULT_MAX_ITEMS`. */
  readonly maxItems?: number;
  /** Of an Int, both included. */
  readonly min?: number;
  readonly max?: number;
}

/** Of a text for which nothing was declared: more than any token has, and too little to fill a database with. */
export const DEFAULT_MAX_LENGTH = 4_096;
export const DEFAULT_MAX_ITEMS = 100;

/** Keys of `GraphQLInputField.extensions`, which type-graphql's `@Extensions` fills for input and args classes. */
interface InputExtensions {
  readonly limits?: InputLimits;
  readonly password?: 'new' | 'new-of-user' | 'current';
}

/** What the field of an input or args class takes. */
export const Limits = (limits: InputLimits) => Extensions({ limits } satisfies InputExtensions);

/** A password that was set before: any text, control characters too, and never trimmed. */
export const CurrentPassword = () => Extensions({ password: 'current' } satisfies InputExtensions);

/** A password to be set: also judged by the policy, together with all else that is wrong in the input. */
export const NewPassword = () => Extensions({ password: 'new' } satisfies InputExtensions);

/**
 * A password to be set for somebody who is known: their service judges it, its length too, since it knows what they are called.
 * Here it is only kept from being no text at all.
 */
export const NewPasswordOfUser = () => Extensions({ password: 'new-of-user' } satisfies InputExtensions);

/** What was declared for an input field or argument. */
export function inputExtensionsOf(field: { readonly extensions: Readonly<Record<string, unknown>> }): InputExtensions {
  return field.extensions as InputExtensions;
}
