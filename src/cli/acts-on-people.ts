import { loadConfig } from '../config.ts';
import { lookupIndex } from '../crypto/blind-index.ts';
import { type Foundation, openFoundation } from '../foundation.ts';
import { makeMails, makeTransport } from '../mails.ts';
import { parseEmailAddress } from '../platform/email-address.ts';
import { parseId, type UserId } from '../platform/ids.ts';
import { SessionEndings } from '../sessions/session-ending.ts';
import { OperatorAdministration } from '../users/operator-administration.ts';
import { UserAdministrationService } from '../users/user-administration.service.ts';
import { findUserIdByAddress } from '../users/users.repository.ts';
import type { Terminal } from './command.ts';
import type { OPERATOR } from './operator.ts';

type Operator = typeof OPERATOR;

/** For the help of each command that takes it. */
export const USER_OPTION = '--user WHO         the e-mail address or the id of the user';

/** Does one act of administration to the person that `--user` names. Throws an Error where there is nobody. */
export async function actOn<T>(
  terminal: Terminal,
  who: string,
  act: (acts: UserAdministrationService<Operator>, id: UserId) => Promise<T>,
): Promise<T> {
  const config = loadConfig(terminal.env, terminal.facts);
  const foundation = await openFoundation(config);
  try {
    const { database, audit, dataKeys, clock } = foundation;
    const id = await findPerson(foundation, who);
    if (!id) throw new Error('There is no user of this address or id.');
    const endings = new SessionEndings({ clock });
    const administration = new OperatorAdministration();
    const { mails } = makeMails(config, foundation, makeTransport(config, foundation));
    const parts = { database, audit, administration, dataKeys, endings, mails, clock };
    return await act(new UserAdministrationService(parts), id);
  } finally {
    await foundation.close();
  }
}

async function findPerson({ database, keyring }: Foundation, who: string): Promise<UserId | undefined> {
  const address = parseEmailAddress(who);
  return address
    ? findUserIdByAddress(database.manager, lookupIndex(keyring, address.canonical))
    : parseId<UserId>(who.trim());
}
