// Runs on whatever Node the machine has, before anything else: installs the dependencies (Node 24 among them) when
// they are missing or the lock file is newer, so that `npm start` and `npm test` work on a fresh clone.
import { execSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const lockFile = new URL('../package-lock.json', import.meta.url);
const stamp = new URL('../node_modules/.installed', import.meta.url);
const wanted = createHash('sha256').update(readFileSync(lockFile)).digest('hex');
const installed = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';

if (installed !== wanted) {
  process.stderr.write('Installing dependencies…\n');
  const root = new URL('..', import.meta.url);
  execSync('npm ci --no-audit --no-fund --loglevel=error', {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  // Has Node 24 see the program once, so that the first start is as quick and as small as every later one.
  execSync('node_modules/.bin/node packages/server/start.mjs --warm', { cwd: root, stdio: 'ignore' });
  writeFileSync(stamp, wanted);
}
