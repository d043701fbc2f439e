import type { GraphiQLProps } from 'graphiql';
import { buildSchema, introspectionFromSchema, Kind, type OperationDefinitionNode, parse } from 'graphql';
import { REFRESH_TOKEN_PLACEHOLDER } from './example-operations.ts';
import { isObject, type PlaygroundSession } from './session.ts';

type Fetcher = GraphiQLProps['fetcher'];

interface GraphQLRequest {
  readonly query: string;
  readonly variables?: unknown;
  readonly operationName?: string | null | undefined;
}

type Answer = Readonly<Record<string, unknown>>;

/**
 * GraphiQL's way to the server: POST /graphql with the session's access token, unless the Headers pane has an Authorization
 * of its own; what the answers say of the login is taken into the session. Cookies are neither sent nor kept: tokens go by
 * body alone, so that no page can ride on a login made here.
 *
 * Introspection goes the same way; where the server refuses it the schema is built from /schema.graphql. `tell` hears in
 * words why there is no schema, or undefined once there is one.
 */
export function createFetcher(session: PlaygroundSession, tell: (notice: string | undefined) => void): Fetcher {
  return async (request, options) => {
    if (request.operationName === 'IntrospectionQuery' && !options?.documentAST) return findSchema(request, tell);
    const { accessToken, refreshToken } = session.read();
    try {
      const headers = new Headers(accessToken ? { authorization: `Bearer ${accessToken}` } : {});
      for (const [name, value] of Object.entries<unknown>(options?.headers ?? {})) headers.set(name, String(value));
      const operation = findOperation(request);
      const operationName = operation?.name?.value ?? request.operationName;
      const answer = await post(
        { ...request, operationName, variables: fill(request.variables, refreshToken) },
        headers,
      );
      for (const [field, value] of rootAnswers(operation, answer)) session.observe(field, value);
      return answer;
    } catch (error) {
      // Thrown on, it would be shown with the stack of the bundled code.
      return { errors: [{ message: error instanceof Error ? error.message : String(error) }] };
    }
  };
}

/**
 * Forgets the session's tokens, then ends it at the server by the given Logout operation.
 * Throws an Error where the server could not be told.
 */
export async function logout(session: PlaygroundSession, query: string): Promise<void> {
  const { accessToken, refreshToken } = session.read();
  session.forget();
  const headers = new Headers({ authorization: `Bearer ${accessToken}` });
  const request = { query, operationName: 'Logout', variables: { input: { refreshToken: refreshToken ?? null } } };
  const answer = await post(request, headers);
  const ended = rootAnswers(findOperation(request), answer).some(([, value]) => isObject(value));
  if (!ended) throw new Error('The server did not take the logout.');
}

/**
 * Asks for application/json, not application/graphql-response+json: with that a document at fault is an ordinary answer
 * (200), and not also an error in the browser's console.
 */
async function post(request: GraphQLRequest, headers: Headers): Promise<Answer> {
  headers.set('content-type', 'application/json');
  if (!headers.has('accept')) headers.set('accept', 'application/json');
  const body = JSON.stringify(request);
  const response = await fetch('/graphql', { method: 'POST', headers, body, credentials: 'omit' }).catch(
    () => undefined,
  );
  if (!response) throw new Error('The server cannot be reached.');
  const answer: unknown = await response.json().catch(() => undefined);
  if (!isObject(answer)) throw new Error(`The server answered ${response.status} without a JSON object.`);
  return answer;
}

async function findSchema(request: GraphQLRequest, tell: (notice: string | undefined) => void) {
  const answer = await post(request, new Headers()).catch(() => undefined);
  if (answer && isObject(answer['data'])) {
    tell(undefined);
    return answer;
  }
  const response = await fetch('/schema.graphql', { credentials: 'omit' }).catch(() => undefined);
  if (!response?.ok) {
    const notice = whyNoSchema(response?.status);
    tell(notice);
    throw new Error(notice);
  }
  const data = introspectionFromSchema(buildSchema(await response.text()));
  tell(undefined);
  return { data };
}

function whyNoSchema(status: number | undefined): string {
  if (status === undefined) return 'No schema: the server cannot be reached.';
  const reason =
    status === 404 ? 'introspection and /schema.graphql are both off here' : `/schema.graphql answers ${status}`;
  return `No schema: ${reason}. Operations run all the same; completion and documentation are missing.`;
}

/** Puts the held refresh token where the variables have the placeholder; null where none is held. */
function fill(value: unknown, refreshToken: string | undefined): unknown {
  if (value === REFRESH_TOKEN_PLACEHOLDER) return refreshToken ?? null;
  if (Array.isArray(value)) return value.map((each) => fill(each, refreshToken));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fill(each, refreshToken)]));
}

/**
 * The operation that is meant; undefined where that is open, or the document does not parse. GraphiQL learns a tab's operation a moment after
 * it shows the tab: run at once, it would ask for the one before, which is not in the document.
 */
function findOperation(request: GraphQLRequest): OperationDefinitionNode | undefined {
  try {
    const operations = parse(request.query).definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
    const only = operations.length === 1 ? operations[0] : undefined;
    return operations.find((each) => each.name?.value === request.operationName) ?? only;
  } catch {
    return undefined;
  }
}

/** The answer's root values by the names of their fields, whatever their aliases. */
function rootAnswers(
  operation: OperationDefinitionNode | undefined,
  answer: Answer,
): readonly (readonly [field: string, value: unknown])[] {
  const data = answer['data'];
  if (!isObject(data) || !operation) return [];
  return operation.selectionSet.selections.flatMap((selection) =>
    selection.kind === Kind.FIELD
      ? [[selection.name.value, data[selection.alias?.value ?? selection.name.value]] as const]
      : [],
  );
}
