import type { SponsorProfile } from '@osigu-sandbox/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { profileExample } from '../src/api/control/sponsors.ts';
import { approve, dispense, initiate, requestBody } from './flows.ts';
import { type Json, type Reply, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';
import { affiliate, put, shadow, someProfile } from './shadows.ts';

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());

const url = '/_sandbox/v1/sponsors';
const outcome = (reply: Reply) => [reply.status, reply.body?.code];
const issuesOf = (reply: Reply): Record<string, string> =>
  Object.fromEntries(reply.body.errors.map((issue: Json) => [issue.path, issue.message]));

describe('import', () => {
  test('201 when it is new, 200 when it is replaced, and read back as it was sent', async () => {
    const profile = someProfile({ aliases: ['an-alias-of-a-test'] });
    const first = await put(sandbox, profile);
    expect([first.status, first.body]).toEqual([201, profile]);
    const changed = { ...profile, name: 'Otro Nombre', decision_rules: [{ decision: 'APPROVE' as const }] };
    expect(outcome(await put(sandbox, changed))).toEqual([200, undefined]);
    for (const slug of [profile.sponsor_slug, 'an-alias-of-a-test']) {
      expect((await sandbox.operator('GET', `${url}/${slug}`)).body).toEqual(changed);
    }
  });

  test('the example of the document is a profile', async () => {
    expect(outcome(await put(sandbox, profileExample as SponsorProfile))).toEqual([201, undefined]);
  });

  test('every profile that is read can be put under a slug of its own, those of the fixtures too', async () => {
    const { body } = await sandbox.operator('GET', `${url}?size=100`);
    const slugs = body.content.filter((each: Json) => each.fixture).map((each: Json) => each.sponsor_slug);
    expect(slugs).toHaveLength(7);
    for (const slug of slugs) {
      const { body: file } = await sandbox.operator('GET', `${url}/${slug}`);
      const copy = { ...file, sponsor_slug: `copy-of-${slug}`, aliases: [] };
      expect(outcome(await put(sandbox, copy)), slug).toEqual([201, undefined]);
    }
  });

  test('the list is of all, in pages', async () => {
    const { sponsor_slug } = someProfile();
    await put(sandbox, someProfile({ sponsor_slug }));
    const { body } = await sandbox.operator('GET', `${url}?size=100`);
    const slugs = body.content.map((each: Json) => each.sponsor_slug);
    expect(slugs).toEqual([...slugs].sort());
    expect(slugs).toContain('sponsor-sandbox');
    expect(body.content.find((each: Json) => each.sponsor_slug === sponsor_slug)).toMatchObject({
      kind: 'shadow',
      fixture: false,
      currency_code: 'COP',
    });
    expect((await sandbox.operator('GET', `${url}?size=2&page=1`)).body.content).toHaveLength(2);
  });

  test('everything that the schema refuses is listed with its path, unknown members too', async () => {
    const { sponsor_slug, forms } = someProfile();
    const reply = await put(sandbox, {
      sponsor_slug,
      nmae: 'Typo',
      forms: [{ ...forms[0], fields: [{ key: 'member', type: 'number', requird: true }] }],
      latency: { distribution: 'uniform', min_seconds: -1, seconds: 5 },
      configuration: { cost_sharing: { copayment_amount: 1.234 } },
      configuration_by_product_type: { LAB: { verification: { settlement: 'OTP' } }, DRUG: {} },
      decision_rules: [
        { when: { product_code: ['MED-SBX-001'] }, decision: 'APPROVE' },
        { decision: 'REJECT' },
        { decision: 'APPROVE_SHARE', percent: 0 },
        { when: { quantity_over: -1 }, percent: 0, decision: 'MAYBE', reason: 'None' },
      ],
      product_types: ['LAB', 'MEDICATION', 'LAB', 'LAB'],
      settlement: { mode: 'BATCH', rules: [{ when: { claim_kinds: ['NONE'] }, decision: 'ACCEPT' }] },
    } as unknown as SponsorProfile);
    expect(outcome(reply)).toEqual([422, '071-422-validation']);
    expect(issuesOf(reply)).toMatchObject({
      name: 'is required',
      nmae: 'is not known',
      currency_code: 'is required',
      'forms[0].fields[0].required': 'is required',
      'forms[0].fields[0].requird': 'is not known',
      'forms[0].fields[0].type': 'must be one of string, enum, date',
      'latency.min_seconds': 'must be >= 0',
      'latency.max_seconds': 'is required',
      'latency.seconds': 'is not known',
      'configuration.cost_sharing.copayment_amount': 'must have at most two decimals',
      'configuration_by_product_type.LAB.verification.settlement': 'is not known',
      'configuration_by_product_type.DRUG': 'is not known',
      'decision_rules[0].when.product_code': 'is not known',
      'decision_rules[1].rejection_code': 'is required',
      'decision_rules[2].percent': 'must be >= 1',
      'decision_rules[3].decision': expect.stringContaining('must be one of APPROVE, APPROVE_SHARE'),
      'decision_rules[3].when.quantity_over': 'must be >= 0',
      'decision_rules[3].percent': 'must be >= 1',
      'decision_rules[3].reason': 'is not known',
      'product_types[2]': 'is named twice',
      'product_types[3]': 'is named twice',
      'settlement.rules[0].when.claim_kinds[0]': expect.stringContaining('must be one of'),
    });
  });

  test('and everything that a schema cannot say', async () => {
    const field = { key: 'form_id', type: 'string', required: false, pattern: '(', values: ['a'] } as const;
    const profile = someProfile({
      aliases: ['sponsor-sandbox-do', 'demo-insurer'],
      decision: 'MANUAL',
      latency: { distribution: 'uniform', min_seconds: 9, max_seconds: 8 },
      forms: [{ form_id: 'odd', label: 'Raro', fields: [{ ...field, values: ['a'] }] }],
      configuration: { verification: { dispensation: 'OTP' }, otp_channels: [] },
      configuration_by_product_type: { PROCEDURE: {} },
      decision_rules: [
        { when: { product_codes: ['MED-SBX-999', 'XYZ*'] }, decision: 'APPROVE' },
        { when: { diagnosis_codes: ['E11*', 'Q?'], plan_codes: ['PLAN-X'] }, decision: 'APPROVE' },
        { when: { quantity_over: 5, quantity_under: 6 }, decision: 'APPROVE' },
        { decision: 'APPROVE' },
        { when: { benefits_exhausted: true }, decision: 'APPROVE' },
      ],
      consultation_product_codes: ['CONS-NONE'],
      settlement: { mode: 'TRANSACTION', rules: [] },
    });
    const reply = await put(sandbox, profile);
    expect(reply.status).toBe(422);
    expect(Object.keys(issuesOf(reply)).sort()).toEqual(
      [
        'decision',
        'latency',
        'latency.min_seconds',
        'latency.max_seconds',
        'forms[0].fields',
        'forms[0].fields[0].key',
        'forms[0].fields[0].values',
        'forms[0].fields[0].pattern',
        'configuration.otp_channels',
        'configuration_by_product_type.PROCEDURE',
        'decision_rules[0].when.product_codes[0]',
        'decision_rules[0].when.product_codes[1]',
        'decision_rules[1].when.diagnosis_codes[1]',
        'decision_rules[1].when.plan_codes[0]',
        'decision_rules[2].when.quantity_under',
        'decision_rules[4]',
        'consultation_product_codes[0]',
        'settlement.rules',
        'aliases[0]',
        'aliases[1]',
      ].sort(),
    );
  });

  test('all of it in one answer: what the schema refuses, what it cannot say and what others have', async () => {
    const other = someProfile();
    await put(sandbox, other);
    const [form] = someProfile().forms;
    const profile = someProfile({
      aliases: ['sponsor-sandbox', other.sponsor_slug, 'of its own', 'own'],
      validity_days: 0,
      fails_every: 1,
      latency: { distribution: 'fixed', seconds: 0.1234567 },
      forms: [{ form_id: '', label: 'Sin nombre', fields: [{ ...form?.fields[0], key: 'form_id' }] }],
      decision_rules: [
        { when: { product_codes: ['NOPE-1'], quantity_over: -1 }, decision: 'APPROVE' },
        { when: { product_codes: ['NOPE-2'] }, decision: 'MAYBE' },
      ],
    } as unknown as SponsorProfile);
    const everything = {
      sponsor_slug: 'must be another, as in the path',
      validity_days: 'must be >= 1',
      fails_every: 'must be >= 2',
      'latency.seconds': 'must have at most two decimals',
      'aliases[0]': 'belongs to the sponsor sponsor-sandbox',
      'aliases[1]': `belongs to the sponsor ${other.sponsor_slug}`,
      'aliases[2]': expect.stringContaining('must match pattern'),
      'forms[0].form_id': 'must not be empty',
      'forms[0].fields[0].key': 'must not be form_id',
      'decision_rules[0].when.product_codes[0]': 'is no product of the catalogue',
      'decision_rules[0].when.quantity_over': 'must be >= 0',
      'decision_rules[1].when.product_codes[0]': 'is no product of the catalogue',
      'decision_rules[1].decision': expect.stringContaining('must be one of'),
    };
    const path = `${url}/another`;
    expect(issuesOf(await sandbox.operator('PUT', path, profile))).toEqual(everything);
    const large = { ...profile, behaviour: 'x'.repeat(900_000) };
    const behaviour = 'must NOT have more than 300 characters';
    expect(issuesOf(await sandbox.operator('PUT', path, large))).toEqual({ ...everything, behaviour });
  });

  test('of a body over 1 MB the first thing, and never more than 200', async () => {
    const large = someProfile({ behaviour: 'x'.repeat(1_100_000), validity_days: 0 });
    expect(Object.keys(issuesOf(await put(sandbox, large)))).toHaveLength(1);
    const rules = Array.from({ length: 150 }, () => ({ when: { product_codes: ['NOPE-1', 'NOPE-2'] } }));
    const decision_rules = rules.map((rule) => ({ ...rule, decision: 'APPROVE' as const }));
    expect(Object.keys(issuesOf(await put(sandbox, someProfile({ decision_rules }))))).toHaveLength(200);
  });

  test('and of a body that is no profile at all that it is none', async () => {
    const { sponsor_slug } = someProfile();
    const answer = (body: Json) => sandbox.operator('PUT', `${url}/${sponsor_slug}`, body);
    expect(issuesOf(await answer([]))).toEqual({ '': 'must be object' });
    expect(issuesOf(await answer({ forms: 5 }))).toMatchObject({
      forms: 'must be array',
      name: 'is required',
    });
  });

  test('no two sponsors share a slug, and the path says which one it is', async () => {
    const first = someProfile({ aliases: ['taken-by-the-first'] });
    await put(sandbox, first);
    const aliases = ['taken-by-the-first', 'demo-insurer', first.sponsor_slug];
    expect(issuesOf(await put(sandbox, someProfile({ aliases })))).toEqual({
      'aliases[0]': `belongs to the sponsor ${first.sponsor_slug}`,
      'aliases[1]': 'belongs to the sponsor sponsor-sandbox',
      'aliases[2]': `belongs to the sponsor ${first.sponsor_slug}`,
    });
    const underAlias = someProfile({ sponsor_slug: 'taken-by-the-first' });
    expect(issuesOf(await put(sandbox, underAlias))).toHaveProperty('sponsor_slug');
    const elsewhere = await sandbox.operator('PUT', `${url}/another`, first);
    expect(issuesOf(elsewhere)).toEqual({ sponsor_slug: 'must be another, as in the path' });
  });

  test('of calls that race for one slug or alias one is first, and none is half there', async () => {
    const profile = someProfile();
    const replies = await Promise.all(Array.from({ length: 6 }, () => put(sandbox, profile)));
    expect(replies.map((reply) => reply.status).sort()).toEqual([200, 200, 200, 200, 200, 201]);
    const rivals = await Promise.all(
      Array.from({ length: 4 }, () => put(sandbox, someProfile({ aliases: ['wanted-by-many'] }))),
    );
    expect(rivals.map((reply) => reply.status).sort()).toEqual([201, 422, 422, 422]);
  });

  test('the fixtures stay as they are', async () => {
    const file = (await sandbox.operator('GET', `${url}/sponsor-sandbox`)).body;
    expect(outcome(await put(sandbox, { ...file, name: 'Mine' }))).toEqual([409, '071-409-sponsor-fixture']);
    for (const slug of ['sponsor-sandbox', 'demo-insurer']) {
      const reply = await sandbox.operator('DELETE', `${url}/${slug}`);
      expect(outcome(reply)).toEqual([409, '071-409-sponsor-fixture']);
    }
  });

  test('is for the operator alone; the schema is for everybody', async () => {
    const provider = await sandbox.provider();
    const profile = someProfile();
    const own = `${url}/${profile.sponsor_slug}`;
    for (const [method, path, body] of [
      ['GET', url],
      ['GET', own],
      ['PUT', own, profile],
      ['DELETE', own],
    ] as const) {
      expect(outcome(await provider.call(method, path, body))).toEqual([403, '071-403-operator']);
    }
    const schema = await sandbox.call('GET', '/_sandbox/v1/sponsor-profile.schema.json');
    expect([schema.status, schema.body.title]).toEqual([200, 'Sponsor profile']);
    expect(schema.body.additionalProperties).toBe(false);
  });
});

describe('a provider', () => {
  test('knows an imported sponsor once it is affiliated, and no other provider does', async () => {
    const provider = await sandbox.provider();
    const other = await sandbox.provider();
    const profile = someProfile({ aliases: ['shadow-by-another-name'] });
    const forms = `/v1/sponsors/${profile.sponsor_slug}/forms`;
    expect(outcome(await provider.call('GET', forms))).toEqual([404, '071-404-sponsor']);
    await put(sandbox, profile);
    expect(outcome(await provider.call('GET', forms))).toEqual([403, '071-403-sponsor-not-affiliated']);
    const set = await affiliate(sandbox, provider, 'sponsor-sandbox', 'shadow-by-another-name');
    expect(set.body.sponsor_slugs.sort()).toEqual(['sponsor-sandbox', profile.sponsor_slug].sort());
    expect((await provider.call('GET', forms)).body).toEqual([
      {
        form_id: 'member',
        label: 'Afiliado',
        fields: [{ key: 'member', type: 'string', required: true }],
      },
    ]);
    const { body } = await provider.call('GET', '/v1/sponsors');
    expect(body.content.map((each: Json) => each.sponsor_slug).sort()).toEqual(
      ['sponsor-sandbox', profile.sponsor_slug].sort(),
    );
    expect(outcome(await other.call('GET', forms))).toEqual([403, '071-403-sponsor-not-affiliated']);
  });

  test('finds it in the onboarding sheet, with a search that works', async () => {
    const provider = await sandbox.provider();
    const slug = await shadow(sandbox, provider);
    const { body } = await provider.call('GET', `/_sandbox/v1/providers/${provider.slug}/onboarding-sheet`);
    const [sponsor] = body.sponsors;
    expect(sponsor).toMatchObject({ sponsor_slug: slug, behaviour: 'For tests.' });
    const [example] = sponsor.search_examples;
    const found = await provider.call('POST', `/v1/sponsors/${slug}/search`, example);
    expect(found.body.beneficiary_id).toBe(provider.beneficiary());
  });

  test('keeps its imported sponsors over a reset', async () => {
    const provider = await sandbox.provider();
    const slug = await shadow(sandbox, provider);
    const reset = await provider.call('POST', `/_sandbox/v1/providers/${provider.slug}/reset`);
    expect(reset.status).toBe(200);
    const { body } = await provider.call('GET', '/v1/sponsors');
    const slugs = body.content.map((each: Json) => each.sponsor_slug);
    expect(slugs).toHaveLength(8);
    expect(slugs).toContain(slug);
  });

  test('that names an unknown sponsor hears each place', async () => {
    const provider = await sandbox.provider();
    const reply = await affiliate(sandbox, provider, 'sponsor-sandbox', 'nobody', 'no-one');
    expect(issuesOf(reply)).toEqual({
      'sponsor_slugs[1]': 'is unknown',
      'sponsor_slugs[2]': 'is unknown',
    });
  });
});

describe('a change while it is used', () => {
  let provider: TestProvider;
  beforeAll(async () => {
    provider = await sandbox.provider();
  });

  const complete = (id: string) => provider.call('POST', `/arc/v1/authorization-requests/${id}/complete`);

  test('holds for what is not decided yet, and changes nothing that is', async () => {
    const profile = someProfile();
    await put(sandbox, profile);
    await affiliate(sandbox, provider, profile.sponsor_slug);
    const { sponsor_slug } = profile;
    const [before, after] = [
      await initiate(provider, { sponsor_slug }),
      await initiate(provider, { sponsor_slug }),
    ];
    expect((await complete(before)).body.authorizations[0].status).toBe('APPROVED');
    await put(sandbox, {
      ...profile,
      decision_rules: [
        { decision: 'REJECT', rejection_code: 'NOT_COVERED', rejection_reason: 'Por ahora no.' },
      ],
    });
    expect((await complete(after)).body.authorizations[0]).toMatchObject({
      status: 'REJECTED',
      rejection_code: 'NOT_COVERED',
      rejection_reason: 'Por ahora no.',
    });
    const read = await provider.call('GET', `/arc/v1/authorization-requests/${before}`);
    expect(read.body.authorizations[0].status).toBe('APPROVED');
  });

  test('takes neither currency nor a slug away that something is named by', async () => {
    const profile = someProfile({ aliases: ['named-by-a-request', 'named-by-nobody'] });
    await put(sandbox, profile);
    await affiliate(sandbox, provider, profile.sponsor_slug);
    await initiate(provider, { sponsor_slug: 'named-by-a-request' });
    const refused = [
      await put(sandbox, { ...profile, currency_code: 'GTQ' }),
      await put(sandbox, { ...profile, aliases: ['named-by-nobody'] }),
    ];
    for (const reply of refused) expect(outcome(reply)).toEqual([409, '071-409-sponsor-in-use']);
    const kept = { ...profile, aliases: ['named-by-a-request'] };
    expect((await put(sandbox, kept)).status).toBe(200);
    expect((await put(sandbox, someProfile({ aliases: ['named-by-nobody'] }))).status).toBe(201);
  });

  test('deletes it only when nobody has anything of it', async () => {
    const owner = await sandbox.provider();
    const slug = await shadow(sandbox, owner);
    const remove = () => sandbox.operator('DELETE', `${url}/${slug}`);
    const reset = () => owner.call('POST', `/_sandbox/v1/providers/${owner.slug}/reset`);
    expect(outcome(await remove())).toEqual([409, '071-409-sponsor-in-use']);
    await initiate(owner, { sponsor_slug: slug });
    await affiliate(sandbox, owner, 'sponsor-sandbox');
    expect(outcome(await remove())).toEqual([409, '071-409-sponsor-in-use']);
    await reset();
    expect((await remove()).status).toBe(204);
    expect(outcome(await remove())).toEqual([404, '071-404-sponsor']);
    expect(outcome(await owner.call('GET', `/v1/sponsors/${slug}/forms`))).toEqual([404, '071-404-sponsor']);
    expect((await put(sandbox, someProfile({ sponsor_slug: slug, name: 'De nuevo' }))).status).toBe(201);
    expect((await sandbox.operator('GET', `${url}/${slug}`)).body.name).toBe('De nuevo');
  });

  test('goes neither nor changes its currency while another provider has a dispensation of its codes', async () => {
    const [owner, counter] = [await sandbox.provider(), await sandbox.provider()];
    const profile = someProfile();
    const { sponsor_slug } = profile;
    await put(sandbox, profile);
    await affiliate(sandbox, owner, sponsor_slug);
    const { authorization_code: code } = await approve(owner, { sponsor_slug });
    await counter.call('POST', '/dispensing/v1/dispensations', {
      code,
      beneficiary_id: counter.beneficiary(),
    });
    await affiliate(sandbox, owner);
    await owner.call('POST', `/_sandbox/v1/providers/${owner.slug}/reset`);
    const refused = [
      await sandbox.operator('DELETE', `${url}/${sponsor_slug}`),
      await put(sandbox, { ...profile, currency_code: 'GTQ' }),
    ];
    for (const reply of refused) expect(outcome(reply)).toEqual([409, '071-409-sponsor-in-use']);
  });

  test('a list is read whatever became of the sponsor of a row', async () => {
    const owner = await sandbox.provider();
    const sponsor_slug = await shadow(sandbox, owner);
    const id = await initiate(owner, { sponsor_slug });
    const { db } = sandbox.sandbox.units.store;
    await db.deleteFrom('sponsor_slugs').where('sponsor_slug', '=', sponsor_slug).execute();
    const { status, body } = await owner.call('GET', '/arc/v1/authorization-requests');
    expect([status, body?.content?.[0].authorization_request_id]).toEqual([200, id]);
  });
});

describe('a snapshot with something of an imported sponsor', () => {
  const profile = someProfile({ aliases: ['alias-in-a-snapshot'] });
  const { sponsor_slug } = profile;
  let owner: TestProvider;
  const control = (path: string, body?: Json) =>
    owner.call('POST', `/_sandbox/v1/providers/${owner.slug}/${path}`, body);

  beforeAll(async () => {
    owner = await sandbox.provider();
    await put(sandbox, profile);
    await affiliate(sandbox, owner, sponsor_slug);
    await dispense(owner, { sponsor_slug: 'alias-in-a-snapshot' });
    await control('snapshots', { name: 'base' });
    await control('reset');
    await affiliate(sandbox, owner);
  });

  test('is not restored where the sponsor has another currency by now', async () => {
    expect((await put(sandbox, { ...profile, country_code: 'GT', currency_code: 'GTQ' })).status).toBe(200);
    const refused = await control('restore', { name: 'base' });
    expect(outcome(refused)).toEqual([409, '071-409-sponsor-missing']);
    expect(issuesOf(refused)).toEqual({
      currency_code: 'alias-in-a-snapshot has GTQ in this sandbox, not COP',
    });
    expect((await owner.call('GET', '/arc/v1/claims')).body.content).toEqual([]);
  });

  test('is not restored where it has lost the alias that something is named by', async () => {
    expect((await put(sandbox, { ...profile, aliases: [] })).status).toBe(200);
    const refused = await control('restore', { name: 'base' });
    expect(outcome(refused)).toEqual([409, '071-409-sponsor-missing']);
    expect(issuesOf(refused)).toEqual({ sponsor_slug: 'alias-in-a-snapshot is not in this sandbox' });
  });

  test('is restored where it has both again', async () => {
    expect((await put(sandbox, profile)).status).toBe(200);
    expect(outcome(await control('restore', { name: 'base' }))).toEqual([200, undefined]);
    const { body } = await owner.call('GET', '/arc/v1/claims');
    expect(body.content.map((claim: Json) => [claim.sponsor_slug, claim.currency_code])).toEqual([
      ['alias-in-a-snapshot', 'COP'],
    ]);
  });
});

describe('requirements by product type', () => {
  test('are joined where a request has several types', async () => {
    const provider = await sandbox.provider();
    const file = { fallback_name: 'Documento', required: true } as const;
    const sponsor_slug = await shadow(sandbox, provider, {
      configuration: {
        authorization_types: ['PRESCRIPTION', 'LAB_ORDER'],
        indications: [{ ...file, file_type: 'MEDICAL_INDICATION' }],
      },
      configuration_by_product_type: {
        LAB: {
          required_fields: ['service_type_code'],
          authorization_types: ['LAB_ORDER'],
          indications: [{ ...file, file_type: 'LAB_ORDER' }],
          verification: { authorization: 'BIOMETRIC' },
        },
      },
    });
    const ask = (products: [string, number][], extra = {}) =>
      provider.call(
        'POST',
        '/arc/v1/authorization-requests',
        requestBody(provider, { sponsor_slug, products, extra }),
      );
    const alone = await ask([['MED-SBX-001', 1]], { authorization_type: 'PRESCRIPTION' });
    expect([alone.status, alone.body.missing_indications]).toEqual([201, ['MEDICAL_INDICATION']]);
    const both: [string, number][] = [
      ['MED-SBX-001', 1],
      ['LAB-HEMO', 1],
    ];
    expect(issuesOf(await ask(both, { authorization_type: 'PRESCRIPTION' }))).toEqual({
      service_type_code: 'is required by this sponsor',
      authorization_type: 'must be one of LAB_ORDER',
    });
    const joint = await ask(both, { authorization_type: 'LAB_ORDER', service_type_code: 'OUTPATIENT' });
    expect(joint.body.missing_indications).toEqual(['MEDICAL_INDICATION', 'LAB_ORDER']);
    const configuration = `/arc/v1/sponsors/${sponsor_slug}/configuration?product_type=`;
    expect((await provider.call('GET', `${configuration}LAB`)).body.verification.authorization).toBe(
      'BIOMETRIC',
    );
    expect((await provider.call('GET', `${configuration}MEDICATION`)).body.verification.authorization).toBe(
      null,
    );
  });

  test('share the cost line by line, and charge the largest copayment once', async () => {
    const provider = await sandbox.provider();
    const sponsor_slug = await shadow(sandbox, provider, {
      configuration: { cost_sharing: { copayment_amount: 10, coinsurance_percent: 10 } },
      configuration_by_product_type: {
        LAB: { cost_sharing: { copayment_amount: 25, coinsurance_percent: 50 } },
      },
    });
    const { body } = await provider.call('POST', '/arc/v1/outpatient-care-claim', {
      beneficiary_id: provider.beneficiary(),
      sponsor_slug,
      diagnosis_code: 'E11.9',
      line_items: [
        { product_code: 'MED-SBX-001', product_type: 'MEDICATION', quantity: 1, unit_price: 1_000 },
        { product_code: 'LAB-HEMO', product_type: 'LAB', quantity: 1, unit_price: 200 },
      ],
    });
    expect(body).toMatchObject({ amount: 1_200, copayment_amount: 25, coinsurance_amount: 200 });
    const dispensed = await dispense(provider, { sponsor_slug, products: [['LAB-HEMO', 1]] });
    expect(dispensed.copayment_amount).toBe(25);
  });
});

describe('latency', () => {
  /** Seconds after complete at which each of some requests is decided. */
  async function delays(provider: TestProvider, sponsor_slug: string): Promise<number[]> {
    const seconds: number[] = [];
    for (let request = 0; request < 4; request += 1) {
      const id = await initiate(provider, { sponsor_slug });
      await provider.call('POST', `/arc/v1/authorization-requests/${id}/complete`);
      const row = await sandbox.sandbox.units.store.db
        .selectFrom('due_work')
        .innerJoin('authorization_requests', 'authorization_request_id', 'subject_id')
        .select(['due_at', 'updated_at'])
        .where('subject_id', '=', id)
        .executeTakeFirstOrThrow();
      seconds.push((row.due_at - row.updated_at) / 1_000);
    }
    return seconds;
  }

  test('the same seed gives the same delays, to every provider and after a reset; another seed others', async () => {
    const uniform = { distribution: 'uniform', min_seconds: 100, max_seconds: 900 } as const;
    const runs: number[][] = [];
    for (const seed of [11, 11, 12]) {
      const provider = await sandbox.provider();
      const sponsor_slug = await shadow(sandbox, provider, {
        evaluation: 'ASYNC',
        latency: { ...uniform, seed },
      });
      runs.push(await delays(provider, sponsor_slug));
      if (seed === 12) {
        await provider.call('POST', `/_sandbox/v1/providers/${provider.slug}/reset`);
        runs.push(await delays(await renewed(provider), sponsor_slug));
      }
    }
    const [first, again, other, otherAfterReset] = runs;
    expect(again).toEqual(first);
    expect(otherAfterReset).toEqual(other);
    expect(other).not.toEqual(first);
    expect(new Set(first).size).toBe(4);
    for (const delay of first ?? []) {
      expect(delay).toBeGreaterThanOrEqual(100);
      expect(delay).toBeLessThanOrEqual(900);
    }
  });

  /** With the ids that a reset gave it. */
  async function renewed(provider: TestProvider): Promise<TestProvider> {
    const { body } = await provider.call('GET', `/_sandbox/v1/providers/${provider.slug}/onboarding-sheet`);
    const id = body.beneficiaries.find(
      (person: Json) => person.search['national-id'].document_number === '1000000001',
    ).beneficiary_id;
    return { ...provider, beneficiary: () => id };
  }

  test('the decision comes when the clock is there and not before', async () => {
    const provider = await sandbox.provider();
    const sponsor_slug = await shadow(sandbox, provider, {
      evaluation: 'ASYNC',
      latency: { distribution: 'fixed', seconds: 600 },
    });
    const id = await initiate(provider, { sponsor_slug });
    await provider.call('POST', `/arc/v1/authorization-requests/${id}/complete`);
    const status = async () =>
      (await provider.call('GET', `/arc/v1/authorization-requests/${id}`)).body.status;
    await provider.advance(595);
    expect(await status()).toBe('PENDING_SPONSOR');
    await provider.advance(6);
    expect(await status()).toBe('COMPLETED');
  });

  test('of a synchronous sponsor holds the answer back, with nothing locked meanwhile', async () => {
    const provider = await sandbox.provider();
    const sponsor_slug = await shadow(sandbox, provider, {
      latency: { distribution: 'fixed', seconds: 0.5 },
    });
    const id = await initiate(provider, { sponsor_slug });
    const started = performance.now();
    const answer = provider.call('POST', `/arc/v1/authorization-requests/${id}/complete`);
    const beside = await provider.call(
      'POST',
      '/arc/v1/authorization-requests',
      requestBody(provider, { sponsor_slug }),
    );
    const besideTook = performance.now() - started;
    expect(beside.status).toBe(201);
    expect((await answer).body.status).toBe('COMPLETED');
    expect(performance.now() - started).toBeGreaterThanOrEqual(499);
    expect(besideTook).toBeLessThan(499);
  });
});
