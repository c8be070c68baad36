// Writes src/api/schema.gen.ts from the committed OpenAPI document. src/api/schema.test.ts fails when the file is not what this would write.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';

const document = new URL('../../docs/openapi.json', import.meta.url);
const target = new URL('../src/api/schema.gen.ts', import.meta.url);

export async function generate() {
  const tree = await openapiTS(JSON.parse(await readFile(document, 'utf8')), { alphabetize: true });
  return `// Made by "npm run api" from docs/openapi.json. Not for editing.\n${astToString(tree)}`;
}

export const committed = () => readFile(target, 'utf8');

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(target, await generate());
