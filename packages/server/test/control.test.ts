import { scopes } from '@osigu-sandbox/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { approve, initiate, requestBody } from './flows.ts';
import { type Json, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());

const providers = '/_sandbox/v1/providers';
let made = 0;
const fresh = (extra: Record<string, unknown> = {}) => {
  made += 1;
  return { provider_slug: `control-${made}`, name: 'Clínica Norte', country_code: 'GT', ...extra };
};
const control = (provider: TestProvider, path: string) => `${providers}/${provider.slug}/${path}`;
const pathsOf = (body: Json) => body.errors.map((issue: Json) => issue.path);

describe('creating a provider', () => {
  test('answers the onboarding sheet, and the secret this once', async () => {
    const body = fresh();
    const answer = await sandbox.operator('POST', providers, body);
    expect(answer.status).toBe(201);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.body).toMatchObject({
      provider_slug: body.provider_slug,
      name: 'Clínica Norte',
      country_code: 'GT',
      provider_branch_timezone: 'America/Guatemala',
      environment: 'sandbox',
      credentials: { client_id: expect.any(String), client_secret: expect.any(String), scopes: [...scopes] },
      limits: { requests_per_minute: 50, token_requests_per_minute: 10 },
      never_found: { document_type: 'CC', document_number: '9999999999' },
    });
    for (const url of Object.values(answer.body.urls)) expect(url).toMatch(/^http/);

    const again = await sandbox.operator('GET', `${providers}/${body.provider_slug}/onboarding-sheet`);
    const { client_secret: _, ...credentials } = answer.body.credentials;
    expect(again.body).toEqual({ ...answer.body, credentials });
  });

  test('seeds every fixture: people, sponsors, products, all registered but 902', async () => {
    const { body } = await sandbox.operator('POST', providers, fresh());
    expect(body.beneficiaries).toHaveLength(10);
    expect(body.sponsors).toHaveLength(7);
    const codes = (registered: boolean) =>
      body.products
        .filter((each: Json) => each.registered === registered)
        .map((each: Json) => each.product_code);
    expect(codes(false)).toEqual(['MED-SBX-902']);
    expect(codes(true)).toEqual(
      expect.arrayContaining(['MED-SBX-001', 'MED-SBX-040', 'MED-SBX-906', 'CONS-GEN', 'LAB-HEMO']),
    );
    expect(body.magic_codes.map((each: Json) => each.product_code)).toHaveLength(6);
  });

  test('of a slug that exists is 409, whoever comes first of many at once', async () => {
    const body = fresh();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => sandbox.operator('POST', providers, body)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
    const again = await sandbox.operator('POST', providers, body);
    expect([again.status, again.body.code]).toEqual([409, '071-409-provider-exists']);
  });

  test('wrong input is 422, all of it listed', async () => {
    const { status, body } = await sandbox.operator('POST', providers, {
      provider_slug: 'Not A Slug',
      country_code: 'XX',
      contact_email: 'nobody',
      scopes: ['arc:everything'],
    });
    expect(status).toBe(422);
    expect(pathsOf(body).sort()).toEqual([
      'contact_email',
      'country_code',
      'name',
      'provider_slug',
      'scopes[0]',
    ]);
  });

  test.each(['', '-a', 'a-', 'a'.repeat(64), 'ñ', '../etc', 'A'])(
    'the slug %j is 422',
    async (provider_slug) => {
      const { status, body } = await sandbox.operator('POST', providers, fresh({ provider_slug }));
      expect([status, pathsOf(body)]).toEqual([422, ['provider_slug']]);
    },
  );

  test('is for the operator only: not for a client, a wrong key or nobody', async () => {
    const provider = await sandbox.provider();
    expect((await provider.call('POST', providers, fresh())).body.code).toBe('071-403-operator');
    const wrong = { authorization: 'Bearer operator_wrong' };
    expect((await sandbox.call('POST', providers, { body: fresh(), headers: wrong })).status).toBe(401);
    expect((await sandbox.call('POST', providers, { body: fresh() })).status).toBe(401);
  });

  test('the operator key opens the control surface alone', async () => {
    expect((await sandbox.operator('GET', '/v1/sponsors')).status).toBe(401);
  });
});

describe('reading providers', () => {
  test('the list shows every provider, page by page, without secrets', async () => {
    const slugs = [await sandbox.provider(), await sandbox.provider()].map(({ slug }) => slug);
    const { body } = await sandbox.operator('GET', `${providers}?size=100`);
    expect(body.content.map((each: Json) => each.provider_slug)).toEqual(expect.arrayContaining(slugs));
    expect(body.page.total_elements).toBe(body.content.length);
    expect(JSON.stringify(body)).not.toMatch(/secret/);
    expect((await sandbox.operator('GET', `${providers}?size=1&page=1`)).body.content).toHaveLength(1);
  });

  test('a client reads its own sheet; of another, existing or not, it hears 403', async () => {
    const [own, other] = [await sandbox.provider(), await sandbox.provider()];
    const sheet = await own.call('GET', control(own, 'onboarding-sheet'));
    expect([sheet.status, sheet.body.provider_id]).toEqual([200, own.provider_id]);
    expect(sheet.body.credentials.client_secret).toBeUndefined();
    for (const slug of [other.slug, 'nobody']) {
      const answer = await own.call('GET', `${providers}/${slug}/onboarding-sheet`);
      expect([answer.status, answer.body.code]).toEqual([403, '071-403-provider-mismatch']);
    }
    const unknown = await sandbox.operator('GET', `${providers}/nobody/onboarding-sheet`);
    expect([unknown.status, unknown.body.code]).toEqual([404, '071-404-provider']);
  });

  test('nothing of one provider can be moved by another', async () => {
    const [own, other] = [await sandbox.provider(), await sandbox.provider()];
    for (const [method, path, body] of [
      ['POST', 'reset', {}],
      ['GET', 'clock', undefined],
      ['POST', 'clock/advance', { seconds: 1 }],
      ['GET', 'outbox', undefined],
      ['GET', 'limits', undefined],
    ] as const) {
      const answer = await own.call(method, control(other, path), body);
      expect([answer.status, answer.body.code]).toEqual([403, '071-403-provider-mismatch']);
    }
    const id = await initiate(other, { sponsor_slug: 'sponsor-sandbox-manual' });
    await other.call('POST', `/arc/v1/authorization-requests/${id}/complete`);
    const decide = `/_sandbox/v1/authorization-requests/${id}/decide`;
    const decision = await own.call('POST', decide, { decision: 'APPROVED' });
    expect([decision.status, decision.body.code]).toEqual([404, '071-404-authorization-request']);
    expect((await other.call('POST', decide, { decision: 'APPROVED' })).status).toBe(200);
  });
});

describe('the clock', () => {
  const clock = async (provider: TestProvider) =>
    (await provider.call('GET', control(provider, 'clock'))).body;
  const advance = (provider: TestProvider, body: unknown) =>
    provider.call('POST', control(provider, 'clock/advance'), body);
  const near = (time: string, expected: number) =>
    expect(Math.abs(Date.parse(time) - expected)).toBeLessThan(10_000);

  test('of a new provider is real time', async () => {
    const { now, offset_seconds } = await clock(await sandbox.provider());
    expect(offset_seconds).toBe(0);
    expect(now).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    near(now, Date.now());
  });

  test('advances by seconds, from where it is, for this provider alone', async () => {
    const [own, other] = [await sandbox.provider(), await sandbox.provider()];
    const first = await advance(own, { seconds: 3_600 });
    expect([first.status, first.body]).toEqual([200, { now: expect.any(String), fired: 0 }]);
    near(first.body.now, Date.now() + 3_600_000);
    near((await advance(own, { seconds: 0.5 })).body.now, Date.now() + 3_600_500);
    const { offset_seconds } = await clock(own);
    expect(Math.abs(offset_seconds - 3_600.5)).toBeLessThan(10);
    expect((await clock(other)).offset_seconds).toBe(0);
    near(
      (await own.call('POST', '/arc/v1/authorization-requests', requestBody(own))).body.created_at,
      Date.now() + 3_600_000,
    );
  });

  test('advances to a moment, given in any offset', async () => {
    const own = await sandbox.provider();
    const target = new Date(Date.now() + 86_400_000);
    const { body } = await advance(own, { to: target.toISOString() });
    near(body.now, target.getTime());
    const later = new Date(target.getTime() + 3_600_000 - 5 * 3_600_000).toISOString().replace('Z', '-05:00');
    near((await advance(own, { to: later })).body.now, target.getTime() + 3_600_000);
  });

  test('fires what falls due on the way, in order, before the answer', async () => {
    const own = await sandbox.provider();
    const id = await initiate(own, { sponsor_slug: 'sponsor-sandbox-async' });
    await own.call('POST', `/arc/v1/authorization-requests/${id}/complete`);
    const status = async () => (await own.call('GET', `/arc/v1/authorization-requests/${id}`)).body.status;
    expect((await advance(own, { seconds: 20 })).body.fired).toBe(0);
    expect(await status()).toBe('PENDING_SPONSOR');
    expect((await advance(own, { seconds: 10 })).body.fired).toBe(1);
    expect(await status()).toBe('COMPLETED');
  });

  test('never goes backwards', async () => {
    const own = await sandbox.provider();
    await advance(own, { seconds: 3_600 });
    const answer = await advance(own, { to: new Date().toISOString() });
    expect([answer.status, answer.body.code]).toEqual([409, '071-409-clock-backwards']);
    near((await clock(own)).now, Date.now() + 3_600_000);
  });

  test('goes fifty years ahead of real time at most, however many steps it takes', async () => {
    const own = await sandbox.provider();
    const tenYears = { seconds: 315_360_000 };
    for (let step = 0; step < 5; step += 1) expect((await advance(own, tenYears)).status).toBe(200);
    const before = await clock(own);
    expect(await advance(own, tenYears)).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'seconds' }] },
    });
    const to = new Date(Date.parse(before.now) + 315_360_000_000).toISOString();
    expect(await advance(own, { to })).toMatchObject({ status: 422, body: { errors: [{ path: 'to' }] } });
  });

  test.each([
    ['nothing', {}, ['seconds']],
    ['both', { seconds: 1, to: '2099-01-01T00:00:00.000Z' }, ['seconds']],
    ['negative seconds', { seconds: -1 }, ['seconds']],
    ['seconds as text', { seconds: '30' }, ['seconds']],
    ['no moment', { to: 'tomorrow' }, ['to']],
    ['a day that does not exist', { to: '2099-02-30T00:00:00Z' }, ['to']],
    ['a moment beyond fifty years', { to: '2150-01-01T00:00:00.000Z' }, ['to']],
    ['more seconds than make sense', { seconds: 1e12 }, ['seconds']],
  ])('%s is 422', async (_name, body, paths) => {
    const own = await sandbox.provider();
    const answer = await advance(own, body);
    expect(answer.status).toBe(422);
    expect(pathsOf(answer.body)).toEqual(paths);
    expect((await clock(own)).offset_seconds).toBe(0);
  });

  test('20 parallel advances lose none', async () => {
    const own = await sandbox.provider();
    const answers = await Promise.all(Array.from({ length: 20 }, () => advance(own, { seconds: 60 })));
    for (const { status } of answers) expect([200, 409]).toContain(status);
    const { offset_seconds } = await clock(own);
    expect(offset_seconds).toBeGreaterThanOrEqual(59);
    expect(offset_seconds).toBeLessThanOrEqual(20 * 60 + 10);
  });
});

describe('the outbox', () => {
  const outbox = async (provider: TestProvider) =>
    (await provider.call('GET', control(provider, 'outbox'))).body;

  test('holds the welcome mail, without the secret', async () => {
    const own = await sandbox.provider();
    const { content } = await outbox(own);
    expect(content).toHaveLength(1);
    expect(content[0]).toMatchObject({ channel: 'EMAIL', to: 'integrations@provider.example' });
    expect(content[0].body).toContain(own.client_id);
    expect(JSON.stringify(content)).not.toContain(own.client_secret);
  });

  test('holds the SMS and mails of one-time passwords, newest first, with the code', async () => {
    const own = await sandbox.provider();
    for (const channel of ['SMS', 'EMAIL']) {
      const sent = await own.call('POST', '/v1/otp/send', {
        beneficiary_id: own.beneficiary(),
        sponsor_slug: 'sponsor-sandbox-otp',
        channel,
      });
      expect(sent.status).toBe(201);
      await own.advance(31);
    }
    const { content, page } = await outbox(own);
    expect(content.map((each: Json) => each.channel)).toEqual(['EMAIL', 'SMS', 'EMAIL']);
    expect(content[0]).toEqual({
      outbox_id: expect.any(String),
      channel: 'EMAIL',
      to: expect.stringContaining('@'),
      subject: expect.any(String),
      body: expect.stringContaining(content[0].otp_code),
      otp_code: expect.stringMatching(/^\d{6}$/),
      created_at: expect.any(String),
    });
    expect(page.total_elements).toBe(3);
    const second = await own.call('GET', `${control(own, 'outbox')}?size=1&page=1`);
    expect(second.body.content).toEqual([content[1]]);
  });
});

describe('resetting a provider', () => {
  const search = (provider: TestProvider, document_number = '1000000001') =>
    provider.call('POST', '/v1/sponsors/sponsor-sandbox/search', { document_type: 'CC', document_number });

  test('gives new ids to the same people; ids from before are unknown', async () => {
    const own = await sandbox.provider();
    const request = await initiate(own);
    const authorization = await approve(own);
    const before = (await search(own)).body;
    const reset = await own.call('POST', control(own, 'reset'), { reason: 'Next round' });
    expect([reset.status, reset.body.provider_slug]).toEqual([200, own.slug]);
    expect(reset.body.beneficiaries).toHaveLength(10);
    expect(JSON.stringify(reset.body)).not.toContain(own.beneficiary());

    const after = (await search(own)).body;
    expect(after.beneficiary_id).not.toBe(before.beneficiary_id);
    expect({ ...after, beneficiary_id: '' }).toEqual({ ...before, beneficiary_id: '' });
    for (const url of [
      `/arc/v1/authorization-requests/${request}`,
      `/arc/v1/authorizations/${authorization.authorization_id}`,
      `/v1/sponsors/sponsor-sandbox/beneficiaries/${before.beneficiary_id}/dependents`,
    ]) {
      expect((await own.call('GET', url)).status).toBe(404);
    }
    const code = await own.call('POST', '/dispensing/v1/dispensations', {
      code: authorization.authorization_code,
      code_type: 'AUTHORIZATION',
      beneficiary_id: after.beneficiary_id,
      products: [{ product_code: 'MED-SBX-001', quantity: 1, unit_price: 1 }],
    });
    expect([code.status, code.body.code]).toEqual([404, '071-404-code']);
    for (const url of ['/arc/v1/authorization-requests', '/arc/v1/authorizations', '/webhooks/v1/events']) {
      expect((await own.call('GET', url)).body.content).toEqual([]);
    }
  });

  test('keeps credentials, the live token and subscriptions; clock, outbox and registrations are as new', async () => {
    const own = await sandbox.provider();
    const subscription = await own.call('POST', '/webhooks/v1/subscriptions', {
      url: 'http://127.0.0.1:9/hook',
      event_types: ['*'],
    });
    expect(subscription.status).toBe(201);
    const { secret: _, ...kept } = subscription.body;
    await own.advance(3_600);
    await own.call('POST', '/arc/v1/providers/products', { product_code: 'MED-SBX-902' });
    await approve(own);
    expect((await sandbox.operator('POST', control(own, 'reset'))).status).toBe(200);

    expect((await own.call('GET', '/v1/sponsors')).status).toBe(200);
    const subscriptions = (await own.call('GET', '/webhooks/v1/subscriptions')).body.content;
    expect(subscriptions).toHaveLength(1);
    expect(subscriptions[0]).toMatchObject({ subscription_id: kept.subscription_id, status: 'ACTIVE' });
    expect((await own.call('GET', '/webhooks/v1/deliveries')).body.content).toEqual([]);
    expect((await own.call('GET', control(own, 'clock'))).body.offset_seconds).toBe(0);
    expect((await own.call('GET', control(own, 'outbox'))).body.content).toEqual([]);
    const { body: sheet } = await own.call('GET', control(own, 'onboarding-sheet'));
    expect(sheet.credentials.client_id).toBe(own.client_id);
    expect(sheet.products.filter((each: Json) => !each.registered)).toHaveLength(1);
    const listed = (await sandbox.operator('GET', `${providers}?size=100`)).body.content;
    expect(listed.find((each: Json) => each.provider_slug === own.slug).reset_at).not.toBeNull();
  });

  test('drops what was due: no decision comes out of the world before', async () => {
    const own = await sandbox.provider();
    const id = await initiate(own, { sponsor_slug: 'sponsor-sandbox-async' });
    await own.call('POST', `/arc/v1/authorization-requests/${id}/complete`);
    await own.call('POST', control(own, 'reset'));
    expect((await own.advance(3_600)).fired).toBe(0);
  });

  test('touches no other provider', async () => {
    const [own, other] = [await sandbox.provider(), await sandbox.provider()];
    const id = await initiate(other);
    await other.advance(60);
    const before = (await search(other)).body;
    await own.call('POST', control(own, 'reset'));
    expect((await search(other)).body).toEqual(before);
    expect((await other.call('GET', `/arc/v1/authorization-requests/${id}`)).status).toBe(200);
    expect((await other.call('GET', control(other, 'clock'))).body.offset_seconds).toBeGreaterThan(50);
    expect((await other.call('GET', control(other, 'outbox'))).body.content).toHaveLength(1);
  });

  test('under load shows the old world or the new one, never half of one', async () => {
    const own = await sandbox.provider();
    let resetting = true;
    const load = async () => {
      const problems: string[] = [];
      while (resetting) {
        const { status, body } = await search(own, '1000000002');
        if (status !== 200 || body.dependants?.length !== 2) problems.push(JSON.stringify({ status, body }));
        const sponsors = await own.call('GET', '/v1/sponsors');
        if (sponsors.body.content?.length !== 7) problems.push(`sponsors: ${sponsors.text}`);
        const made = await own.call('POST', '/arc/v1/authorization-requests', {
          ...requestBody(own),
          beneficiary_id: body.beneficiary_id,
        });
        // The person may be gone by now: then it is said so, naming the member.
        if (made.status !== 201 && JSON.stringify(pathsOf(made.body)) !== '["beneficiary_id"]')
          problems.push(made.text);
      }
      return problems;
    };
    const loads = Array.from({ length: 8 }, load);
    for (let i = 0; i < 25; i += 1) {
      const answer = await own.call('POST', control(own, 'reset'));
      expect(answer.status).toBe(200);
    }
    resetting = false;
    expect((await Promise.all(loads)).flat()).toEqual([]);
  });

  test('many at once all succeed, one after the other', async () => {
    const own = await sandbox.provider();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => own.call('POST', control(own, 'reset'))),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    const { body } = await own.call('GET', control(own, 'onboarding-sheet'));
    expect(body.beneficiaries).toHaveLength(10);
  });

  test('of an unknown one is 404', async () => {
    const answer = await sandbox.operator('POST', `${providers}/nobody/reset`);
    expect([answer.status, answer.body.code]).toEqual([404, '071-404-provider']);
  });
});

describe('resetting everything', () => {
  test('is for the operator and resets every provider', async () => {
    const own = await startSandbox();
    try {
      const [one, two] = [await own.provider(), await own.provider()];
      const before = await Promise.all([initiate(one), initiate(two)]);
      expect((await one.call('POST', '/_sandbox/v1/reset')).body.code).toBe('071-403-operator');
      const answer = await own.operator('POST', '/_sandbox/v1/reset');
      expect([answer.status, answer.body]).toEqual([200, { providers: 2 }]);
      for (const [index, each] of [one, two].entries()) {
        const url = `/arc/v1/authorization-requests/${before[index]}`;
        expect((await each.call('GET', url)).status).toBe(404);
        expect((await search(each)).status).toBe(200);
      }
    } finally {
      await own.stop();
    }
  });
  const search = (provider: TestProvider) =>
    provider.call('POST', '/v1/sponsors/sponsor-sandbox/search', {
      document_type: 'CC',
      document_number: '1000000001',
    });
});

describe('affiliations', () => {
  test('only the operator sets them; without one the sponsor is 403, in the path and in the body', async () => {
    const own = await sandbox.provider();
    const url = `/_sandbox/v1/providers/${own.slug}/affiliations`;
    const sponsor_slugs = ['demo-insurer'];
    expect((await own.call('PUT', url, { sponsor_slugs })).status).toBe(403);
    expect((await sandbox.operator('PUT', url, { sponsor_slugs })).body).toEqual({
      sponsor_slugs: ['sponsor-sandbox'],
    });
    const listed = await own.call('GET', '/v1/sponsors');
    expect(listed.body.content.map((sponsor: Json) => sponsor.sponsor_slug)).toEqual(['sponsor-sandbox']);
    const path = await own.call('GET', '/v1/sponsors/sponsor-sandbox-do/forms');
    const body = await own.call('POST', '/arc/v1/authorization-requests', {
      beneficiary_id: own.beneficiary(),
      sponsor_slug: 'sponsor-sandbox-do',
      diagnosis_code: 'E11.9',
      products: [{ product_code: 'MED-SBX-001', product_type: 'MEDICATION', quantity: 1 }],
    });
    for (const answer of [path, body]) {
      expect([answer.status, answer.body.code]).toEqual([403, '071-403-sponsor-not-affiliated']);
    }
  });

  test('an unknown sponsor is 422 and changes nothing', async () => {
    const own = await sandbox.provider();
    const answer = await sandbox.operator('PUT', `/_sandbox/v1/providers/${own.slug}/affiliations`, {
      sponsor_slugs: ['sponsor-sandbox', 'nobody'],
    });
    expect(answer.body.errors).toEqual([{ path: 'sponsor_slugs[1]', message: 'is unknown' }]);
    expect((await own.call('GET', '/v1/sponsors')).body.content).toHaveLength(7);
  });
});
