import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { hash as argon2, argon2d } from 'argon2';
import { PasswordHasher } from '../../../src/crypto/password-hasher.ts';
import { AppError } from '../../../src/platform/errors.ts';
import { CountedRandom } from '../../support/counted-random.ts';

const SETTINGS = { memoryKib: 64, passes: 2, concurrency: 1, queue: 8, queueMs: 5_000 };
const makeHasher = (settings = {}) => new PasswordHasher({ ...SETTINGS, ...settings }, new CountedRandom());
const parametersOf = (encoded: string) => encoded.split('$').slice(1, 4).join(' ');
const keyedHashOf = (address: string) => createHmac('sha256', 'key').update(address).digest();

describe('hashing', () => {
  test('makes argon2id strings of the settings, each with its own salt', async () => {
    const hasher = makeHasher();
    const [one, two] = await Promise.all([hasher.hash('my password', 'known'), hasher.hash('my password', 'stranger')]);
    expect(parametersOf(one)).toBe('argon2id v=19 m=64,t=2,p=1');
    expect(one).not.toBe(two);
    await expect(hasher.verify(one, 'my password', 'known')).resolves.toBe(true);
    await expect(hasher.verify(two, 'my password', 'stranger')).resolves.toBe(true);
    await expect(hasher.verify(one, 'my passwort', 'known')).resolves.toBe(false);
  });

  test('takes the salt from the randomness it was given', async () => {
    const [one, two] = await Promise.all([makeHasher().hash('text', 'known'), makeHasher().hash('text', 'known')]);
    expect(one).toBe(two);
    expect(Buffer.from(one.split('$')[4] ?? '', 'base64')).toHaveLength(16);
  });

  test('takes a password as the same on every keyboard, and as another in every other letter', async () => {
    const hasher = makeHasher();
    const encoded = await hasher.hash('Ange\u0301line ﬁsh', 'known');
    await expect(hasher.verify(encoded, 'Angéline fish', 'known')).resolves.toBe(true);
    for (const other of ['angéline fish', 'Angeline fish', 'Angéline fish ', ' Angéline fish']) {
      await expect(hasher.verify(encoded, other, 'known')).resolves.toBe(false);
    }
  });

  test('hashes all of 256 code points: the last one counts', async () => {
    const hasher = makeHasher();
    const encoded = await hasher.hash(`${'🔑'.repeat(255)}a`, 'known');
    await expect(hasher.verify(encoded, `${'🔑'.repeat(255)}a`, 'known')).resolves.toBe(true);
    await expect(hasher.verify(encoded, `${'🔑'.repeat(255)}b`, 'known')).resolves.toBe(false);
  });

  test('refuses to hash what no policy lets through, and never finds it right', async () => {
    const hasher = makeHasher();
    const encoded = await hasher.hash('half \uFFFD of one', 'known');
    for (const impossible of ['x'.repeat(257), 'half \uD83D of one']) {
      await expect(hasher.hash(impossible, 'known')).rejects.toThrow(TypeError);
      await expect(hasher.verify(encoded, impossible, 'known')).resolves.toBe(false);
    }
    await expect(hasher.verify(encoded, 'half \uFFFD of one', 'known')).resolves.toBe(true);
  });

  test('reads hashes of other parameters, and says that they are due for a new one', async () => {
    const old = await makeHasher({ memoryKib: 32, passes: 1 }).hash('my password', 'known');
    const hasher = makeHasher();
    await expect(hasher.verify(old, 'my password', 'known')).resolves.toBe(true);
    expect(hasher.needsRehash(old)).toBe(true);
    const current = await hasher.hash('my password', 'known');
    expect(hasher.needsRehash(current)).toBe(false);
    expect(hasher.needsRehash('$2b$12$of.another.kind')).toBe(true);
  });

  test('answers false for a hash it cannot read, and throws for none', async () => {
    const hasher = makeHasher();
    const other = await argon2('my password', { type: argon2d, memoryCost: 64, timeCost: 2, parallelism: 1 });
    for (const unreadable of [
      other,
      '',
      '$',
      'my password',
      '$argon2id$',
      '$argon2id$v=19$m=64,t=2,p=1$!$!',
      '$2b$12$abc',
    ]) {
      await expect(hasher.verify(unreadable, 'my password', 'known')).resolves.toBe(false);
    }
  });
});

describe('the queue in front of hashing', () => {
  test('answers BUSY to a flood with a time to come back, and does the rest', async () => {
    const hasher = makeHasher({ memoryKib: 1_024, queue: 4 });
    const tries = Array.from({ length: 20 }, () => hasher.hash('my password', 'stranger'));
    const results = await Promise.allSettled(tries);
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(errors).toHaveLength(17);
    for (const error of errors) {
      expect(error).toBeInstanceOf(AppError);
      expect(error).toMatchObject({ code: 'BUSY', facts: { retryAfter: 5 } });
    }
  });

  test('holds back every kind of work alike: hashes, checks, decoys, and hashes nobody can read', async () => {
    const hasher = makeHasher({ memoryKib: 1_024, queue: 0 });
    const encoded = await hasher.hash('my password', 'known');
    for (const work of [
      () => hasher.hash('my password', 'known'),
      () => hasher.verify(encoded, 'my password', 'known'),
      () => hasher.verify(hasher.decoyFor(keyedHashOf('nobody')), 'my password', 'known'),
      () => hasher.verify('unreadable', 'my password', 'known'),
    ]) {
      const first = hasher.hash('my password', 'known');
      await expect(work()).rejects.toMatchObject({ code: 'BUSY' });
      await first;
    }
  });
});

describe('decoys', () => {
  const OLD = 'm=32,t=1,p=1';
  const NEW = 'm=64,t=2,p=1';
  const decoysOf = (hasher: PasswordHasher, count = 4_000) =>
    Array.from({ length: count }, (_, i) => hasher.decoyFor(keyedHashOf(`person${i}@example.com`)).split('$')[3]);

  test('have the settings of the hasher while nothing else is known', () => {
    expect(new Set(decoysOf(makeHasher(), 100))).toEqual(new Set([NEW]));
  });

  test('all have the one set of parameters in use, also where the settings are others', () => {
    const hasher = makeHasher();
    hasher.setDecoyParameters([{ parameters: OLD, users: 12 }]);
    expect(new Set(decoysOf(hasher, 100))).toEqual(new Set([OLD]));
  });

  test('stand in the proportions of the stored hashes, and one address always gets the same', () => {
    const hasher = makeHasher();
    hasher.setDecoyParameters([
      { parameters: NEW, users: 250 },
      { parameters: OLD, users: 750 },
    ]);
    const decoys = decoysOf(hasher);
    expect(decoysOf(hasher)).toEqual(decoys);
    const share = decoys.filter((parameters) => parameters === OLD).length / decoys.length;
    expect(share).toBeGreaterThan(0.72);
    expect(share).toBeLessThan(0.78);
  });

  test('move from old parameters to new ones as users do: once, and never back', () => {
    const hasher = makeHasher();
    let before: (string | undefined)[] = [];
    for (const left of [100, 60, 20, 0]) {
      const inUse = [
        { parameters: NEW, users: 100 - left },
        { parameters: OLD, users: left },
      ];
      // The database may give them in any order.
      hasher.setDecoyParameters(left === 60 ? inUse : inUse.reverse());
      const now = decoysOf(hasher, 500);
      expect(now.every((parameters, i) => parameters === NEW || before[i] !== NEW)).toBe(true);
      before = now;
    }
    expect(new Set(before)).toEqual(new Set([NEW]));
  });

  test('leave out what is no set of parameters', () => {
    const hasher = makeHasher();
    hasher.setDecoyParameters([
      { parameters: 'ln=15,r=8,p=1', users: 1_000 },
      { parameters: OLD, users: 1 },
    ]);
    expect(new Set(decoysOf(hasher, 100))).toEqual(new Set([OLD]));
    hasher.setDecoyParameters([{ parameters: OLD, users: 0 }]);
    expect(new Set(decoysOf(hasher, 100))).toEqual(new Set([NEW]));
  });

  test('differ from a stored hash in nothing that costs time, and open with no password', async () => {
    const hasher = makeHasher();
    const decoy = hasher.decoyFor(keyedHashOf('nobody@example.com'));
    const stored = await hasher.hash('my password', 'known');
    expect(parametersOf(decoy)).toBe(parametersOf(stored));
    expect(decoy).toHaveLength(stored.length);
    await expect(hasher.verify(decoy, 'my password', 'known')).resolves.toBe(false);
  });

  test('need a keyed hash long enough to pick by', () => {
    expect(() => makeHasher().decoyFor(Buffer.alloc(5))).toThrow(TypeError);
    expect(() => makeHasher().decoyFor(new Uint8Array(6).fill(255))).not.toThrow();
  });
});
