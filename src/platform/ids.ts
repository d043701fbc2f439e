declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type UserId = Branded<'UserId'>;
export type SessionId = Branded<'SessionId'>;
export type RoleId = Branded<'RoleId'>;
export type DeviceId = Branded<'DeviceId'>;
export type DataKeyId = Branded<'DataKeyId'>;
export type NodeId = Branded<'NodeId'>;
export type DayKeyId = Branded<'DayKeyId'>;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * The id that `text` spells, in lower case, or undefined. Everything from outside passes here before it meets SQL: PostgreSQL
 * answers a malformed uuid with an error, which fails every request that shares its statement.
 */
export function parseId<Id extends Branded<string>>(text: string): Id | undefined {
  const lower = text.toLowerCase();
  return UUID.test(lower) ? (lower as Id) : undefined;
}
