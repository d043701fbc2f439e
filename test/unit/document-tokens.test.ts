import { describe, expect, test } from '@jest/globals';
import { type GraphQLError, parse } from 'graphql';
import { DEFAULT_DOCUMENT_LIMITS } from '../../src/limits/document-limit-texts.ts';
import { findTokenRefusal, findTooManyTokens, parseOptions } from '../../src/limits/document-limits.ts';

describe('tokens', () => {
  const limits = { ...DEFAULT_DOCUMENT_LIMITS, tokens: 6 };
  const parseError = (text: string): GraphQLError | undefined => {
    try {
      parse(text, parseOptions(limits));
      return undefined;
    } catch (error) {
      return error as GraphQLError;
    }
  };

  test('are counted by the parser, and their refusal is known by its message', () => {
    expect(parseError('{ me { id } }')).toBeUndefined();
    const error = parseError('{ me { id } ,, # comments and commas are free \n me }');
    const refusal = error && findTokenRefusal(error, limits);
    expect(refusal?.code).toBe('DOCUMENT_LIMIT_EXCEEDED');
    expect(refusal?.message).toContain('limit of tokens, 6 ');
  });

  test.each([
    '{ me { id } }',
    '{ me { id } ,, # comments and commas are free \n me }',
    '{ "a text" 1 1.5 ... $a | & }',
    '',
    '{ me { id } # six, and a comment at the end',
  ])('are counted alike before the document is parsed and by the parser: %s', (text) => {
    for (const tokens of [1, 5, 6, 7, 9]) {
      const limited = { ...limits, tokens };
      let error: GraphQLError | undefined;
      try {
        parse(`${text}${' '.repeat(10)}`, parseOptions(limited));
      } catch (thrown) {
        error = thrown as GraphQLError;
      }
      const byParser = error && findTokenRefusal(error, limited);
      const before = findTooManyTokens(`${text}${' '.repeat(10)}`, limited);
      // Where the document is not GraphQL, the parser may stop before it has counted far enough.
      if (byParser !== undefined || error === undefined) expect(before?.message).toBe(byParser?.message);
    }
  });

  test('are left to the parser where a character is none of GraphQL', () =>
    expect(findTooManyTokens('{ me { id } ? me me me me }', { ...limits, tokens: 9 })).toBeUndefined());

  test('are counted over the whole document, operations that will not run included', () => {
    expect(parseError('{ me { id } } query B { me }')).toBeDefined();
  });

  test.each([
    '{',
    '{ a(b: "Syntax Error: Document contains more that 6 tokens. Parsing aborted.',
    '"Document contains more that 6 tokens. Parsing aborted."',
  ])('do not explain the syntax error of %s', (text) => {
    const error = parseError(text);
    expect(error).toBeDefined();
    expect(error && findTokenRefusal(error, limits)).toBeUndefined();
  });
});
