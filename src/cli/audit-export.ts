import { EXPORT_FORMATS, type ExportFormat, exportLines, findExportRange } from '../audit/export-lines.ts';
import { loadConfig } from '../config.ts';
import { openFoundation } from '../foundation.ts';
import { type Command, UsageError } from './command.ts';
import { OPERATOR } from './operator.ts';
import { parseOptions, toTime } from './words.ts';

export const auditExportCommand: Command = {
  name: 'audit export',
  summary: 'Print the sealed events, each with its proof, or for a SIEM.',
  help: `Usage: gatehouse audit export --format jsonl|cef [--since TIME]

Prints every sealed event, the oldest first, a line each. What is personal in them stays sealed. That the trail was
exported is itself an event of it.

  --format jsonl    JSON with an inclusion proof: each line can be checked by docs/verify-audit-proof.mjs
  --format cef      Common Event Format, for a SIEM
  --since TIME      what was sealed at this time or later (2026-11-24 or 2026-11-24T07:00:00Z)

  gatehouse audit export --format jsonl --since 2026-11-01 > november.jsonl`,

  async run(words, terminal) {
    const { format, since } = parse(words);
    const foundation = await openFoundation(loadConfig(terminal.env, terminal.facts));
    try {
      const { database, audit } = foundation;
      const range = await findExportRange(database.manager, since);
      const details = { format: format === 'cef' ? 'CEF' : 'JSONL', events: range?.events ?? 0 } as const;
      // Before the answer: what cannot be recorded is not shown.
      await audit.record(database.manager, { type: 'audit.exported', by: OPERATOR, details });
      if (!range) return 0;
      for await (const line of exportLines(database.manager, format, range)) terminal.print(line);
    } finally {
      await foundation.close();
    }
    return 0;
  },
};

function parse(words: readonly string[]): { format: ExportFormat; since: Date } {
  const values = parseOptions(words, { format: { type: 'string' }, since: { type: 'string' } });
  const format = EXPORT_FORMATS.find((each) => each === values.format);
  if (!format) throw new UsageError('--format must be jsonl or cef.');
  return { format, since: toTime(values.since) ?? new Date(0) };
}
