import {
  type DefinitionNode,
  type FragmentSpreadNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  visit,
} from 'graphql';

/** One tab of the playground: an operation that runs by itself, with variables to start from (JSON text, or empty). */
export interface ExampleOperation {
  readonly name: string;
  readonly query: string;
  readonly variables: string;
}

/** In variables, stands for the refresh token that the page holds: it is filled in when the request leaves. */
export const REFRESH_TOKEN_PLACEHOLDER = '{{refreshToken}}';

const EMAIL = 'ada@example.com';
const PASSWORD = 'violet kettle under nine stars';
const MAILED = 'put the token of the mail here';
const USER_ID = 'put the id of a user here';

/** In the order in which one tries them. Operations not named here follow, by name, with empty variables. */
const VARIABLES: Readonly<Record<string, unknown>> = {
  Register: { input: { email: EMAIL, password: PASSWORD, profile: { displayName: 'Ada' } } },
  VerifyEmail: { input: { token: MAILED } },
  Login: { input: { email: EMAIL, password: PASSWORD } },
  Me: undefined,
  UpdateProfile: {
    input: {
      displayName: 'Ada L.',
      phone: '+41446681800',
      birthDate: '1990-12-31',
      locale: 'de-CH',
      timeZone: 'Europe/Zurich',
      address: { lines: ['Bahnhofstrasse 1'], locality: 'Zürich', postalCode: '8001', country: 'CH' },
    },
  },
  Refresh: { input: { refreshToken: REFRESH_TOKEN_PLACEHOLDER } },
  Logout: { input: { refreshToken: REFRESH_TOKEN_PLACEHOLDER } },
  ServerInfo: undefined,
  Reauthenticate: { input: { password: PASSWORD } },
  MySessions: undefined,
  RevokeSession: { input: { id: 'put the id of a session here' } },
  RevokeOtherSessions: undefined,
  ChangePassword: { input: { currentPassword: PASSWORD, newPassword: 'nine copper violets in the rain' } },
  RequestPasswordReset: { input: { email: EMAIL } },
  ResetPassword: { input: { token: MAILED, newPassword: 'nine copper violets in the rain' } },
  ResendVerification: { input: { email: EMAIL } },
  RequestEmailChange: { input: { newEmail: 'ada.l@example.com' } },
  ConfirmEmailChange: { input: { token: MAILED } },
  RevertEmailChange: { input: { token: MAILED } },
  ServiceToken: { input: { audience: 'https://shop.example' } },
  ExportMyData: undefined,
  EraseMe: { input: { confirmEmail: EMAIL } },
  // From here on, what needs permissions: people, roles, the audit trail.
  Users: { first: 20, filter: { status: 'ACTIVE' } },
  User: { id: USER_ID },
  CreateUser: { input: { email: 'grace@example.com', profile: { displayName: 'Grace' }, roles: ['support'] } },
  DisableUser: { input: { id: USER_ID, reason: 'Ticket 4711' } },
  EnableUser: { input: { id: USER_ID } },
  RevokeUserSessions: { input: { userId: USER_ID } },
  EraseUser: { input: { id: USER_ID, reason: 'Ticket 4711' } },
  Roles: undefined,
  CreateRole: { input: { name: 'helpdesk', description: 'Reads users.', permissions: ['USERS_READ'] } },
  UpdateRole: { input: { name: 'helpdesk', permissions: ['USERS_READ', 'SESSIONS_READ'] } },
  AssignRole: { input: { userId: USER_ID, role: 'helpdesk' } },
  UnassignRole: { input: { userId: USER_ID, role: 'helpdesk' } },
  DeleteRole: { input: { name: 'helpdesk' } },
  AuditEvents: { first: 20, filter: { outcome: 'DENIED' } },
  AuditIntegrity: undefined,
};

/**
 * Cuts documents (path → text) into their operations. Each keeps the comment above it and brings the fragments it uses,
 * from whichever file. Throws a GraphQLError for a document that does not parse, a TypeError for an operation without a name.
 */
export function toExampleOperations(documents: Readonly<Record<string, string>>): readonly ExampleOperation[] {
  const parts = Object.values(documents).flatMap(cutDefinitions);
  const fragments = new Map(
    parts.flatMap((part) =>
      part.definition.kind === Kind.FRAGMENT_DEFINITION ? [[part.definition.name.value, part] as const] : [],
    ),
  );
  const examples = parts.flatMap(({ definition, text }) => {
    if (definition.kind !== Kind.OPERATION_DEFINITION) return [];
    if (!definition.name) throw new TypeError('Each example operation needs a name.');
    const query = [text, ...usedFragments(definition, fragments).map((part) => part.text)].join('\n\n');
    return [{ name: definition.name.value, query, variables: toVariables(definition) }];
  });
  return examples.sort((a, b) => rank(a.name) - rank(b.name) || a.name.localeCompare(b.name, 'en'));
}

interface Part {
  readonly definition: DefinitionNode;
  /** From the end of the definition before it, so with its comment. */
  readonly text: string;
}

function cutDefinitions(document: string): readonly Part[] {
  let end = 0;
  return parse(document).definitions.map((definition) => {
    const start = end;
    end = definition.loc?.end ?? document.length;
    return { definition, text: document.slice(start, end).trim() };
  });
}

function usedFragments(definition: DefinitionNode, fragments: ReadonlyMap<string, Part>): readonly Part[] {
  const used = new Set<Part>();
  const collect = (from: DefinitionNode): void => {
    visit(from, {
      [Kind.FRAGMENT_SPREAD]: (spread: FragmentSpreadNode) => {
        const part = fragments.get(spread.name.value);
        if (!part || used.has(part)) return;
        used.add(part);
        collect(part.definition);
      },
    });
  };
  collect(definition);
  return [...used];
}

function toVariables(operation: OperationDefinitionNode): string {
  const names = (operation.variableDefinitions ?? []).map((each) => each.variable.name.value);
  const name = operation.name?.value ?? '';
  const values = name in VARIABLES ? VARIABLES[name] : Object.fromEntries(names.map((each) => [each, null]));
  return values === undefined || names.length === 0 ? '' : JSON.stringify(values, null, 2);
}

function rank(name: string): number {
  const names = Object.keys(VARIABLES);
  return name in VARIABLES ? names.indexOf(name) : names.length;
}
