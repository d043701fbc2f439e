import { register } from 'node:module';

// Node 20 cannot read TypeScript, and no version of it emits decorator metadata: `node --import` this file to run sources.
register('./typescript-hooks.js', import.meta.url);
