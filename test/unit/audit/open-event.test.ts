import { describe, expect, test } from '@jest/globals';
import { commitTo } from '../../../src/audit/commitment.ts';
import { openCommittedOrigin, openOrigin, openPersonal } from '../../../src/audit/open-event.ts';
import { SealBroken, seal, toSealingKey } from '../../../src/crypto/sealed.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { FULL_EVENT } from '../../support/audit-events.ts';

const key = toSealingKey('019364a1-7c3a-7000-8000-00000000000d', Buffer.alloc(32, 7));
const ORIGIN = { ip: '192.0.2.1', userAgent: 'node' };
const PERSONAL = { address: 'ada@example.com' };
const placeOf = (column: string) => ({ table: 'audit_events', column, rowId: FULL_EVENT.id });

const origin = commitTo(ORIGIN, systemRandom);
const subject = commitTo(PERSONAL, systemRandom);
const sealedOrigin = (committed = origin.committed) => seal(key, placeOf('origin'), committed, systemRandom);
const EVENT = {
  id: FULL_EVENT.id,
  origin: sealedOrigin(),
  originCommitment: origin.commitment,
  subjectData: seal(key, placeOf('subject_data'), subject.committed, systemRandom),
  subjectCommitment: subject.commitment,
};

describe('what is personal in an event', () => {
  test('opens to what the event was written with, and is null where nothing was', () => {
    expect([openOrigin(EVENT, key), openPersonal(EVENT, key)]).toEqual([ORIGIN, PERSONAL]);
    expect(openCommittedOrigin(EVENT, key)).toEqual(origin.committed);
    const bare = { ...EVENT, origin: null, originCommitment: null, subjectData: null, subjectCommitment: null };
    expect([openOrigin(bare, key), openPersonal(bare, key)]).toEqual([null, null]);
  });

  test('does not open to another value, though whoever wrote it holds the key: the seal covers the commitment', () => {
    const other = { ip: '192.0.2.2', userAgent: 'node' };
    const { committed, commitment } = commitTo(other, systemRandom);
    for (const changed of [
      { origin: sealedOrigin(committed) },
      { origin: sealedOrigin({ ...origin.committed, value: other }) },
      { origin: sealedOrigin({ ...committed, value: ORIGIN }) },
      { originCommitment: commitment },
      { originCommitment: Buffer.alloc(0) },
    ])
      expect(() => openOrigin({ ...EVENT, ...changed }, key)).toThrow(SealBroken);
    const address = commitTo({ address: 'bob@example.com' }, systemRandom);
    const subjectData = seal(key, placeOf('subject_data'), address.committed, systemRandom);
    expect(() => openPersonal({ ...EVENT, subjectData }, key)).toThrow(SealBroken);
  });

  test('is no field that was never set where one half of it was taken away', () => {
    for (const changed of [{ origin: null }, { originCommitment: null }])
      expect(() => openOrigin({ ...EVENT, ...changed }, key)).toThrow(SealBroken);
    for (const changed of [{ subjectData: null }, { subjectCommitment: null }])
      expect(() => openPersonal({ ...EVENT, ...changed }, key)).toThrow(SealBroken);
  });
});
