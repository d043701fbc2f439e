import { toName } from '../audit/event-details.ts';

/** Whoever types a command, in the audit trail. */
export const OPERATOR = { kind: 'OPERATOR', id: toName('command-line') } as const;
