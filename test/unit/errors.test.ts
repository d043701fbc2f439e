import { expect, test } from '@jest/globals';
import { Refusal } from '../../src/http/refusal.ts';
import { AppError } from '../../src/platform/errors.ts';

const framesOf = ({ stack = '' }: Error) => stack.split('\n').filter((line) => line.startsWith('    at '));

test('an error that is an answer collects no frames, and one that is a fault has its own after it', () => {
  for (const answer of [new AppError('BUSY', 'Later.'), new Refusal(429, 'RATE_LIMITED', 'Later.')]) {
    expect(framesOf(answer)).toEqual([]);
    expect([answer.message, answer instanceof Error]).toEqual(['Later.', true]);
  }
  expect(framesOf(new TypeError('A fault'))).not.toEqual([]);
});
