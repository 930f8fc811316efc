// The entry in plain JavaScript: with its cache on disk, Node neither strips types nor compiles again what it has seen,
// which spares the memory of the stripper and half of the start. See docs/decisions/011.
import { enableCompileCache, flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/osigu-sandbox', import.meta.url)));
const { main } = await import('./src/main.ts');

// `--warm`, after installing: only fills the cache.
if (process.argv.includes('--warm')) {
  await import('./src/serve.ts');
  flushCompileCache();
} else {
  await main();
}
