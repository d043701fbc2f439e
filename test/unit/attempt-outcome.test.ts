import { describe, expect, test } from '@jest/globals';
import { outcomeOf } from '../../src/limits/rate-limit-rules.ts';
import { AppError, ERROR_CODES } from '../../src/platform/errors.ts';

describe('the outcome of an attempt', () => {
  const expected: Record<string, string> = {
    BUSY: 'untried',
    BAD_USER_INPUT: 'untried',
    WEAK_PASSWORD: 'untried',
    REGISTRATION_CLOSED: 'untried',
    EMAIL_NOT_VERIFIED: 'succeeded',
    ACCOUNT_DISABLED: 'succeeded',
  };

  test.each([...ERROR_CODES])('%s', (code) => {
    expect(outcomeOf(new AppError(code, ''))).toBe(expected[code] ?? 'failed');
  });

  test('is a success without an error, and a failure with one that nobody knows', () => {
    expect(outcomeOf(undefined)).toBe('succeeded');
    expect(outcomeOf(new Error('x'))).toBe('failed');
    expect(outcomeOf(null)).toBe('failed');
  });
});
