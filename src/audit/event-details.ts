import type { DataKeyId, DayKeyId, RoleId, SessionId, UserId } from '../platform/ids.ts';

declare const nameBrand: unique symbol;

/** A short word that a program or an operator chose: a field of the schema, a limit, a key's id, an audience. No text of a client's. */
export type Name = string & { readonly [nameBrand]: true };

export type AnyId = UserId | SessionId | RoleId | DataKeyId | DayKeyId;

/** Neither `@` nor a space: no address, no sentence and hardly a password passes. A key's id is base64url and may begin with "-". */
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9_.:/-]{0,127}$/;

/** The name that `text` is. A TypeError means a programmer's mistake: something of a client's got here. */
export function toName(text: string): Name {
  if (!NAME.test(text)) throw new TypeError('Not a name that an audit event may hold');
  return text as Name;
}

/** One field of an event's details. There is no kind for free text: so a secret finds no place, and the compiler says so. */
export type DetailField =
  | { readonly kind: 'id' }
  | { readonly kind: 'name' }
  | { readonly kind: 'count' }
  | { readonly kind: 'flag' }
  | { readonly kind: 'oneOf'; readonly values: readonly string[] }
  | { readonly kind: 'someOf'; readonly values: readonly string[] }
  | { readonly kind: 'ids' };

export const id = { kind: 'id' } as const;
export const ids = { kind: 'ids' } as const;
export const name = { kind: 'name' } as const;
export const count = { kind: 'count' } as const;
export const flag = { kind: 'flag' } as const;
export const oneOf = <const V extends readonly string[]>(...values: V) => ({ kind: 'oneOf', values }) as const;
export const someOf = <const V extends readonly string[]>(...values: V) => ({ kind: 'someOf', values }) as const;

interface SimpleValues {
  id: AnyId;
  ids: readonly AnyId[];
  name: Name;
  count: number;
  flag: boolean;
}

export type DetailValue<F extends DetailField> = F extends { kind: 'oneOf'; values: readonly (infer V)[] }
  ? V
  : F extends { kind: 'someOf'; values: readonly (infer V)[] }
    ? readonly V[]
    : F extends { kind: keyof SimpleValues }
      ? SimpleValues[F['kind']]
      : never;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const isOf = (values: readonly string[], value: unknown) => values.some((known) => known === value);

/** Whether `value` is what `field` takes: the compiler's rule once more at run time, where a cast may have got round it. */
export function fits(field: DetailField, value: unknown): boolean {
  switch (field.kind) {
    case 'id':
      return typeof value === 'string' && UUID.test(value);
    case 'ids':
      return Array.isArray(value) && value.every((each) => fits(id, each));
    case 'name':
      return typeof value === 'string' && NAME.test(value);
    case 'count':
      return Number.isSafeInteger(value);
    case 'flag':
      return typeof value === 'boolean';
    case 'oneOf':
      return isOf(field.values, value);
    case 'someOf':
      return Array.isArray(value) && value.every((each) => isOf(field.values, each));
  }
}
