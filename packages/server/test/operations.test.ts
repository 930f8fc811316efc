import { errorRegistry } from '@osigu-sandbox/contract';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { basic, type Json, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';

let sandbox: TestSandbox;
let provider: TestProvider;

beforeAll(async () => {
  sandbox = await startSandbox();
  provider = await sandbox.provider();
});
afterAll(() => sandbox.stop());

describe('health', () => {
  test('/healthz answers while the process lives', async () => {
    const answer = await sandbox.call('GET', '/healthz');
    expect([answer.status, answer.body]).toEqual([200, { status: 'ok' }]);
  });

  test('/readyz answers whether work can be done: 503 without a database', async () => {
    const own = await startSandbox();
    try {
      const ready = await own.call('GET', '/readyz');
      expect([ready.status, ready.body]).toEqual([200, { status: 'ready' }]);
      await own.sandbox.units.store.db.schema.dropTable('settings').execute();
      const broken = await own.call('GET', '/readyz');
      expect([broken.status, broken.body]).toEqual([503, { status: 'unavailable' }]);
      expect((await own.call('GET', '/healthz')).status).toBe(200);
    } finally {
      await own.stop();
    }
  });
});

describe('/metrics', () => {
  const metrics = async () => (await sandbox.call('GET', '/metrics')).text;

  test('is text for Prometheus', async () => {
    const { status, headers } = await sandbox.call('GET', '/metrics');
    expect([status, headers['content-type']]).toEqual([200, expect.stringMatching(/^text\/plain/)]);
  });

  test('shows rate, latency and errors by route, never by id', async () => {
    await provider.call('GET', '/v1/sponsors');
    await provider.call('GET', '/arc/v1/authorizations/auth_secret_id');
    await provider.call('GET', '/no/such/route');
    const text = await metrics();
    expect(text).toMatch(
      /osigu_http_request_duration_seconds_count\{method="GET",route="\/v1\/sponsors",status="200"\} [1-9]/,
    );
    expect(text).toMatch(
      /_count\{method="GET",route="\/arc\/v1\/authorizations\/:authorization_id",status="404"\} 1/,
    );
    expect(text).toMatch(/_count\{method="GET",route="unknown",status="404"\} 1/);
    expect(text).not.toContain('auth_secret_id');
  });

  test('counts token failures by reason', async () => {
    const body = 'grant_type=password';
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    await sandbox.call('POST', '/v1/oauth/token', { body, headers });
    const credentials = basic(provider.client_id, provider.client_secret);
    await sandbox.call('POST', '/v1/oauth/token', { body, headers: { ...headers, ...credentials } });
    const text = await metrics();
    expect(text).toMatch(/osigu_token_failures_total\{reason="invalid_client"\} 1/);
    expect(text).toMatch(/osigu_token_failures_total\{reason="unsupported_grant_type"\} 1/);
  });

  test('shows depth and age of due work, pending deliveries and attempts by outcome', async () => {
    const text = await metrics();
    for (const name of [
      'osigu_due_work_rows',
      'osigu_due_work_oldest_age_seconds',
      'osigu_webhook_deliveries_pending',
      'osigu_webhook_attempts_total',
    ]) {
      expect(text).toContain(`# HELP ${name} `);
    }
    expect(text).toMatch(/^osigu_due_work_rows \d+$/m);
  });

  test('holds no secret and no token', async () => {
    const text = await metrics();
    expect(text).not.toContain(provider.client_secret);
    expect(text).not.toContain(provider.client_id);
    expect(text).not.toContain(provider.token);
  });
});

describe('/openapi.json', () => {
  let document: Json;
  let operations: { name: string; operation: Json }[];

  beforeAll(async () => {
    const answer = await sandbox.call('GET', '/openapi.json');
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    document = answer.body;
    operations = Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
      Object.entries<Json>(methods).map(([method, operation]) => ({
        name: `${method.toUpperCase()} ${path}`,
        operation,
      })),
    );
  });

  test('is a valid OpenAPI 3.1 document', async () => {
    expect(document.openapi).toBe('3.1.0');
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
  });

  test('misses no route and invents none', () => {
    const operational = /^(\/healthz|\/readyz|\/metrics|\/openapi\.json|\/docs|\*)/;
    const routes = routesOf(sandbox.sandbox.app.printRoutes({ commonPrefix: false }))
      .filter(({ method, url }) => method !== 'HEAD' && !operational.test(url))
      .map(({ method, url }) => `${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
    expect(operations.map(({ name }) => name).sort()).toEqual(routes.sort());
    expect(routes.length).toBeGreaterThan(50);
  });

  test('names every operation once and says where it comes from', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(operations.length);
    for (const { name, operation } of operations) {
      expect(operation.operationId, name).toMatch(/^[a-z]\w+$/);
      expect(operation.summary, name).toMatch(/\w/);
      expect(['documented', 'observed', 'sandbox'], name).toContain(operation['x-provenance']);
      expect(operation.tags, name).toHaveLength(1);
      expect(Array.isArray(operation.security), name).toBe(true);
    }
  });

  test('shows an example of every body that has a member', () => {
    const without = operations.filter(({ operation }) => {
      const content = operation.requestBody?.content;
      if (content === undefined) return false;
      return Object.values<Json>(content).some(
        ({ schema, example, examples }) =>
          example === undefined &&
          examples === undefined &&
          schema.examples === undefined &&
          schema.example === undefined,
      );
    });
    expect(without.map(({ name }) => name)).toEqual([]);
  });

  test('says how a token is obtained: Basic, with a form', () => {
    const { security, requestBody } = document.paths['/v1/oauth/token'].post;
    expect(security).toEqual([{ basic: [] }]);
    expect(Object.keys(requestBody.content)).toContain('application/x-www-form-urlencoded');
    expect(document.components.securitySchemes).toHaveProperty('basic');
  });

  test('lists the errors of every operation, with the envelope and codes of the registry', () => {
    for (const { name, operation } of operations) {
      const failures = Object.entries<Json>(operation.responses).filter(([status]) => status >= '400');
      expect(
        failures.map(([status]) => status),
        name,
      ).toEqual(expect.arrayContaining(['500', '503']));
      for (const [status, answer] of failures) {
        for (const code of String(answer.description).match(/071-[\w-]+/g) ?? []) {
          expect(Object.keys(errorRegistry), `${name} ${status}`).toContain(code);
        }
        if (name === 'POST /v1/oauth/token' && ['400', '401', '429'].includes(status)) continue;
        expect(answer.content['application/json'].schema.$ref, name).toBe('#/components/schemas/Error');
        expect(answer.description, `${name} ${status}`).toContain(`071-${status}`.replace('071-422', '071-'));
      }
    }
  });

  test('is browsable at /docs, from this server alone', async () => {
    const answer = await sandbox.call('GET', '/docs');
    expect(answer.status).toBeLessThan(400);
    const page = answer.status >= 300 ? await sandbox.call('GET', answer.headers.location ?? '') : answer;
    expect([page.status, page.headers['content-type']]).toEqual([200, expect.stringMatching(/^text\/html/)]);
    expect(page.text).toContain('/openapi.json');
    expect(page.headers['content-security-policy']).toContain("connect-src 'self'");
  });
});

/** The routes of Fastify's tree: each line is indented by four characters a level and shows its part of the path. */
function routesOf(tree: string): { method: string; url: string }[] {
  const parents: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, indent = '', part = '', methods = ''] = /^([│ ├└─]*)(\S+) \(([^)]+)\)$/.exec(line) ?? [];
    if (part === '') return [];
    const depth = indent.length / 4 - 1;
    const url = `${depth > 0 ? parents[depth - 1] : ''}${part}`;
    parents[depth] = url;
    return methods.split(', ').map((method) => ({ method, url }));
  });
}
