import { describe, expect, test } from '@jest/globals';
import { canonicalAddress, parseEmailAddress } from '../../src/platform/email-address.ts';

describe('the canonical form', () => {
  test.each([
    ['ada@example.com', 'ada@example.com'],
    ['Ada.Lovelace+News@EXAMPLE.Com', 'ada.lovelace+news@example.com'],
    ['  ada@example.com\n', 'ada@example.com'],
    ['ada@bücher.example', 'ada@xn--bcher-kva.example'],
    ['ada@BÜCHER.example', 'ada@xn--bcher-kva.example'],
    ['ada@bu\u0308cher.example', 'ada@xn--bcher-kva.example'],
    ['ada@XN--BCHER-KVA.example', 'ada@xn--bcher-kva.example'],
    ['ada@xn--bcher-kva.bücher.example', 'ada@xn--bcher-kva.xn--bcher-kva.example'],
    ['ada@faß.de', 'ada@xn--fa-hia.de'],
    ['ada@ΒΌΛΟΣ.com', 'ada@xn--nxasmq6b.com'],
    ['ada@i❤.ws', 'ada@xn--i-7iq.ws'],
    ['δοκιμή@παράδειγμα.δοκιμή', 'δοκιμή@xn--hxajbheg2az3al.xn--jxalpdlp'],
    ['用户@例子.广告', '用户@xn--fsqu00a.xn--4rr70v'],
    ['ＡDA@example.com', 'ada@example.com'],
    ['José@example.com', 'josé@example.com'],
    ['Jose\u0301@example.com', 'josé@example.com'],
    ['root@localhost', 'root@localhost'],
    ["!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com"],
    ['"ada lovelace"@example.com', '"ada lovelace"@example.com'],
    ['"a@b"@example.com', '"a@b"@example.com'],
    ['"a\\"b\\\\c"@example.com', '"a\\"b\\\\c"@example.com'],
    ['".ada."@example.com', '".ada."@example.com'],
    [`${'x'.repeat(64)}@example.com`, `${'x'.repeat(64)}@example.com`],
  ])('of %s is %s', (typed, canonical) => {
    expect(canonicalAddress(typed)).toBe(canonical);
  });

  test('is one for two spellings of one mailbox, quoted or not (RFC 5321 §4.1.2)', () => {
    for (const spelling of ['"ada"@example.com', '"a\\da"@example.com', '"\\A\\D\\A"@Example.com']) {
      expect(canonicalAddress(spelling)).toBe('ada@example.com');
    }
  });

  test('keeps apart what full case folding would make one', () => {
    expect(canonicalAddress('faß@example.com')).not.toBe(canonicalAddress('fass@example.com'));
    expect(canonicalAddress('ada@faß.de')).not.toBe(canonicalAddress('ada@fass.de'));
  });
});

describe('no address', () => {
  test.each([
    [''],
    ['ada'],
    ['@example.com'],
    ['ada@'],
    ['a@b@example.com'],
    ['ada lovelace@example.com'],
    ['.ada@example.com'],
    ['ada.@example.com'],
    ['a..da@example.com'],
    ['Ada <ada@example.com>'],
    ['ada(comment)@example.com'],
    ['ada@example.com, eve@example.com'],
    ['ada@exam ple.com'],
    ['ada@example..com'],
    ['ada@.example.com'],
    ['ada@example.com.'],
    ['ada@-example.com'],
    ['ada@example-.com'],
    ['ada@exam_ple.com'],
    [`ada@${'x'.repeat(64)}.com`],
    ['ada@[192.0.2.1]'],
    ['ada@[IPv6:::1]'],
    ['ada@[::1]'],
    ['ada@192.0.2.1'],
    ['ada@2130706433'],
    ['ada@0x7f.1'],
    ['ada@xn--zzzz9999'],
    ['ada@xn--a.example'],
    ['ada@xn--.example'],
    ['ada@xn--example-.com'],
    ['ada@example.com\r\nBcc: eve@example.com'],
    ['ada\0@example.com'],
    ['ada@example.com\0.org'],
    ['ada\u0085x@example.com'],
    ['ada\ud83d@example.com'],
    ['"ada\ud83d"@example.com'],
    ['"ada\n"@example.com'],
    ['"ada@example.com'],
    ['"a"da"@example.com'],
    ['ada"x"@example.com'],
    [`${'x'.repeat(65)}@example.com`],
    [`${'é'.repeat(33)}@example.com`],
    [`"${'\\a'.repeat(32)}"@example.com`],
    [`ada@${'x'.repeat(60)}.${'x'.repeat(60)}.${'x'.repeat(60)}.${'x'.repeat(60)}.example.com`],
  ])('is %j', (typed) => {
    expect(parseEmailAddress(typed)).toBeUndefined();
    expect(() => canonicalAddress(typed)).toThrow(TypeError);
  });

  test.each([
    // Each is example.com to `url.domainToASCII`, and another domain, or none, to who sends the mail.
    ['percent-encoding', 'ada@ex%61mple.com'],
    ['a path', 'ada@example.com/.evil.example'],
    ['a query', 'ada@example.com?.evil.example'],
    ['a fragment', 'ada@example.com#.evil.example'],
    ['a backslash', 'ada@example.com\\.evil.example'],
    ['a soft hyphen', 'ada@exam\u00adple.com'],
    ['a zero width space', 'ada@exam\u200bple.com'],
    ['a variation selector', 'ada@exam\ufe0fple.com'],
    ['full width letters', 'ada@ｅxample.com'],
    ['an ideographic full stop', 'ada@example。com'],
    ['letters of mathematics', 'ada@𝐞xample.com'],
  ])('is one whose domain only looks like another after %s', (_name, typed) => {
    expect(parseEmailAddress(typed)).toBeUndefined();
  });

  test.each([
    ['a full width @', 'a＠b@example.com'],
    ['a no-break space in quotes, which folds into a space', '"a\u00a0b"@example.com'],
    ['a letter that has a small form of its own and no capital', 'J\u030can@example.com'],
    ['letters that fold into more than 64 octets', `${'㍍'.repeat(6)}@example.com`],
    ['letters in quotes that fold into more than 64 octets', `"${'ﷺ'.repeat(4)}"@example.com`],
    ['dots that fold into two', 'a‥b@example.com'],
    ['an account-of sign, which folds into a/c', 'x℀\u200b@example.com'],
    ['an acute accent, which folds into a space', 'a´b@example.com'],
    ['a no-break space', 'a\u00a0b@example.com'],
    ['a right-to-left override', 'ada\u202e@example.com'],
    ['a private use character', 'ada\ue000@example.com'],
    ['a character that Unicode has not assigned', 'ada\u{e0fff}@example.com'],
  ])('is one whose local part has %s', (_name, typed) => {
    expect(parseEmailAddress(typed)).toBeUndefined();
  });

  test('is not repeated by the error', () => {
    expect(() => canonicalAddress('hunter2')).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('hunter2') }),
    );
  });
});

describe('an address', () => {
  test('keeps its text as typed, and is delivered to its ASCII domain', () => {
    expect(parseEmailAddress(' Ada@Bücher.example ')).toEqual({
      text: 'Ada@Bücher.example',
      canonical: 'ada@xn--bcher-kva.example',
      delivery: 'Ada@xn--bcher-kva.example',
    });
    expect(parseEmailAddress('"a@b"@Example.com')?.delivery).toBe('"a@b"@example.com');
  });

  test('has 254 octets at most, typed and in its canonical form', () => {
    const label = 'x'.repeat(59);
    const longest = `ada@${label}.${label}.${label}.${label}.example.de`;
    expect(Buffer.byteLength(longest)).toBe(254);
    expect(parseEmailAddress(longest)?.canonical).toBe(longest);
    expect(parseEmailAddress(`x${longest}`)).toBeUndefined();
    // Punycode may be shorter than what was typed.
    const shrinking = (count: number) => `ada@${Array(4).fill('用'.repeat(count)).join('.')}.example`;
    expect(Buffer.byteLength(shrinking(20))).toBe(255);
    expect(parseEmailAddress(shrinking(20))).toBeUndefined();
    expect(parseEmailAddress(shrinking(19))).toBeDefined();
    // And longer than what was typed.
    const growing = (labels: number) => `${'x'.repeat(60)}@${Array(labels).fill('ü').join('.')}.example`;
    expect(Buffer.byteLength(growing(24))).toBeLessThan(254);
    expect(parseEmailAddress(growing(23))?.canonical).toHaveLength(252);
    expect(parseEmailAddress(growing(24))).toBeUndefined();
  });
});
