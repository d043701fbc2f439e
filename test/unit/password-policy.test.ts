import { describe, expect, test } from '@jest/globals';
import { PASSWORD_PROBLEMS } from '../../src/platform/errors.ts';
import { CONTEXT_WORDS } from '../../src/users/context-words.ts';
import { PasswordPolicy } from '../../src/users/password-policy.ts';
import type { AboutPerson } from '../../src/users/personal-words.ts';

const LISTED = new Set(['password', 'monkey', 'letmein', 'trustno1', 'iloveyousomuch', 'p@ssw0rd', 'münchen']);
const policyOf = (minLength: number, contextWords: string[] = []) =>
  new PasswordPolicy({ minLength, contextWords }, LISTED);
const policy = policyOf(15);
const ANNA = { address: 'anna.schmidt+shop@xn--mller-kva.example', names: ['Anna', 'Schmidt', 'Änni Schmidt'] };
const NOBODY: AboutPerson = { names: [] };
const reasonsFor = (password: string, about = NOBODY, judging = policy) =>
  judging.judge(password, about)?.reasons ?? [];

describe('length', () => {
  test('of 15 will do, and one less will not', () => {
    expect(reasonsFor('xk2vq9wz7hfm4tb')).toEqual([]);
    expect(policy.judge('xk2vq9wz7hfm4t', NOBODY)).toEqual({
      code: 'TOO_SHORT',
      message: 'This password will not do. It needs at least 15 characters.',
      limit: 15,
      reasons: ['TOO_SHORT'],
    });
    expect(reasonsFor('')).toContain('TOO_SHORT');
  });

  test('of 8 will do where the setting says so, and one less will not', () => {
    expect(reasonsFor('xk2vq9wz', NOBODY, policyOf(8))).toEqual([]);
    expect(reasonsFor('xk2vq9w', NOBODY, policyOf(8))).toEqual(['TOO_SHORT']);
  });

  test('below 8, above the maximum, or no whole number, is no setting', () => {
    for (const wrong of [7, 257, 10.5, Number.NaN]) expect(() => policyOf(wrong)).toThrow(TypeError);
    expect(policyOf(256).minLength).toBe(256);
  });

  test('of 64, 128 and 256 code points will do, and 257 will not', () => {
    const long = 'xk2vq9wz7hfm4tb-'.repeat(17);
    for (const length of [64, 128]) expect(reasonsFor(long.slice(0, length))).toEqual([]);
    expect(reasonsFor(long.slice(0, 256))).toEqual([]);
    expect(policy.judge(long.slice(0, 257), NOBODY)).toEqual({
      code: 'TOO_LONG',
      message: 'This password will not do. It may have at most 256 characters.',
      limit: 256,
      reasons: ['TOO_LONG'],
    });
  });

  test('counts ligatures and combining marks as what they are', () => {
    expect(reasonsFor('\uFDFA\uFDFB\uFDFAabc')).toContain('TOO_SHORT');
    expect(reasonsFor('e\u0301x\u0301k\u0301v\u0301z\u0301q\u0301m\u0301w\u0301')).toContain('TOO_SHORT');
  });

  test('of a megabyte is told apart at once', () => {
    expect(reasonsFor('\uFDFA'.repeat(1_000_000))).toEqual(['TOO_LONG']);
  });
});

describe('composition', () => {
  test.each([
    ['small letters', 'correcthorsebatterystaple'],
    ['capitals', 'CORRECTHORSEBATTERYSTAPLE'],
    ['digits', '739105264882017'],
    ['spaces and words', 'a horse in the rain eats'],
    ['emoji', '🐴🔋📎🌧🎻🚲🍋🧦🪁🛶🎲🔭🥁🧊🦉'],
    ['another script', '고양이가달빛아래에서춤을춘다네'],
    ['signs', '~]$;(>?{&+|^%=<'],
  ])('is free: %s alone will do', (_, password) => expect(reasonsFor(password)).toEqual([]));
});

describe('common passwords', () => {
  test.each([
    ['as listed', 'iloveyousomuch'],
    ['in capitals', 'ILoveYouSoMuch'],
    ['in wide letters', 'ｉｌｏｖｅｙｏｕｓｏｍｕｃｈ'],
    ['with digits behind', 'letmein2024'],
    ['with a run of digits behind', 'Password1234567'],
    ['with the year and signs', 'Monkey2024!!'],
    ['with signs at both ends', '!!!password!!!!'],
    ['with digits at both ends', '123password4567'],
    ['with the words apart', 'I love you so much'],
    ['ending in a digit, with digits behind', 'trustno1987654'],
    ['with signs inside', 'P@ssw0rd1234567'],
    ['of other letters', 'MÜNCHEN20242024'],
    ['twice', 'passwordpassword'],
    ['twice, with a space between', 'password password'],
    ['twice and a half', 'passwordpasswordpass'],
    ['twice with a sign between', 'password-password-'],
    ['twice, with digits behind each', 'monkey12monkey12'],
  ])('are refused %s', (_, password) => {
    expect(reasonsFor(password)).toContain('COMMON');
    expect(policyOf(8).judge(password, NOBODY)?.reasons).toEqual(['COMMON']);
  });

  test.each([
    ['inside a longer phrase', 'my monkey eats no letters'],
    ['beside another word', 'monkeymicroscope'],
    ['beside a number that is a secret itself', 'monkey739105264'],
  ])('do no harm %s', (_, password) => expect(reasonsFor(password)).toEqual([]));
});

describe('patterns', () => {
  test.each([
    'qwertyuiopasdfgh',
    'QWERTYUIOPASDFGH',
    'qwertyuiop-asdfghjkl',
    '123456789012345',
    'abcdefghijklmnop!',
    'qwertyuiop!2024',
    'aaaaaaaaaaaaaaaa',
    '................',
    'abcabcabcabcabcabc',
    'xk2vq9wzxk2vq9wz',
    'xk2vq9wz xk2vq9wz xk2',
    '🐴🔋🐴🔋🐴🔋🐴🔋🐴🔋🐴🔋🐴🔋🐴🔋',
  ])('are refused: %s', (password) => expect(reasonsFor(password)).toEqual(['COMMON']));

  test('a piece that would do alone will do again and again', () => {
    expect(reasonsFor('xk2vq9wz7hfm4tb'.repeat(2))).toEqual([]);
    expect(reasonsFor('xk2vq9wz'.repeat(2), NOBODY, policyOf(8))).toEqual([]);
    expect(reasonsFor('letmein!'.repeat(2), NOBODY, policyOf(8))).toEqual(['COMMON']);
  });

  test('a piece is as long as it was typed, not as folding makes it', () => {
    expect(reasonsFor('\uFDFAx7'.repeat(6))).toEqual(['COMMON']);
    expect(reasonsFor('\uFDFAx7 vq9wz7hfm4tbk'.repeat(2))).toEqual([]);
  });

  test('a short run in a long secret does no harm', () => {
    expect(reasonsFor('qwerty xk2vq9wz7hf')).toEqual([]);
    expect(reasonsFor('tr4bant 1234 kiosk vase')).toEqual([]);
    // A pattern of seven between eight digits, as it happens among random ones.
    expect(reasonsFor('01004a28da28d13')).toEqual([]);
    expect(reasonsFor('718206b7c8d9e75')).toEqual([]);
  });
});

describe('personal words', () => {
  test.each([
    ['the address', 'anna.schmidt+shop@xn--mller-kva.example'],
    ['the address as it is read', 'Anna.Schmidt+shop@müller.example'],
    ['the local part', 'anna.schmidt+shop'],
    ['the local part without signs', 'annaschmidtshop1'],
    ['the domain', 'www.müller.example1'],
    ['a name and a birthday', 'Schmidt19850412'],
    ['names', 'AnnaSchmidt1985'],
    ['names the other way round', 'schmidt_anna_85'],
    ['a name without its accents', 'AnniAnnaSchmidt'],
    ['a name with its accents', 'ÄnniSchmidtÄnni!'],
    ['a name and a few letters', 'annaschmidtxy12'],
    ['a name and a common word', 'annapassword2024'],
    ['a name and a run of keys', 'schmidtqwertyuiop'],
  ])('are refused: %s', (_, password) => {
    expect(reasonsFor(password, ANNA)).toContain('PERSONAL');
    // Its twin: for somebody else the same password is nothing personal.
    expect(reasonsFor(password, { names: ['Otto'] })).not.toContain('PERSONAL');
  });

  test('do no harm in a longer phrase', () => {
    expect(reasonsFor('anna collects brass trumpets', ANNA)).toEqual([]);
    expect(reasonsFor('schmidt xk2vq9wz7hf', ANNA)).toEqual([]);
  });

  test('take names in any script, and whole names of one letter a word', () => {
    expect(reasonsFor('王伟2024王伟0101王伟', { names: ['伟', '王'] })).toContain('PERSONAL');
    expect(reasonsFor('александрпушкин1', { names: ['Александр', 'Пушкин'] })).toContain('PERSONAL');
  });

  test('are taken whole where one is part of another, and together where they are short', () => {
    expect(reasonsFor('anna.anna.1985', { names: ['An', 'Anna'] })).toContain('PERSONAL');
    expect(reasonsFor('jdkjdkjdkjdk2024', { address: 'j.d.k@example.com', names: [] })).toContain('PERSONAL');
  });

  test('are not made up where nothing is known', () => {
    expect(reasonsFor('739105264882017', { address: '', names: ['', ' '] })).toEqual([]);
    expect(reasonsFor('739105264882017', { address: undefined, names: [] })).toEqual([]);
  });

  test('hold the words of this service, each of them, and the operator\u2019s own', () => {
    expect(CONTEXT_WORDS).toEqual(expect.arrayContaining(['gatehouse', 'user', 'support', 'auditor', 'admin']));
    for (const word of CONTEXT_WORDS) expect(reasonsFor(`${word}-${word}-2024!`)).toContain('PERSONAL');
    expect(reasonsFor('Gatehouse2024!!')).toEqual(['PERSONAL']);
    const own = policyOf(15, ['accounts.acme-tools.example']);
    expect(reasonsFor('AcmeTools2024!!', NOBODY, own)).toEqual(['PERSONAL']);
    expect(reasonsFor('AcmeTools2024!!')).toEqual([]);
  });
});

describe('a refusal', () => {
  test('names all reasons at once, and the length first', () => {
    expect(policy.judge('anna12', ANNA)).toMatchObject({ code: 'TOO_SHORT', reasons: ['TOO_SHORT', 'PERSONAL'] });
    expect(policy.judge('password', NOBODY)).toMatchObject({ code: 'TOO_SHORT', reasons: ['TOO_SHORT', 'COMMON'] });
    expect(policy.judge('passwordpassword', { names: ['Pass Word'] })).toEqual({
      code: 'NOT_ALLOWED',
      message:
        'This password will not do. It is easy to guess: a common password, a row of keys, or one piece repeated. ' +
        'It is made of your name, your address or a word of this service.',
      reasons: ['COMMON', 'PERSONAL'],
    });
  });

  test('never repeats the password', () => {
    for (const password of ['monkey', 'iloveyousomuch', 'annaschmidt1985', 'x'.repeat(300)]) {
      expect(policy.judge(password, ANNA)?.message).not.toContain(password);
    }
  });

  test('has only reasons that the policy says it looks for, all of them of the contract', () => {
    expect(policy.refuses).toEqual(['TOO_SHORT', 'TOO_LONG', 'COMMON', 'PERSONAL']);
    for (const reason of policy.refuses) expect(PASSWORD_PROBLEMS).toContain(reason);
    expect([policy.minLength, policy.maxLength]).toEqual([15, 256]);
  });
});
