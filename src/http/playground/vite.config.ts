import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
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

/** A text's Brotli twin beside it, made once: the server spends no time on it, whoever asks however often. */
const brotliTwins: Plugin = {
  name: 'brotli-twins',
  generateBundle: {
    order: 'post',
    handler(_, bundle) {
      for (const [fileName, file] of Object.entries(bundle)) {
        const content = file.type === 'chunk' ? file.code : file.source;
        if (!/\.(?:js|css|html|svg|ttf|txt|md)$/.test(fileName) || content.length < 1_000) continue;
        const source = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
        this.emitFile({ type: 'asset', fileName: `${fileName}.br`, source });
      }
    },
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
  plugins: [furtherNotices, brotliTwins],
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
