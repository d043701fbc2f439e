// `npm run docs`: writes every document that is made from the sources.
import { writeFileSync } from 'node:fs';
import './typescript.js';

const { generatedDocuments } = await import('./generated-documents.ts');
for (const [path, text] of generatedDocuments()) writeFileSync(path, text);
