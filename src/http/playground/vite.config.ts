import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig, type Plugin } from 'vite';

const project = resolve(import.meta.dirname, '../../..');

/** What Vite's list of licences does not see: what the editor has bundled itself, and what only a worker imports. */
const furtherNotices: Plugin = {
  name: 'further-notices',
  generateBundle() {
    for (const path of ['monaco-editor/ThirdPartyNotices.txt', 'picomatch-browser/LICENSE']) {
      const source = readFileSync(resolve(project, 'node_modules', path));
      this.emitFile({ type: 'asset', fileName: `licenses/${path}`, source });
    }
  },
};

/**
 * Builds the playground into dist/playground: index.html, hashed files in assets/, and the licences of what is bundled.
 * Nothing is inlined as script, so the page runs under `script-src 'self'`.
 */
export default defineConfig({
  root: import.meta.dirname,
  publicDir: false,
  logLevel: 'warn',
  plugins: [furtherNotices],
  build: {
    outDir: resolve(project, 'dist/playground'),
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    // The editor is one large part however it is cut.
    chunkSizeWarningLimit: 5000,
    // Bundled packages' "use client" means nothing here, and each would be a warning.
    rolldownOptions: { onLog: (level, log, report) => log.code === 'MODULE_LEVEL_DIRECTIVE' || report(level, log) },
    license: { fileName: 'licenses/packages.md' },
  },
});
