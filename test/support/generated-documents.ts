import { readFileSync } from 'node:fs';
import { ACCESS_MAP, type FieldAccess } from '../../src/access/access-map.ts';
import type { DetailField } from '../../src/audit/event-details.ts';
import { EVENT_TYPES, type EventSpec } from '../../src/audit/event-types.ts';
import { COMMANDS } from '../../src/cli/run-command.ts';
import { loadConfig } from '../../src/config.ts';
import { printSdl } from '../../src/graphql/build-schema.ts';
import { limitsTable } from '../../src/limits/limits-table.ts';
import { LIMIT_SETTING_NAMES } from '../../src/limits/rate-limits.ts';
import { PERSONAL_TABLES } from '../../src/personal-data/personal-tables.ts';
import { describeSchema } from '../../src/schema.ts';
import { limitVariable, settingsTable } from '../../src/settings.ts';
import { asvsDocument } from './asvs.ts';
import { licencesDocument } from './licences.ts';
import { otherLimits } from './other-limits.ts';

type Row = readonly string[];

const code = (text: string) => `\`${text}\``;
const cell = (text: string) => text.replaceAll('|', '\\|');
const table = (head: Row, rows: readonly Row[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');

/** Fields with the same rule and limits stand in one row, in the order of the map. */
function accessTable(): string {
  const rows = new Map<string, { readonly type: string; readonly fields: string[]; readonly access: FieldAccess }>();
  for (const [type, fields] of Object.entries(ACCESS_MAP)) {
    for (const [field, access] of Object.entries(fields)) {
      const isRoot = type === 'Query' || type === 'Mutation';
      const key = isRoot ? `${type}.${field}` : JSON.stringify([type, access.rule.says, access.limits]);
      const row = rows.get(key) ?? { type, fields: [], access };
      row.fields.push(field);
      rows.set(key, row);
    }
  }
  return table(
    ['Type', 'Fields', 'Who', 'Counted by'],
    [...rows.values()].map(({ type, fields, access }) => [
      type,
      fields.map(code).join(', '),
      access.rule.says,
      limitsOf(access),
    ]),
  );
}

const limitsOf = ({ limits, exempt }: FieldAccess): string =>
  `${limits.map(code).join(', ')}${exempt === 'KNOWN_DEVICE' ? '; a known device by an allowance of its own' : ''}`;

const DURATIONS = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
  [1, 's'],
] as const;

function toDuration(seconds: number): string {
  const [unit, name] = DURATIONS.find(([size]) => seconds >= size && seconds % size === 0) ?? [1, 's'];
  return `${seconds / unit} ${name}`;
}

/** The setting of a limit of documents is named as the limit's row would be, and begins with DOCUMENT_. */
const documentVariable = (limit: string) => limitVariable(limit).replace(/^LIMIT_/, 'DOCUMENT_');

function limitsDocument(): string {
  const rows = limitsTable(loadConfig({}, { cores: 2, cwd: '/', rateLimitNames: LIMIT_SETTING_NAMES }));
  const ofDocuments = rows.filter(({ answers }) => answers === 'DOCUMENT_LIMIT_EXCEEDED');
  const ofRates = rows.filter(({ answers }) => answers === 'RATE_LIMITED');
  return `# Limits

${GENERATED}

## Documents

A document over one of these is answered with \`DOCUMENT_LIMIT_EXCEEDED\`, and nothing of it runs. It is judged before it is validated.
The reasons are in [decisions/limits.md](decisions/limits.md).

${table(
  ['Limit', 'Maximum', 'Setting', 'What counts'],
  ofDocuments.map(({ limit, maximum, of }) => [
    code(limit),
    String(maximum),
    limit === 'credentialMutations' ? 'none' : code(documentVariable(limit)),
    of,
  ]),
)}

## Rates

A call over one of these is answered with \`RATE_LIMITED\` and \`retryAfter\` in seconds. A window begins with the first attempt that
counts. \`client\` is an IPv4 address or the /64 of an IPv6 one; \`account\` is the address that was typed, whether anyone has it or not.
The access table in [README.md](../README.md) says which fields each limit counts.

${table(
  ['Limit', 'Maximum', 'Window', 'Counted by', 'Setting', 'What counts'],
  ofRates.map(({ limit, maximum, windowSeconds, countedBy, of }) => [
    code(limit),
    String(maximum),
    toDuration(windowSeconds ?? 0),
    countedBy.replace('+', ' and '),
    code(limit === 'addressByClient' ? 'ADDRESS_LIMIT' : limitVariable(limit)),
    of,
  ]),
)}

## Everything else

${table(['Limit of', 'Maximum', 'Setting', 'Above it'], otherLimits())}
`;
}

const toKind = (field: DetailField): string =>
  field.kind === 'oneOf' || field.kind === 'someOf'
    ? // Two events carry every error code; the schema lists them.
      `${field.kind === 'oneOf' ? 'one' : 'some'} of ${field.values.length > 12 ? 'ErrorCode' : field.values.join(', ')}`
    : field.kind;

const detailsOf = ({ details }: EventSpec): string =>
  Object.entries(details)
    .map(([name, field]) => `${code(name)} (${toKind(field)})`)
    .join(', ');

function eventsDocument(): string {
  const rows = Object.entries<EventSpec>(EVENT_TYPES).map(([type, spec]) => [
    code(type),
    spec.outcome,
    spec.subject,
    detailsOf(spec),
    (spec.personal ?? []).map(code).join(', '),
    `${spec.says}${spec.power ? ' A use of permissions over others.' : ''}`,
  ]);
  return `# Audit events

${GENERATED}

A change and its event commit in one transaction, or neither does. Refusals and failures are written after the answer.
Every event has an id, a time, who did it, its outcome, the request's id and the name of the operation. Where it came from (IP and
user agent) and what stands under "Sealed" are personal: they are encrypted, and go when the key of their person goes.

${table(['Type', 'Outcome', 'Subject', 'Details', 'Sealed', 'What happened'], rows)}
`;
}

const personalTables = (): string =>
  table(
    ['Table', 'In a copy', 'After an erasure'],
    Object.entries(PERSONAL_TABLES).map(([name, { exportedAs, because, erased }]) => [
      code(name),
      exportedAs === null ? `no: ${because}` : code(exportedAs),
      erased,
    ]),
  );

const commandsTable = (): string =>
  table(
    ['Command', 'What it does'],
    COMMANDS.map(({ name, summary }) => [code(name), summary]),
  );

const GENERATED = '<!-- Made from the sources by `npm run docs`: change them there. -->';

/** Puts `text` between the markers of that name. Throws an Error where they are not there. */
function fill(document: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name}: made by npm run docs -->`, `<!-- /${name} -->`];
  const [before, rest] = document.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`There is no place for ${name}: ${begin}`);
  return `${before}${begin}\n\n${text.trim()}\n\n${end}${after}`;
}

/** Every generated document by its path from the project on, as it must be. README.md keeps all but its marked parts. */
export function generatedDocuments(): ReadonlyMap<string, string> {
  const readme = fill(readFileSync('README.md', 'utf8'), 'settings', settingsTable(LIMIT_SETTING_NAMES));
  return new Map([
    ['README.md', fill(fill(readme, 'commands', commandsTable()), 'access', accessTable())],
    ['docs/limits.md', limitsDocument()],
    ['docs/audit-events.md', eventsDocument()],
    ['docs/asvs.md', `# OWASP ASVS 5.0.0\n\n${GENERATED}\n\n${asvsDocument()}`],
    ['docs/licences.md', `# Licences\n\n${GENERATED}\n\n${licencesDocument()}`],
    ['docs/personal-data.md', fill(readFileSync('docs/personal-data.md', 'utf8'), 'personal-tables', personalTables())],
    ['schema/schema.graphql', printSdl(describeSchema())],
  ]);
}
