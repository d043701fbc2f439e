import {
  type ArgumentNode,
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  GraphQLNonNull,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  Kind,
  type ObjectValueNode,
  type ValueNode,
} from 'graphql';
import type { InputPath, ProblemList } from './problem-list.ts';
import { Refused } from './scalars/refused.ts';

/** What the operation declares of a variable, and what the request sent for it, as JSON. */
export interface GivenVariable {
  readonly type: GraphQLInputType;
  readonly defaultValue: ValueNode | undefined;
  /** Undefined when it was not sent. */
  readonly value: unknown;
}

type InputObject = Record<string, unknown>;

const MISSING = new Refused('REQUIRED', 'A value is required.');
const UNKNOWN_FIELD = new Refused('NOT_ALLOWED', 'There is no such field.');
const UNKNOWN_MEMBER = new Refused('NOT_ALLOWED', 'Must be one of the values of the enum.');
const NOT_AN_OBJECT = new Refused('INVALID_FORMAT', 'Must be an object.');
const WRONG_FORM = new Refused('INVALID_FORMAT', 'Has the wrong form.');
const NOT_WHOLE = new Refused('INVALID_FORMAT', 'Must be a whole number.');
const MAX_INT = 2 ** 31 - 1;
const TOO_LARGE = new Refused('OUT_OF_RANGE', `Must be at most ${MAX_INT}.`, MAX_INT);
const TOO_SMALL = new Refused('OUT_OF_RANGE', `Must be at least ${-MAX_INT - 1}.`, -MAX_INT - 1);
const WORDS: Readonly<Record<string, Refused>> = {
  String: new Refused('INVALID_FORMAT', 'Must be a text.'),
  ID: new Refused('INVALID_FORMAT', 'Must be a text or a whole number.'),
  Boolean: new Refused('INVALID_FORMAT', 'Must be true or false.'),
};

/** Names as GraphQL has them, of a sensible length. Any other key of a client's object is not repeated to it. */
const NAME = /^[_A-Za-z][_0-9A-Za-z]{0,63}$/;

/**
 * Coerces the arguments of one field from their nodes and the request's variables, as graphql-js does (execution/values.js,
 * utilities/coerceInputValue.js), with two differences: it goes on after a fault and lists each where it stands in the
 * arguments, and it repeats no value. What has a fault is undefined in the answer.
 */
export class InputCoercion {
  readonly #variables: ReadonlyMap<string, GivenVariable>;
  readonly #found: ProblemList;

  constructor(variables: ReadonlyMap<string, GivenVariable>, found: ProblemList) {
    this.#variables = variables;
    this.#found = found;
  }

  coerceArguments(definitions: readonly GraphQLArgument[], nodes: readonly ArgumentNode[]): InputObject {
    const values: InputObject = {};
    for (const definition of definitions) {
      const node = nodes.find(({ name }) => name.value === definition.name)?.value;
      values[definition.name] = this.#coerceMember(definition, node, undefined);
    }
    return values;
  }

  /** An argument or a field of a literal object. */
  #coerceMember(
    member: GraphQLArgument | GraphQLInputField,
    node: ValueNode | undefined,
    parent: InputPath | undefined,
  ) {
    const at = { parent, key: member.name };
    if (node !== undefined && !this.#isAbsent(node)) return this.#coerceNode(node, member.type, at);
    // A variable that was not sent counts as nothing written, unless the operation declares that it must be.
    const mustBeSent = node?.kind === Kind.VARIABLE && isNonNullType(this.#variables.get(node.name.value)?.type);
    return mustBeSent ? this.#refuse(at, MISSING) : this.#absentMember(member, at);
  }

  #absentMember(member: GraphQLArgument | GraphQLInputField, at: InputPath): unknown {
    if (member.defaultValue !== undefined) return member.defaultValue;
    return isNonNullType(member.type) ? this.#refuse(at, MISSING) : undefined;
  }

  #isAbsent(node: ValueNode): boolean {
    if (node.kind !== Kind.VARIABLE) return false;
    const variable = this.#variables.get(node.name.value);
    return variable === undefined || (variable.value === undefined && variable.defaultValue === undefined);
  }

  #coerceNode(node: ValueNode, type: GraphQLInputType, at: InputPath): unknown {
    if (node.kind === Kind.VARIABLE) return this.#coerceVariable(node.name.value, type, at);
    if (isNonNullType(type)) {
      return node.kind === Kind.NULL ? this.#refuse(at, MISSING) : this.#coerceNode(node, type.ofType, at);
    }
    if (node.kind === Kind.NULL) return null;
    if (isListType(type)) {
      if (node.kind !== Kind.LIST) return [this.#coerceNode(node, type.ofType, at)];
      return this.#coerceItems(node.values, at, (item, itemAt) => this.#coerceNode(item, type.ofType, itemAt));
    }
    if (isInputObjectType(type)) {
      return node.kind === Kind.OBJECT ? this.#coerceObjectNode(node, type, at) : this.#refuse(at, NOT_AN_OBJECT);
    }
    try {
      return type.parseLiteral(node, this.#sentValues()) ?? this.#refuse(at, WRONG_FORM);
    } catch {
      return this.#refuse(at, isEnumType(type) ? UNKNOWN_MEMBER : (WORDS[type.name] ?? WRONG_FORM));
    }
  }

  #coerceVariable(name: string, type: GraphQLInputType, at: InputPath): unknown {
    const variable = this.#variables.get(name);
    if (variable === undefined || this.#isAbsentValue(variable)) {
      return isNonNullType(type) || isNonNullType(variable?.type) ? this.#refuse(at, MISSING) : null;
    }
    // The variable's own type may ask for more than its place does, and the place forbids null where the type does not.
    const strict =
      isNonNullType(type) && !isNonNullType(variable.type) ? new GraphQLNonNull(variable.type) : variable.type;
    const { value, defaultValue } = variable;
    if (value !== undefined) return this.#coerceValue(value, strict, at);
    return defaultValue && this.#coerceNode(defaultValue, strict, at);
  }

  #isAbsentValue({ value, defaultValue }: GivenVariable): boolean {
    return value === undefined && defaultValue === undefined;
  }

  #coerceObjectNode(node: ObjectValueNode, type: GraphQLInputObjectType, at: InputPath): InputObject {
    const fields = type.getFields();
    const values: InputObject = {};
    for (const field of Object.values(fields)) {
      const given = node.fields.find(({ name }) => name.value === field.name)?.value;
      values[field.name] = this.#coerceMember(field, given, at);
    }
    this.#refuseUnknown(
      node.fields.map(({ name }) => name.value),
      fields,
      at,
    );
    return values;
  }

  #coerceValue(value: unknown, type: GraphQLInputType, at: InputPath): unknown {
    if (isNonNullType(type)) {
      return value === null || value === undefined
        ? this.#refuse(at, MISSING)
        : this.#coerceValue(value, type.ofType, at);
    }
    if (value === null || value === undefined) return null;
    if (isListType(type)) {
      if (!Array.isArray(value)) return [this.#coerceValue(value, type.ofType, at)];
      return this.#coerceItems(value, at, (item, itemAt) => this.#coerceValue(item, type.ofType, itemAt));
    }
    if (isInputObjectType(type)) {
      const isObject = typeof value === 'object' && !Array.isArray(value);
      return isObject ? this.#coerceObject(value as InputObject, type, at) : this.#refuse(at, NOT_AN_OBJECT);
    }
    if (type.name === 'Int') return this.#coerceInt(value, at);
    try {
      return type.parseValue(value) ?? this.#refuse(at, WRONG_FORM);
    } catch {
      if (isEnumType(type)) return this.#refuse(at, typeof value === 'string' ? UNKNOWN_MEMBER : WRONG_FORM);
      return this.#refuse(at, WORDS[type.name] ?? WRONG_FORM);
    }
  }

  #coerceObject(given: InputObject, type: GraphQLInputObjectType, at: InputPath): InputObject {
    const fields = type.getFields();
    const values: InputObject = {};
    for (const field of Object.values(fields)) {
      const value = Object.hasOwn(given, field.name) ? given[field.name] : undefined;
      const fieldAt = { parent: at, key: field.name };
      values[field.name] =
        value === undefined ? this.#absentMember(field, fieldAt) : this.#coerceValue(value, field.type, fieldAt);
    }
    this.#refuseUnknown(Object.keys(given), fields, at);
    return values;
  }

  #coerceInt(value: unknown, at: InputPath): unknown {
    if (typeof value !== 'number' || (Number.isFinite(value) && !Number.isInteger(value)))
      return this.#refuse(at, NOT_WHOLE);
    if (value > MAX_INT) return this.#refuse(at, TOO_LARGE);
    return value < -MAX_INT - 1 ? this.#refuse(at, TOO_SMALL) : value;
  }

  #coerceItems<T>(items: readonly T[], parent: InputPath, coerce: (item: T, at: InputPath) => unknown): unknown[] {
    const values: unknown[] = [];
    for (const [index, item] of items.entries()) {
      if (this.#found.isFull) break;
      values.push(coerce(item, { parent, key: String(index) }));
    }
    return values;
  }

  #refuseUnknown(keys: readonly string[], fields: Readonly<Record<string, unknown>>, parent: InputPath): void {
    for (const key of keys) {
      if (this.#found.isFull) return;
      if (!Object.hasOwn(fields, key)) this.#found.add(NAME.test(key) ? { parent, key } : parent, UNKNOWN_FIELD);
    }
  }

  #refuse(at: InputPath, problem: Refused): undefined {
    this.#found.add(at, problem);
    return undefined;
  }

  #sentValues(): InputObject {
    return Object.fromEntries([...this.#variables].map(([name, { value }]) => [name, value]));
  }
}
