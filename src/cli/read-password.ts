import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Terminal } from './command.ts';

/** The password from standard input (one line, its end dropped), or asked for twice and not shown. */
export async function readPassword(terminal: Terminal, fromStdin: boolean): Promise<string> {
  if (fromStdin) return (await text(terminal.stdin)).replace(/\r?\n$/, '');
  if (terminal.stdin.isTTY !== true) {
    throw new Error('There is no terminal to ask on: give the password with --password-stdin.');
  }
  const password = await ask(terminal, 'Password: ');
  if ((await ask(terminal, 'Once more: ')) !== password) throw new Error('The two passwords differ.');
  return password;
}

function ask(terminal: Terminal, question: string): Promise<string> {
  terminal.printError(question);
  // What is typed must not stand on the screen, nor in its scroll-back.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: terminal.stdin, output: nowhere, terminal: true });
  return new Promise((resolve, reject) => {
    reader.on('SIGINT', () => {
      reader.close();
      reject(new Error('No password was given.'));
    });
    reader.question('', (answer) => {
      reader.close();
      resolve(answer);
    });
  });
}
