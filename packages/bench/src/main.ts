import { parseArgs } from 'node:util';
import { clock } from './clock.ts';
import { decisions } from './decisions.ts';
import { deliveries } from './deliveries.ts';
import { fairness } from './fairness.ts';
import { growth, growthOnPostgres } from './growth.ts';
import { listing } from './listing.ts';
import { mixedFlow } from './mixed-flow.ts';
import { postgres } from './postgres.ts';
import { providers } from './providers.ts';
import { reads } from './reads.ts';
import { describe, type Figure } from './report.ts';
import { snapshots } from './snapshots.ts';
import { start } from './start.ts';
import { week } from './week.ts';

/** Each measures for itself, with processes and a data directory of its own. */
const benchmarks: Readonly<Record<string, (options: { full: boolean }) => Promise<readonly Figure[]>>> = {
  'mixed-flow': mixedFlow,
  reads,
  deliveries,
  fairness,
  listing,
  start,
  clock,
  snapshots,
  decisions,
  postgres,
  providers,
  growth,
  'growth-postgres': growthOnPostgres,
  week,
};

/** Takes minutes: by name, or with all others by `--full`. */
const long: ReadonlySet<string> = new Set(['growth-postgres']);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, json: { type: 'boolean' }, full: { type: 'boolean' } },
  });
  const { only, json = false, full = false } = values;
  if (only !== undefined && benchmarks[only] === undefined) {
    console.error(`--only takes one of ${Object.keys(benchmarks).join(', ')}`);
    process.exit(2);
  }
  const results: Record<string, readonly Figure[]> = {};
  for (const [name, measure] of Object.entries(benchmarks)) {
    if (only === undefined ? long.has(name) && !full : only !== name) continue;
    results[name] = await measure({ full });
    if (!json) console.log(describe(name, results[name]));
  }
  if (json) console.log(JSON.stringify(results, null, 2));
  const missed = Object.values(results)
    .flat()
    .some((figure) => figure.mustBe !== undefined && figure.value !== figure.mustBe);
  if (missed) process.exitCode = 1;
}

await main();
