import type { Environment } from 'monaco-editor';
import EditorWorker from 'monaco-editor/esm/vs/editor/editor.worker.js?worker';
import JsonWorker from 'monaco-editor/esm/vs/language/json/json.worker.js?worker';
import GraphQLWorker from 'monaco-graphql/esm/graphql.worker.js?worker';

/**
 * Tells the editor where its three workers are: files of this origin, which `worker-src 'self'` takes (a blob: URL it would not).
 * GraphiQL's own set-up writes to the console at each start.
 */
const environment: Environment = {
  getWorker(_moduleId, label) {
    if (label === 'graphql') return new GraphQLWorker();
    if (label === 'json') return new JsonWorker();
    return new EditorWorker();
  },
};

window.MonacoEnvironment = environment;
