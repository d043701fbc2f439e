import type { CanonicalEvent } from '../../src/audit/canonical-event.ts';

/** An event with every field set, as it would stand in its row. */
export const FULL_EVENT: CanonicalEvent = {
  id: '019364a1-7c3a-7000-8000-000000000001',
  format: 1,
  at: new Date('2026-11-24T07:02:50.123Z'),
  type: 'session.created',
  outcome: 'SUCCESS',
  actorKind: 'USER',
  actorId: '019364a1-7c3a-7000-8000-00000000000a',
  subjectId: '019364a1-7c3a-7000-8000-00000000000b',
  operationName: 'Login',
  requestId: 'request-1',
  node: 'node-1',
  details: { session: '019364a1-7c3a-7000-8000-00000000000c', knownDevice: false, factors: ['pwd'] },
  originKeyKind: 'DATA',
  originKeyId: '019364a1-7c3a-7000-8000-00000000000d',
  originCommitment: Buffer.alloc(32, 1),
  subjectKeyKind: 'DAY',
  subjectKeyId: '019364a1-7c3a-7000-8000-00000000000e',
  subjectCommitment: Buffer.alloc(32, 2),
  auditKeyId: 'a1',
};

/** One change to each field that MAC and leaf cover. */
export const CHANGES: { readonly [F in keyof CanonicalEvent]: CanonicalEvent[F] } = {
  id: '019364a1-7c3a-7000-8000-000000000002',
  format: 2,
  at: new Date('2026-11-24T07:02:50.124Z'),
  type: 'session.ended',
  outcome: 'DENIED',
  actorKind: 'OPERATOR',
  actorId: null,
  subjectId: '019364a1-7c3a-7000-8000-00000000000a',
  operationName: 'login',
  requestId: null,
  node: 'node-2',
  details: { session: '019364a1-7c3a-7000-8000-00000000000c', knownDevice: true, factors: ['pwd'] },
  originKeyKind: 'DAY',
  originKeyId: '019364a1-7c3a-7000-8000-00000000000e',
  originCommitment: null,
  subjectKeyKind: null,
  subjectKeyId: null,
  subjectCommitment: Buffer.alloc(32, 3),
  auditKeyId: 'a2',
};
