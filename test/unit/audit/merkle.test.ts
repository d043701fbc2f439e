import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { inclusionPath, leafHash, merkleRoot } from '../../../src/audit/merkle.ts';

/** The inputs of the test vectors of Certificate Transparency's reference code, and the roots it gives for the first n of them. */
const INPUTS = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(
  (hex) => Buffer.from(hex, 'hex'),
);
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

describe('the Merkle root', () => {
  test.each(ROOTS.map((root, index) => [index + 1, root] as const))(
    'over %i leaves is that of RFC 6962',
    (size, root) => {
      expect(merkleRoot(INPUTS.slice(0, size).map(leafHash)).toString('hex')).toBe(root);
    },
  );

  test('is refused over no leaves', () => {
    expect(() => merkleRoot([])).toThrow(TypeError);
  });
});

/** What a verifier does with a path (RFC 9162 §2.1.3.2): it knows index and size, and never the other leaves. */
function climb(leaf: Buffer, index: number, size: number, path: readonly Buffer[]): string | undefined {
  const node = (left: Buffer, right: Buffer) =>
    createHash('sha256').update(Buffer.of(1)).update(left).update(right).digest();
  let [at, last, hash] = [index, size - 1, leaf];
  for (const sibling of path) {
    if (last === 0) return undefined;
    if (at % 2 === 1 || at === last) {
      hash = node(sibling, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [at >> 1, last >> 1];
    } else hash = node(hash, sibling);
    [at, last] = [at >> 1, last >> 1];
  }
  return last === 0 ? hash.toString('hex') : undefined;
}

describe('an inclusion path', () => {
  test.each(ROOTS.map((root, index) => [index + 1, root] as const))(
    'leads from each of %i leaves to their root, and from no other place',
    (size, root) => {
      const leaves = INPUTS.slice(0, size).map(leafHash);
      for (const [index, leaf] of leaves.entries()) {
        const path = inclusionPath(leaves, index);
        expect(climb(leaf, index, size, path)).toBe(root);
        const elsewhere = leaves.filter((_, other) => other !== index);
        for (const other of elsewhere) expect(climb(other, index, size, path)).not.toBe(root);
      }
    },
  );
});
