import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import 'graphiql/graphiql.css';
import './styles.css';
import './workers.ts';

import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { GraphiQL, type GraphiQLProps } from 'graphiql';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { createRoot } from 'react-dom/client';
import { toExampleOperations } from './example-operations.ts';
import { createFetcher, logout } from './fetcher.ts';
import { PlaygroundSession } from './session.ts';

const EDITOR_FONT = 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace';

const examples = toExampleOperations(
  import.meta.glob<string>('../../../schema/operations/*.graphql', { query: '?raw', import: 'default', eager: true }),
);
const logoutQuery = examples.find((each) => each.name === 'Logout')?.query;
const session = new PlaygroundSession();

/** GraphiQL writes tabs and variables into its storage, passwords among them: this one ends with the page. */
function createMemoryStorage(): NonNullable<GraphiQLProps['storage']> {
  const items = new Map<string, string>();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
    clear: () => items.clear(),
    get length() {
      return items.size;
    },
  };
}

/** Editors in a font that needs not be shipped, long tokens wrapped, and the theme followed when the system's changes. */
function EditorLook() {
  const editors = useGraphiQL((state) => [
    state.queryEditor,
    state.variableEditor,
    state.headerEditor,
    state.responseEditor,
  ]);
  const theme = useGraphiQL((state) => state.theme);
  const { setTheme } = useGraphiQLActions();
  useEffect(() => {
    for (const editor of editors) editor?.updateOptions({ fontFamily: EDITOR_FONT, wordWrap: 'on' });
  }, [editors]);
  useEffect(() => {
    const dark = window.matchMedia('(prefers-color-scheme: dark)');
    const follow = () => setTheme(theme);
    dark.addEventListener('change', follow);
    return () => dark.removeEventListener('change', follow);
  }, [theme, setTheme]);
  return null;
}

function SessionBar({ tell }: { readonly tell: (notice: string | undefined) => void }) {
  const { accessToken, expired } = useSyncExternalStore(session.subscribe, session.read);
  const endSession = () => {
    const told = logoutQuery === undefined ? Promise.reject(new Error()) : logout(session, logoutQuery);
    told.catch(() => tell('The tokens are forgotten here, but the server could not be told to end the session.'));
  };
  const hint = expired ? 'Expired: run Refresh.' : accessToken ? 'Goes with every request.' : 'None yet: run Login.';
  return (
    <header className="bar">
      <h1>Gatehouse playground</h1>
      <label>
        <span>Authorization: Bearer</span>
        <input
          value={accessToken}
          onChange={(event) => session.enter(event.currentTarget.value)}
          placeholder="access token"
          autoComplete="off"
          spellCheck={false}
        />
      </label>
      <output className={expired ? 'expired' : undefined}>{hint}</output>
      <button type="button" disabled={accessToken === ''} onClick={endSession}>
        Log out
      </button>
    </header>
  );
}

function Playground() {
  const [notice, setNotice] = useState<string>();
  const [fetcher] = useState(() => createFetcher(session, setNotice));
  const [storage] = useState(createMemoryStorage);
  return (
    <>
      <SessionBar tell={setNotice} />
      {notice === undefined ? null : (
        <p className="notice" role="status">
          {notice}
        </p>
      )}
      <main>
        <GraphiQL
          fetcher={fetcher}
          storage={storage}
          shouldPersistHeaders={false}
          plugins={[]}
          defaultTabs={examples.map(({ query, variables }) => ({ query, variables }))}
          initialVariables={examples[0]?.variables ?? ''}
          defaultEditorToolsVisibility="variables"
        >
          <GraphiQL.Logo>
            <span />
          </GraphiQL.Logo>
          <EditorLook />
        </GraphiQL>
      </main>
    </>
  );
}

const root = document.getElementById('root');
if (root) createRoot(root).render(<Playground />);
