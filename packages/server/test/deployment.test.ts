import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../src/config.ts';

/** What starts many processes is held against what they take; nothing here starts a container. */

const root = join(import.meta.dirname, '../../..');
const textOf = (path: string) => readFileSync(join(root, path), 'utf8');

interface Service {
  readonly image?: string;
  readonly command?: string | readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly volumes?: readonly string[];
  readonly stop_grace_period?: string;
}

const source = textOf('compose.yaml');
const compose = parse(source, { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};
const services = Object.entries(compose.services);
const ours = services.filter(([, { image }]) => image === 'osigu-sandbox');
const processes = ours.filter(([, { command }]) => command === 'serve' || command === 'work');

/** As compose does: `:?` ends the start, `:-` has a default. */
function interpolated(text: string, env: Readonly<Record<string, string>>): string {
  return text.replaceAll(
    /\$\{(\w+)(?::([-?])([^}]*))?\}/g,
    (_all, name: string, kind?: string, rest = '') => {
      const value = env[name] ?? '';
      if (value === '' && kind === '?') throw new Error(`${name}: ${rest}`);
      return value === '' && kind === '-' ? rest : value;
    },
  );
}

const filledIn = {
  OPERATOR_KEY: 'operator_0123456789abcdef',
  POSTGRES_PASSWORD: '0123456789abcdef',
  PUBLIC_URL: 'https://sandbox.example.com',
};

test('two processes serve, two work, after one has migrated', () => {
  expect(processes.map(([, { command }]) => command)).toEqual(['serve', 'serve', 'work', 'work']);
  for (const [name, { depends_on }] of processes) {
    expect(depends_on?.migrate?.condition, name).toBe('service_completed_successfully');
  }
  expect(compose.services.migrate?.command).toBe('migrate');
});

test('the settings of all processes are the same good ones: what one makes for itself no other would know', () => {
  const settings = ours.map(([, { environment = {} }]) =>
    Object.fromEntries(
      Object.entries(environment).map(([name, value]) => [name, interpolated(value, filledIn)]),
    ),
  );
  const [first = {}] = settings;
  for (const each of settings) expect(each).toEqual(first);
  const config = readConfig(first);
  expect(config).toMatchObject({ hosted: true, trustProxy: true, operatorKey: filledIn.OPERATOR_KEY });
  expect(config.databaseUrl).toContain(`@postgres:5432/sandbox`);
});

test('it does not start without its secrets, and the example names every variable and holds none', () => {
  for (const name of Object.keys(filledIn)) {
    expect(() => interpolated(source, { ...filledIn, [name]: '' }), name).toThrow(name);
  }
  const used = new Set([...source.matchAll(/\$\{(\w+)/g)].map(([, name]) => name));
  const example = [...textOf('.env.example').matchAll(/^(\w+)=(.*)$/gm)];
  expect(new Set(example.map(([, name]) => name))).toEqual(used);
  expect(example.map(([, , value]) => value).join('')).toBe('');
});

test('a stop has the fifteen seconds that it may take', () => {
  for (const [name, { stop_grace_period = '' }] of processes) {
    expect(Number.parseInt(stop_grace_period, 10), name).toBeGreaterThan(15);
  }
});

test('what is waited for and what is mounted exists', () => {
  for (const [name, { depends_on = {}, volumes = [] }] of services) {
    for (const other of Object.keys(depends_on)) expect(compose.services, name).toHaveProperty(other);
    for (const [from = ''] of volumes.map((volume) => volume.split(':'))) {
      if (from.startsWith('.')) expect(existsSync(join(root, from)), from).toBe(true);
      else expect(compose.volumes, name).toHaveProperty(from);
    }
  }
});

test('Prometheus looks at every process', () => {
  const { scrape_configs } = parse(textOf('deploy/prometheus/prometheus.yml')) as {
    scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
  };
  const targets = scrape_configs.flatMap(({ static_configs }) =>
    static_configs.flatMap((each) => each.targets),
  );
  expect(targets).toEqual(processes.map(([name]) => `${name}:4600`));
  expect(scrape_configs.map(({ job_name }) => job_name)).toEqual(['osigu-sandbox']);
});

test('the image copies what there is, runs as nobody special and passes signals on', () => {
  const dockerfile = textOf('Dockerfile');
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths = '']) =>
    paths.split(' '),
  );
  for (const path of copied) {
    expect(existsSync(join(root, path)), path).toBe(true);
    expect(textOf('.dockerignore').split('\n'), path).toContain(`!${path}`);
  }
  const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
  expect(last).toMatch(/^USER node$/m);
  expect(last).toMatch(/^ENTRYPOINT \["osigu-sandbox"\]$/m);
  expect(last).toMatch(/^HEALTHCHECK .+ CMD \["node", /m);
});
