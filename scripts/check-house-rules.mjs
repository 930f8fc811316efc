// House rules that no linter knows: each of these stands in one module, so that time, chance and settings can be
// controlled. Prints every breach and exits with 1.
import { globSync, readFileSync } from 'node:fs';

const rules = [
  {
    what: /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/,
    home: ['platform/time.ts'],
    say: 'ask platform/time.ts',
  },
  {
    what: /\bnew Date\(/,
    home: ['platform/time.ts', 'core/tokens/tokens.ts'],
    say: 'use the functions of platform/time.ts',
  },
  {
    what: /\bset(Timeout|Interval)\(/,
    home: ['platform/time.ts'],
    say: 'use after or sleep of platform/time.ts',
  },
  {
    what: /\bMath\.random\(|\brandom(Bytes|Int|UUID)\(/,
    home: ['platform/random.ts', 'core/providers/secrets.ts'],
    say: 'use platform/random.ts',
  },
  { what: /\bprocess\.env\b/, home: ['main.ts'], say: 'settings are read in main.ts' },
];

const root = 'packages/server/src/';
const breaches = globSync(`${root}**/*.ts`)
  .filter((file) => !/\.test\.ts$|\/test-bed\.ts$/.test(file))
  .flatMap((file) => {
    const lines = readFileSync(file, 'utf8').split('\n');
    return rules
      .filter(({ home }) => !home.includes(file.slice(root.length)))
      .flatMap(({ what, say }) =>
        lines.flatMap((line, index) => {
          const code = line.replace(/^\s*(\/\/|\*|\/\*).*/, '');
          return what.test(code) ? [`${file}:${index + 1}: ${say}: ${line.trim()}`] : [];
        }),
      );
  });

for (const breach of breaches) console.error(breach);
process.exit(breaches.length === 0 ? 0 : 1);
