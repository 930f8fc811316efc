#!/usr/bin/env node
// The entry in plain JavaScript, which any Node reads: the program itself needs one that runs TypeScript.
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

const [major] = process.versions.node.split('.').map(Number);
if ((major ?? 0) < 24) {
  process.stderr.write(`osigu-sandbox: needs Node 24 or newer, this is ${process.version}\n`);
  process.exit(1);
}
enableCompileCache(fileURLToPath(new URL('../../../node_modules/.cache/osigu-sandbox', import.meta.url)));
const { main } = await import('../src/main.ts');
await main(process.argv);
