import { printSdl } from '../graphql/build-schema.ts';
import { describeSchema } from '../schema.ts';
import type { Command } from './command.ts';
import { refuseWords } from './words.ts';

export const schemaCommand: Command = {
  name: 'schema',
  summary: 'Print the GraphQL schema as SDL.',
  help: `Usage: gatehouse schema > schema/schema.graphql

Prints the schema that this version serves. Needs no database and no settings.`,

  async run(words, terminal) {
    refuseWords(words);
    terminal.print(printSdl(describeSchema()).trimEnd());
    return 0;
  },
};
