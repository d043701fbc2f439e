import { ASVS_ROWS } from './asvs-rows.ts';

/** Where a requirement is shown, or why it is not. */
export type AsvsProof =
  | { readonly kind: 'test'; readonly file: string; readonly title: string }
  | { readonly kind: 'page'; readonly page: string }
  | { readonly kind: 'not built yet' | 'not shown' | 'deviation' | 'not applicable'; readonly reason: string };

export interface AsvsRow {
  /** As 6.2.8. */
  readonly id: string;
  readonly level: 1 | 2;
  readonly asks: string;
  readonly proofs: readonly AsvsProof[];
}

/** The table of asvs-rows.ts, read. Throws an Error for a line that is none. */
export const asvsRows = (): readonly AsvsRow[] => ASVS_ROWS.trim().split('\n').map(toRow);

function toRow(line: string): AsvsRow {
  const [id = '', level, asks = '', shown, ...more] = line.split(' | ');
  if (shown === undefined || more.length > 0 || !/^\d+\.\d+\.\d+$/.test(id)) throw new Error(`No row of ASVS: ${line}`);
  if (level !== '1' && level !== '2') throw new Error(`No level of ASVS: ${line}`);
  return { id, level: level === '1' ? 1 : 2, asks, proofs: shown.split(' + ').map(toProof) };
}

const REASONS = ['not built yet', 'not shown', 'deviation', 'not applicable'] as const;

function toProof(text: string): AsvsProof {
  const kind = REASONS.find((reason) => text.startsWith(`${reason}: `));
  if (kind) return { kind, reason: text.slice(kind.length + 2) };
  if (text.startsWith('page ')) return { kind: 'page', page: text.slice(5) };
  const [, file, title] = /^([\w/-]+(?:\.property)?\.test\.ts): (.+)$/.exec(text) ?? [];
  if (file === undefined || title === undefined) throw new Error(`Neither a test nor a page nor a reason: ${text}`);
  return { kind: 'test', file, title };
}

/** The proof in Markdown, from docs/ on. */
function toText(proof: AsvsProof): string {
  if (proof.kind === 'test') return `\`${proof.file.split('/').at(-1)?.replace('.test.ts', '')}\`: ${proof.title}`;
  if (proof.kind !== 'page') return `**${proof.kind}**: ${proof.reason}`;
  return `[${proof.page}](${proof.page.startsWith('docs/') ? proof.page.slice(5) : `../${proof.page}`})`;
}

const isShown = ({ proofs }: AsvsRow) => proofs.every(({ kind }) => kind === 'test' || kind === 'page');
const has = (row: AsvsRow, kind: AsvsProof['kind']) => row.proofs.some((proof) => proof.kind === kind);

/** docs/asvs.md, all but its first lines. */
export function asvsDocument(): string {
  const rows = asvsRows();
  const count = (holds: (row: AsvsRow) => boolean) => rows.filter(holds).length;
  const lines = rows.map(
    (row) => `| v5.0.0-${row.id} | ${row.level} | ${row.asks} | ${row.proofs.map(toText).join('; ')} |`,
  );
  return `Each requirement of levels 1 and 2 of OWASP ASVS 5.0.0, in words of ours, with the test or page that shows it. The chapters on files (5),
OAuth (10, but for what holds by analogy) and WebRTC (17) are not here: there is nothing of the kind.
A deviation stands in [SECURITY.md](../SECURITY.md) with its reason.

Of ${rows.length}: ${count(isShown)} shown, ${count((row) => has(row, 'deviation'))} with a deviation, ${count((row) => has(row, 'not built yet'))} not built yet, ${count((row) => has(row, 'not shown'))} not shown by a test, ${count((row) => has(row, 'not applicable'))} not applicable.

| Requirement | Level | What it asks | Shown by |
| --- | --- | --- | --- |
${lines.join('\n')}
`;
}
