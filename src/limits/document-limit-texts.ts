import type { DocumentLimits } from '../config.ts';

/**
 * What a document holds at most where no setting says otherwise (the table of settings repeats it, and a test compares). The
 * standard introspection query with every option has 191 tokens, 17 levels and a cost of 232; a page of 100 people with all
 * that a list shows of them costs about 300.
 */
export const DEFAULT_DOCUMENT_LIMITS: DocumentLimits = {
  depth: 12,
  introspectionDepth: 20,
  cost: 500,
  aliases: 20,
  directives: 50,
  tokens: 2_000,
  rootFields: 10,
};

interface LimitText {
  /** What is counted, as docs and messages say it. */
  readonly counts: string;
  /** What the sender can do. */
  readonly remedy: string;
}

/** Every limit in words. Depth counts selection sets, the operation's own and those of fragments included. */
export const DOCUMENT_LIMIT_TEXTS: Readonly<Record<keyof DocumentLimits, LimitText>> = {
  depth: {
    counts: 'selection sets inside each other, those of fragments and inline fragments too',
    remedy: 'Nest less, or write fragments out.',
  },
  introspectionDepth: {
    counts: 'selection sets inside each other within __schema and __type',
    remedy: 'The standard introspection query passes: use it, or select fewer levels of ofType.',
  },
  cost: {
    counts:
      'fields, each time that they are written or spread; what a list selects counts once for 20 rows begun of its `first`, and as 100 rows where `first` is a variable or the list has no pages',
    remedy: 'Select fewer fields, write `first` as a smaller number, or send several operations.',
  },
  aliases: {
    counts: 'aliases, each time that they are written or spread',
    remedy: 'Ask for the field once, or send several operations.',
  },
  directives: {
    counts: 'directives, each time that they are written or spread',
    remedy: 'Put @include or @skip on a fragment instead of each field.',
  },
  tokens: {
    counts: 'names, values and punctuators of the whole document',
    remedy: 'Send several documents, and put values in variables.',
  },
  rootFields: {
    counts: 'fields of the outermost level, each time that they are written or spread',
    remedy: 'Send several operations.',
  },
};
