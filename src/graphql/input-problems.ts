import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  GraphQLInputObjectType,
  type GraphQLInputType,
  GraphQLList,
  GraphQLNonNull,
  type GraphQLResolveInfo,
  isEnumType,
  isSpecifiedScalarType,
} from 'graphql';
import { badInput, badPassword, type PasswordVerdict } from '../platform/bad-input.ts';
import { DEFAULT_MAX_ITEMS, type InputLimits, inputExtensionsOf } from './input-limits.ts';
import { type InputPath, ProblemList } from './problem-list.ts';
import { Refused } from './scalars/refused.ts';
import { findCurrentPasswordProblem, findPasswordProblem, findTextProblem } from './text-problems.ts';

type InputObject = Readonly<Record<string, unknown>>;

/**
 * What the policy says of a new password. `siblings` is the input object that it stands in, coerced: `siblings.email`,
 * `siblings.profile.displayName`. Values may be missing, null or `Refused`: take what is a string.
 */
export type JudgePassword = (password: string, siblings: InputObject) => PasswordVerdict | undefined;

/** Reports what is wrong with a coerced value, which is neither null nor undefined. */
type Check = (value: unknown, at: InputPath, found: ProblemList, siblings: InputObject) => void;

type MembersCheck = (values: InputObject, parent: InputPath | undefined, found: ProblemList) => void;

/** Reports what is wrong with a field's coerced arguments. */
export type ArgumentsCheck = (args: InputObject, found: ProblemList) => void;

/**
 * Finds what graphql-js lets through: values that a scalar refused, texts and lists beyond what was declared for them, and
 * passwords that the policy refuses. Works on coerced arguments, so literals, variables and defaults are one. Each type is
 * read once; what has nothing to check costs nothing.
 */
export class InputProblems {
  readonly #judge: JudgePassword;
  readonly #objects = new Map<GraphQLInputObjectType, Check>();
  readonly #fields = new WeakMap<GraphQLField<unknown, unknown>, ArgumentsCheck | null>();

  constructor(judge: JudgePassword) {
    this.#judge = judge;
  }

  /** The check of this field's arguments, or undefined where they need none. */
  checkOf(field: GraphQLField<unknown, unknown>): ArgumentsCheck | undefined {
    let check = this.#fields.get(field);
    if (check === undefined) {
      check = this.checkOfArguments(field.args) ?? null;
      this.#fields.set(field, check);
    }
    return check ?? undefined;
  }

  /** The same for any arguments, a directive's too. Not remembered. */
  checkOfArguments(args: readonly GraphQLArgument[]): ArgumentsCheck | undefined {
    const check = this.#checkOfMembers(args);
    return check && ((values, found) => check(values, undefined, found));
  }

  /**
   * For any field, after its rule and limit allowed it: throws AppError BAD_USER_INPUT or WEAK_PASSWORD for its arguments
   * alone. The answers of its neighbours stay.
   */
  refuseBadInput(args: InputObject, info: Pick<GraphQLResolveInfo, 'parentType' | 'fieldName'>): void {
    const field = info.parentType.getFields()[info.fieldName];
    const check = field && this.checkOf(field);
    if (check === undefined) return;
    const found = new ProblemList();
    check(args, found);
    if (found.size > 0) throw badInput(found.entries);
  }

  #checkOfMembers(members: readonly (GraphQLArgument | GraphQLInputField)[]): MembersCheck | undefined {
    const checks: [string, Check][] = [];
    for (const member of members) {
      const check = this.#checkOfMember(member);
      if (check) checks.push([member.name, check]);
    }
    if (checks.length === 0) return undefined;
    return (values, parent, found) => {
      for (const [key, check] of checks) {
        const value = values[key];
        if (value !== null && value !== undefined) check(value, { parent, key }, found, values);
      }
    };
  }

  #checkOfMember(member: GraphQLArgument | GraphQLInputField): Check | undefined {
    const { limits = {}, password } = inputExtensionsOf(member);
    if (password === 'current') return textCheck(findCurrentPasswordProblem);
    if (password === 'new-of-user') return textCheck(findPasswordProblem);
    if (password === 'new') return this.#newPasswordCheck();
    return this.#checkOfType(member.type, limits);
  }

  #checkOfType(type: GraphQLInputType, limits: InputLimits): Check | undefined {
    if (type instanceof GraphQLNonNull) return this.#checkOfType(type.ofType, limits);
    if (type instanceof GraphQLList) return listCheck(this.#checkOfType(type.ofType, limits), limits);
    if (type instanceof GraphQLInputObjectType) return this.#checkOfObject(type);
    if (isEnumType(type)) return undefined;
    if (!isSpecifiedScalarType(type)) return refusedCheck;
    if (type.name === 'String' || type.name === 'ID') return textCheck((text) => findTextProblem(text, limits));
    return type.name === 'Boolean' ? undefined : numberCheck(limits);
  }

  /** A type may hold itself, so its members are read at its first value. */
  #checkOfObject(type: GraphQLInputObjectType): Check {
    const known = this.#objects.get(type);
    if (known) return known;
    let checkMembers: MembersCheck | undefined;
    const check: Check = (value, at, found) => {
      checkMembers ??= this.#checkOfMembers(Object.values(type.getFields())) ?? (() => undefined);
      checkMembers(value as InputObject, at, found);
    };
    this.#objects.set(type, check);
    return check;
  }

  #newPasswordCheck(): Check {
    return (value, at, found, siblings) => {
      if (typeof value !== 'string') return;
      const problem = findPasswordProblem(value);
      if (problem) return found.add(at, problem);
      const verdict = this.#judge(value, siblings);
      if (verdict) found.add(at, badPassword([], verdict));
    };
  }
}

function textCheck(findProblem: (text: string) => Refused | undefined): Check {
  return (value, at, found) => {
    const problem = typeof value === 'string' ? findProblem(value) : undefined;
    if (problem) found.add(at, problem);
  };
}

const refusedCheck: Check = (value, at, found) => {
  if (value instanceof Refused) found.add(at, value);
};

function numberCheck({
  min = Number.NEGATIVE_INFINITY,
  max = Number.POSITIVE_INFINITY,
}: InputLimits): Check | undefined {
  if (!Number.isFinite(min) && !Number.isFinite(max)) return undefined;
  const tooLow = new Refused('OUT_OF_RANGE', `Must be at least ${min}.`, min);
  const tooHigh = new Refused('OUT_OF_RANGE', `Must be at most ${max}.`, max);
  return (value, at, found) => {
    if (typeof value !== 'number') return;
    if (value < min) found.add(at, tooLow);
    if (value > max) found.add(at, tooHigh);
  };
}

function listCheck(checkItem: Check | undefined, { minItems = 0, maxItems = DEFAULT_MAX_ITEMS }: InputLimits): Check {
  const tooShort = new Refused('TOO_SHORT', `Must have at least ${minItems} items.`, minItems);
  const tooLong = new Refused('TOO_LONG', `Must have at most ${maxItems} items.`, maxItems);
  return (value, parent, found, siblings) => {
    if (!Array.isArray(value)) return;
    if (value.length < minItems) found.add(parent, tooShort);
    // The items of an endless list are not looked at: it is refused as a whole.
    if (value.length > maxItems) return found.add(parent, tooLong);
    if (!checkItem) return;
    for (const [index, item] of value.entries()) {
      if (item !== null && item !== undefined) checkItem(item, { parent, key: String(index) }, found, siblings);
    }
  };
}
