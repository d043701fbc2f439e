/** Loaded before the server by audit-cost.mjs alone: events are neither made nor written. The server itself has no such switch. */
import { AuditTrail } from '../dist/src/audit/audit-trail.js';
import { Sealer } from '../dist/src/audit/sealer.js';
import { queryPrepared } from '../dist/src/platform/prepared-statements.js';

const NO_EVENT = '00000000-0000-0000-0000-000000000000';

AuditTrail.prototype.record = async () => NO_EVENT;
AuditTrail.prototype.write = async () => {};
/** The change as it would be without an event in its statement. */
AuditTrail.prototype.recordWith = async (manager, { name, text, values }) =>
  (await queryPrepared(manager, { name, text: `WITH ${text} SELECT * FROM changed` }, values))[0];
/** What the other server writes is that one's to seal. */
Sealer.prototype.step = async () => false;
