import type { SponsorProfile } from '@osigu-sandbox/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { people } from '../src/fixtures/people.ts';
import { type Json, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';
import { affiliate, put, shadow, shippedProfile, someProfile } from './shadows.ts';

type Field = SponsorProfile['forms'][number]['fields'][number];

let sandbox: TestSandbox;
let own: TestProvider;

beforeAll(async () => {
  sandbox = await startSandbox();
  own = await sandbox.provider();
});
afterAll(() => sandbox.stop());

const number = { key: 'dn', type: 'string', required: true, matches: 'document_number' } as const;
const form = (form_id: string, ...fields: Field[]) => ({ form_id, label: form_id, fields });
const search = (slug: string, body: unknown) => own.call('POST', `/v1/sponsors/${slug}/search`, body);
const issuesOf = ({ body }: { readonly body: Json }) =>
  Object.fromEntries(body.errors.map((issue: Json) => [issue.path, issue.message]));

describe('a pattern', () => {
  test('stops nobody, however much there is to try', async () => {
    const slug = await shadow(sandbox, own, { forms: [form('f', { ...number, pattern: '(1+)+|10{8}1' })] });
    const began = performance.now();
    const reply = await search(slug, { dn: `${'1'.repeat(31)}x` });
    expect(issuesOf(reply)).toEqual({ dn: 'must fit the pattern (1+)+|10{8}1' });
    expect(performance.now() - began).toBeLessThan(2_000);
    expect((await search(slug, { dn: '1000000001' })).body.beneficiary_id).toBe(own.beneficiary());
  });

  test('that cannot be matched in bounded time is refused at its place', async () => {
    const checked = (key: string, pattern: string): Field => ({
      key,
      type: 'string',
      required: false,
      pattern,
    });
    const forms = [
      form('f', number),
      form('g', number, checked('a', '(?=1).*'), checked('b', '(.)\\1'), checked('c', '(?:a{100}){100}')),
    ];
    const reply = await put(sandbox, someProfile({ forms }));
    expect(reply.status).toBe(422);
    expect(issuesOf(reply)).toEqual({
      'forms[1].fields[1].pattern': 'must not have look-around, back references or modifiers: (?=',
      'forms[1].fields[2].pattern': 'must not have look-around, back references or modifiers: \\1',
      'forms[1].fields[3].pattern': 'must not have more than 500 parts once its repetitions are written out',
    });
  });
});

test('a field may have any name, that of something every object has too', async () => {
  const named: Field = { key: 'constructor', type: 'string', required: false, matches: 'first_name' };
  const slug = await shadow(sandbox, own, {
    forms: [form('f', number, named), form('g', { ...named, required: true })],
  });
  const dn = '1000000001';
  expect((await search(slug, { dn })).body.beneficiary_id).toBe(own.beneficiary());
  expect((await search(slug, { dn, constructor: 'maría fernanda' })).status).toBe(200);
  expect((await search(slug, { dn, constructor: 'Nadie' })).status).toBe(404);
  expect(issuesOf(await search(slug, { form_id: 'g' }))).toEqual({ constructor: 'is required' });
  expect(issuesOf(await search(slug, {}))).toEqual({
    dn: 'is required by the form f',
    constructor: 'is required by the form g',
  });
});

/** Forms that ask for more than who somebody is, for some people only, or for what nobody can make up. */
const hard: SponsorProfile['forms'] = [
  form(
    'free',
    number,
    { key: 'pin', type: 'string', required: true, pattern: '[0-9]{4}', max_length: 4 },
    { key: 'when', type: 'date', required: true },
    { key: 'kind', type: 'enum', values: ['  ', 'Q', 'R'], required: true },
    { key: 'any', type: 'string', required: true, max_length: 1 },
    { key: 'constructor', type: 'string', required: true, pattern: '(?<letters>[A-Z]{2,3})-\\d+(?:/x)?' },
    { key: 'note', type: 'string', required: false, pattern: '\\d{3}' },
  ),
  form('passport', { key: 'dt', type: 'enum', values: ['PA'], required: true, matches: 'document_type' }),
  form('short', { key: 'ln', type: 'string', required: true, max_length: 10, matches: 'last_name' }),
  form('small', { key: 'fn', type: 'string', required: true, pattern: '[a-z ]+', matches: 'first_name' }),
  form('word', { key: 'sex', type: 'enum', values: ['male', 'female'], required: true, matches: 'sex' }),
  form(
    'child',
    { key: 'born', type: 'string', required: true, pattern: '201\\d-.*', matches: 'date_of_birth' },
    { key: 'mail', type: 'string', required: false, matches: 'email' },
  ),
  form('plan', { key: 'plan', type: 'string', required: true, pattern: '.*FAM.*', matches: 'plan_code' }),
  form('hopeless', number, { key: 'x', type: 'string', required: true, pattern: 'x\\by' }),
];

test('every example of the onboarding sheet finds the person whose values are in it, the one of the guides if it can', async () => {
  const profiles = [
    shippedProfile('aseguradora-ejemplo-gt'),
    shippedProfile('ars-ejemplo-do'),
    someProfile({ forms: hard }),
  ];
  for (const profile of profiles) expect((await put(sandbox, profile)).status).toBe(201);
  const provider = await sandbox.provider();
  const slugs = profiles.map((profile) => profile.sponsor_slug);
  await affiliate(sandbox, provider, 'sponsor-sandbox', ...slugs);
  const sheet = await provider.call('GET', `/_sandbox/v1/providers/${provider.slug}/onboarding-sheet`);
  const found: Record<string, string> = {};
  for (const { sponsor_slug, search_examples } of sheet.body.sponsors) {
    for (const example of search_examples) {
      const reply = await provider.call('POST', `/v1/sponsors/${sponsor_slug}/search`, example);
      expect(reply.status, JSON.stringify(example)).toBe(200);
      found[`${slugs.indexOf(sponsor_slug)} ${example.form_id}`] = reply.body.document_number;
    }
  }
  const first = (fits: (person: (typeof people)[number]) => boolean) => people.find(fits)?.document_number;
  expect(found).toEqual({
    '-1 national-id': '1000000001',
    '-1 member-id': '1000000001',
    '0 plan_code_and_certificate': '1000000001',
    '1 affiliate_number': '1000000001',
    '2 free': '1000000001',
    '2 passport': first((person) => person.document_type === 'PA'),
    '2 short': '1000000001',
    '2 small': '1000000001',
    '2 word': '1000000001',
    '2 child': first((person) => person.date_of_birth.startsWith('201')),
    '2 plan': first((person) => person.plan_code.includes('FAM')),
  });
});
