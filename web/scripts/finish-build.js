// After "vite build": looks whether the first load is small enough, and writes the compressed form of every file beside it, so that the server never has to compress.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const folder = fileURLToPath(new URL('../../artifacts/web/', import.meta.url));

// What is fetched before the first page stands: 250 KiB are one second on a bad mobile link (2 Mbit/s).
const mostFirstLoad = 250 * 1024;

// Fonts and pictures are compressed already.
const isText = name => /\.(html|js|css|svg|json|txt|webmanifest)$/.test(name);

const manifestFile = join(folder, '.vite/manifest.json');
const manifest = JSON.parse(await readFile(manifestFile, 'utf8'));
await rm(join(folder, '.vite'), { recursive: true });

/** The entry, what it imports statically, their styles and fonts. Pages, player and charts come when they are needed. */
function firstLoad() {
  const files = new Set(['index.html']);
  const visit = key => {
    const chunk = manifest[key];
    if (!chunk || files.has(chunk.file)) return;
    files.add(chunk.file);
    for (const file of [...(chunk.css ?? []), ...(chunk.assets ?? [])]) files.add(file);
    for (const next of chunk.imports ?? []) visit(next);
  };
  visit('index.html');
  return files;
}

const first = firstLoad();
let firstBytes = 0;
let allBytes = 0;
for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const path = join(entry.parentPath ?? entry.path, entry.name);
  const content = await readFile(path);
  let sent = content.length;
  if (isText(entry.name)) {
    const gzip = gzipSync(content, { level: 9 });
    const brotli = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length } });
    await writeFile(`${path}.gz`, gzip);
    await writeFile(`${path}.br`, brotli);
    // Browsers take brotli over HTTPS and from this machine only: gzip is what the others get.
    sent = gzip.length;
  }
  allBytes += sent;
  if (first.has(path.slice(folder.length))) firstBytes += sent;
}

const kib = bytes => `${(bytes / 1024).toFixed(1)} KiB`;
console.log(`First load ${kib(firstBytes)} of ${kib(mostFirstLoad)}, everything ${kib(allBytes)} (compressed).`);
if (firstBytes > mostFirstLoad) {
  console.error('The first load is too large: load pages and libraries when they are needed (import()).');
  process.exit(1);
}
