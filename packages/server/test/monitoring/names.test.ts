import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSandbox, type TestSandbox } from '../harness.ts';
import { type Sample, scrape } from './metrics-page.ts';
import { selectorsIn } from './promql.ts';
import { alertRules, deployDir } from './stage.ts';

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly expr: string; readonly datasource?: { readonly uid: string } }[];
}

interface Dashboard {
  readonly uid: string;
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
  readonly panels: readonly Panel[];
}

const dashboard = JSON.parse(
  readFileSync(join(deployDir, 'grafana/dashboards/osigu-sandbox.json'), 'utf8'),
) as Dashboard;
const panels = dashboard.panels.filter(({ type }) => type !== 'row');

let sandbox: TestSandbox;
let samples: readonly Sample[];

beforeAll(async () => {
  sandbox = await startSandbox();
  // A page on which every kind of series stands at least once.
  await sandbox.provider();
  samples = (await scrape(0, () => sandbox.call('GET', '/metrics'))).samples;
});
afterAll(() => sandbox.stop());

/** Names that no series of the page has, as `metric` or `metric{label}`. */
function unknownIn(expr: string): string[] {
  return selectorsIn(expr).flatMap(({ name, matchers, grouping }) => {
    const series = samples.filter((sample) => sample.name === name);
    if (series.length === 0) return [name];
    const labels = [...matchers.map(({ label }) => label), ...grouping];
    const missing = labels.filter((label) => !series.some((sample) => label in sample.labels));
    return missing.map((label) => `${name}{${label}}`);
  });
}

/** Values that a rule asks for by `=` must be ones that a series can have. */
function unknownValuesIn(expr: string): string[] {
  return selectorsIn(expr).flatMap(({ name, matchers }) =>
    matchers
      .filter(({ operator }) => operator === '=')
      .filter(
        ({ label, value }) => !samples.some((each) => each.name === name && each.labels[label] === value),
      )
      .map(({ label, value }) => `${name}{${label}="${value}"}`),
  );
}

/** As Grafana sends it. */
const expanded = (expr: string) =>
  expr.replaceAll('$__rate_interval', '1m').replaceAll('$__range', '1h').replaceAll('$job', 'osigu-sandbox');

describe('what rules and dashboard name stands on the page', () => {
  for (const { alert, expr } of alertRules()) {
    test(alert, () => expect([...unknownIn(expr), ...unknownValuesIn(expr)]).toEqual([]));
  }

  for (const { title, targets = [] } of panels) {
    test(`panel ${title}`, () => {
      expect(targets.length).toBeGreaterThan(0);
      expect(targets.flatMap(({ expr }) => unknownIn(expanded(expr)))).toEqual([]);
    });
  }
});

test('the dashboard can be imported: its data source is a variable', () => {
  expect(dashboard.templating.list[0]).toMatchObject({ name: 'datasource', type: 'datasource' });
  for (const { title, datasource } of panels) {
    expect(datasource?.uid, title).toBe(`\${datasource}`);
  }
});

test('the dashboard shows what every alert looks at', () => {
  const shown = new Set(
    panels.flatMap(({ targets = [] }) =>
      targets.flatMap(({ expr }) => selectorsIn(expanded(expr)).map(({ name }) => name)),
    ),
  );
  const watched = alertRules().flatMap(({ expr }) => selectorsIn(expr).map(({ name }) => name));
  expect(watched.filter((name) => !shown.has(name))).toEqual([]);
});
