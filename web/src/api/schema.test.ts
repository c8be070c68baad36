// @vitest-environment node
import { expect, it } from 'vitest';

it('schema.gen.ts is what docs/openapi.json says; else run "npm run api" and commit the file', async () => {
  const { committed, generate } = await import('../../scripts/api-types.js');
  expect((await committed()) === (await generate())).toBe(true);
});
