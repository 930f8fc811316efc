import type { ErrorCode } from '@osigu-sandbox/contract';
import { sha256 } from '../src/platform/hashing.ts';
import { realNow } from '../src/platform/time.ts';
import {
  approve,
  directClaim,
  dispense,
  initiate,
  patientBody,
  pdf,
  prescribe,
  requestBody,
} from './flows.ts';
import {
  type Json,
  type Method,
  type Reply,
  startSandbox,
  type TestProvider,
  type TestSandbox,
} from './harness.ts';
import { affiliate, shadow } from './shadows.ts';

/** What was asked, as the OpenAPI document is asked for it, and what came back. */
export interface Answered extends Reply {
  readonly method: Method;
  readonly url: string;
}

/** A new provider, which nobody else uses, and its sandbox. */
export interface Actor {
  readonly sandbox: TestSandbox;
  readonly provider: TestProvider;
}

type Provocation = (actor: Actor) => Promise<Answered>;

const json = { 'content-type': 'application/json' };
const sponsor_slug = 'sponsor-sandbox-do';
const requests = '/arc/v1/authorization-requests';
const dispensations = '/dispensing/v1/dispensations';
const claims = '/arc/v1/outpatient-care-claim';
const settlements = '/v3/settlements';
const subscriptions = '/webhooks/v1/subscriptions';

const control = ({ slug }: TestProvider, path: string) => `/_sandbox/v1/providers/${slug}/${path}`;

const asking =
  (method: Method, url: string, body?: unknown): Provocation =>
  ({ provider }) =>
    ask(provider, method, url, body);

/**
 * How each code of the registry is brought about, by calls. Four need more than a caller can do: a row that another
 * process holds, a snapshot of another version, a code that was drawn twice, and a defect.
 */
export const provocations: Readonly<Record<ErrorCode, Provocation>> = {
  '071-400-malformed': ({ provider }) => ask(provider, 'POST', requests, '{', json),
  '071-400-idempotency-key': ({ provider }) =>
    ask(provider, 'POST', requests, requestBody(provider), { 'idempotency-key': '' }),
  '071-401': async ({ sandbox }) =>
    answered('GET', '/v1/sponsors', await sandbox.call('GET', '/v1/sponsors')),
  '071-403-scope': async ({ sandbox }) =>
    ask(await sandbox.provider({ scopes: ['arc:read'] }), 'POST', requests),
  '071-403-sponsor-not-affiliated': async ({ sandbox, provider }) => {
    const url = `/_sandbox/v1/providers/${provider.slug}/affiliations`;
    await sandbox.operator('PUT', url, { sponsor_slugs: [] });
    return ask(provider, 'POST', requests, requestBody(provider));
  },
  '071-403-provider-mismatch': asking('GET', '/_sandbox/v1/providers/nobody/clock'),
  '071-403-operator': asking('GET', '/_sandbox/v1/providers'),

  '071-404-route': asking('GET', '/v1/nothing'),
  '071-404-provider': async ({ sandbox }) => {
    const url = '/_sandbox/v1/providers/nobody/clock';
    return answered('GET', url, await sandbox.operator('GET', url));
  },
  '071-404-sponsor': asking('GET', '/v1/sponsors/nobody/forms'),
  '071-404-beneficiary': asking('POST', '/v1/sponsors/sponsor-sandbox/search', {
    document_type: 'CC',
    document_number: '9999999999',
  }),
  '071-404-product': asking('DELETE', '/arc/v1/providers/products/NOTHING'),
  '071-404-authorization-request': asking('GET', `${requests}/areq_unknown`),
  '071-404-authorization': asking('GET', '/arc/v1/authorizations/auth_unknown'),
  '071-404-file': asking('GET', '/arc/v2/authorizations/files/file_unknown'),
  '071-404-otp': asking('POST', '/v1/otp/validate', { otp_id: 'otp_unknown', code: '246810' }),
  '071-404-code': ({ provider }) => start(provider, 'AUTH-2026-000000'),
  '071-404-dispensation': asking('GET', `${dispensations}/dsp_unknown`),
  '071-404-claim': asking('GET', `${claims}/clm_unknown`),
  '071-404-prescription': asking('GET', '/ehr/v1/prescriptions/rx_unknown'),
  '071-404-settlement': asking('GET', `${settlements}/stl_unknown`),
  '071-404-settlement-claim': async ({ provider }) =>
    ask(provider, 'DELETE', `${await batch(provider)}/claims/clm_unknown`),
  '071-404-settlement-document': async ({ provider }) =>
    ask(provider, 'GET', `${await batch(provider)}/documents/doc_unknown`),
  '071-404-subscription': asking('GET', `${subscriptions}/whs_unknown`),
  '071-404-request': ({ provider }) =>
    ask(provider, 'GET', `/_sandbox/v1/providers/${provider.slug}/requests/req_unknown`),
  '071-404-delivery': asking('POST', '/webhooks/v1/deliveries/dlv_unknown/redeliver'),
  '071-404-snapshot': ({ provider }) => ask(provider, 'POST', control(provider, 'restore')),
  '071-405': asking('DELETE', '/v1/sponsors'),
  '071-406': ({ provider }) => ask(provider, 'GET', '/v1/sponsors', undefined, { accept: 'text/html' }),

  '071-409-already-completed': async ({ provider }) => {
    const url = `${requests}/${await initiate(provider, { sponsor_slug })}`;
    await provider.call('POST', `${url}/complete`);
    return ask(provider, 'POST', `${url}/complete`);
  },
  '071-409-cancelled': async ({ provider }) => {
    const url = `${requests}/${await initiate(provider)}`;
    await provider.call('POST', `${url}/cancel`);
    return ask(provider, 'POST', `${url}/complete`);
  },
  '071-409-already-decided': async ({ provider }) => {
    const url = `/_sandbox/v1/authorization-requests/${await initiate(provider)}/decide`;
    return ask(provider, 'POST', url, { decision: 'APPROVED' });
  },
  '071-409-indications-closed': async ({ provider }) => {
    const url = `${requests}/${await initiate(provider)}`;
    await provider.call('POST', `${url}/cancel`);
    const file = { file_type: 'MEDICAL_INDICATION', content_base64: pdf };
    return ask(provider, 'POST', `${url}/indications`, file);
  },
  '071-409-not-cancellable': async ({ provider }) => {
    const url = `${requests}/${await initiate(provider)}/cancel`;
    await provider.call('POST', url);
    return ask(provider, 'POST', url);
  },
  '071-409-not-voidable': async ({ provider }) => {
    const url = `/arc/v1/authorizations/${(await approve(provider)).authorization_id}/void`;
    await provider.call('POST', url);
    return ask(provider, 'POST', url);
  },
  '071-409-already-dispensed': async ({ provider }) => {
    const { authorization_code: code } = await approve(provider);
    await dispense(provider, { code });
    return start(provider, code);
  },
  '071-409-dispensation-in-progress': async ({ provider }) => {
    const { authorization_code: code } = await approve(provider);
    await start(provider, code);
    return start(provider, code);
  },
  '071-409-code-voided': async ({ provider }) => {
    const { authorization_id, authorization_code } = await approve(provider);
    await provider.call('POST', `/arc/v1/authorizations/${authorization_id}/void`);
    return start(provider, authorization_code);
  },
  '071-409-code-expired': async ({ provider }) => {
    const { authorization_code } = await approve(provider);
    await provider.advance(31 * 86_400);
    return start(provider, authorization_code);
  },
  '071-409-code-pending': async ({ provider }) => {
    const sponsor = { sponsor_slug: 'sponsor-sandbox-manual' };
    return claim(provider, { ...sponsor, ...(await ofAuthorization(provider, sponsor)) });
  },
  '071-409-code-rejected': async ({ provider }) =>
    claim(provider, await ofAuthorization(provider, { products: [['MED-SBX-901', 10]] })),
  '071-409-dispensation-closed': async ({ provider }) => {
    const { dispensation_id } = await dispense(provider);
    return ask(provider, 'POST', `${dispensations}/${dispensation_id}/void`);
  },
  '071-409-quantity-held': async ({ provider }) => {
    const body = await ofAuthorization(provider);
    await claim(provider, body);
    return claim(provider, body);
  },
  '071-409-claim-closed': async ({ provider }) =>
    ask(provider, 'POST', `${claims}/${await directClaim(provider)}/complete`),
  '071-409-claim-in-batch': async ({ provider }) => {
    const { claim_ids } = await filledBatch(provider);
    return ask(provider, 'POST', `${await batch(provider)}/authorizations`, { claim_ids });
  },
  '071-409-settlement-dispatched': async ({ provider }) => {
    const { url } = await dispatchedBatch(provider);
    return ask(provider, 'POST', `${url}/dispatch`);
  },
  '071-409-settlement-open': async ({ provider }) => resolve(provider, await filledBatch(provider)),
  '071-409-settlement-resolved': async ({ provider }) => {
    const settlement = await dispatchedBatch(provider);
    await resolve(provider, settlement);
    return resolve(provider, settlement);
  },
  '071-409-patient-exists': async ({ provider }) => {
    const patient = patientBody('52000111');
    await provider.call('POST', '/ehr/v1/patients', patient);
    return ask(provider, 'POST', '/ehr/v1/patients', patient);
  },
  '071-409-prescription-not-voidable': async ({ provider }) => {
    const url = `/ehr/v1/prescriptions/${(await prescribe(provider)).prescription_id}/void`;
    await provider.call('POST', url);
    return ask(provider, 'POST', url);
  },
  '071-409-idempotency-mismatch': async ({ provider }) => {
    const key = { 'idempotency-key': 'once' };
    await provider.call('POST', '/arc/v1/providers/products', { product_code: 'MED-SBX-902' }, key);
    return ask(provider, 'POST', '/arc/v1/providers/products', { product_code: 'MED-SBX-001' }, key);
  },
  '071-409-idempotency-in-progress': whileAnotherRuns,
  '071-409-provider-exists': async ({ sandbox, provider }) => {
    const url = '/_sandbox/v1/providers';
    const body = { provider_slug: provider.slug, name: 'Again', country_code: 'CO' };
    return answered('POST', url, await sandbox.operator('POST', url, body));
  },
  '071-409-sponsor-fixture': async ({ sandbox }) => {
    const url = '/_sandbox/v1/sponsors/sponsor-sandbox';
    return answered('DELETE', url, await sandbox.operator('DELETE', url));
  },
  '071-409-sponsor-in-use': deleteUsedSponsor,
  '071-409-clock-backwards': ({ provider }) =>
    ask(provider, 'POST', `/_sandbox/v1/providers/${provider.slug}/clock/advance`, {
      to: '2020-01-01T00:00:00.000Z',
    }),
  '071-409-snapshot-outdated': async ({ sandbox, provider }) => {
    await provider.call('POST', control(provider, 'snapshots'));
    await sandbox.sandbox.units.store.db
      .updateTable('snapshots')
      .set({ schema_version: '000-before' })
      .where('provider_id', '=', provider.provider_id)
      .execute();
    return ask(provider, 'POST', control(provider, 'restore'));
  },
  '071-409-sponsor-missing': async ({ sandbox, provider }) => {
    const slug = await shadow(sandbox, provider);
    await provider.call('POST', control(provider, 'snapshots'));
    await affiliate(sandbox, provider);
    await sandbox.operator('DELETE', `/_sandbox/v1/sponsors/${slug}`);
    return ask(provider, 'POST', control(provider, 'restore'));
  },
  '071-409-ids-taken': async ({ sandbox, provider }) => {
    const { authorization_code } = await approve(provider);
    await provider.call('POST', control(provider, 'snapshots'));
    await provider.call('POST', control(provider, 'reset'));
    const { authorization_id } = await approve(await sandbox.provider());
    await sandbox.sandbox.units.store.db
      .updateTable('authorizations')
      .set({ authorization_code })
      .where('authorization_id', '=', authorization_id)
      .execute();
    return ask(provider, 'POST', control(provider, 'restore'));
  },

  '071-413': ({ provider }) => ask(provider, 'POST', requests, ' '.repeat(14 * 1024 * 1024 + 1), json),
  '071-415': ({ provider }) => ask(provider, 'POST', requests, 'a,b', { 'content-type': 'text/csv' }),

  '071-422-validation': asking('POST', requests, {}),
  '071-104': ({ provider }) =>
    ask(provider, 'POST', requests, requestBody(provider, { products: [['MED-SBX-902', 1]] })),
  '071-422-coverage-inactive': ({ provider }) =>
    ask(provider, 'POST', requests, requestBody(provider, { person: '1000000005' })),
  '071-422-product-type-unsupported': ofNarrowSponsor,
  '071-422-file-type': async ({ provider }) => {
    const file = {
      file_type: 'MEDICAL_INDICATION',
      content_base64: Buffer.from('plain text').toString('base64'),
    };
    return ask(provider, 'POST', `${requests}/${await initiate(provider)}/indications`, file);
  },
  '071-422-verification-required': async ({ provider }) => {
    const id = await initiate(provider, { sponsor_slug: 'sponsor-sandbox-otp' });
    return ask(provider, 'POST', `${requests}/${id}/complete`);
  },
  '071-422-otp-invalid': async ({ provider }) => validate(provider, await sendOtp(provider), '000000'),
  '071-422-otp-expired': async ({ provider }) => {
    const otp_id = await sendOtp(provider);
    await provider.advance(301);
    return validate(provider, otp_id, '246810');
  },
  '071-422-otp-locked': async ({ provider }) => {
    const otp_id = await sendOtp(provider);
    for (let wrong = 0; wrong < 5; wrong += 1) await validate(provider, otp_id, '000000');
    return validate(provider, otp_id, '246810');
  },
  '071-422-otp-used': async ({ provider }) => {
    const otp_id = await sendOtp(provider);
    await validate(provider, otp_id, '246810');
    return validate(provider, otp_id, '246810');
  },
  '071-422-otp-destination': ({ provider }) =>
    ask(provider, 'POST', '/v1/otp/send', otpBody(provider, 'P1000009')),
  '071-422-beneficiary-mismatch': async ({ provider }) =>
    start(provider, (await approve(provider)).authorization_code, '1000000002'),
  '071-422-amount-mismatch': async ({ provider }) => {
    const { body } = await start(provider, (await approve(provider)).authorization_code);
    return ask(provider, 'POST', `${dispensations}/${body.dispensation_id}/complete`, {
      document_number: 'FV-1',
      document_date: '2026-01-15',
      amount: 1,
    });
  },
  '071-422-settlement-not-batch': asking('POST', settlements, {
    sponsor_slug: 'sponsor-sandbox',
    period: '2026-01',
  }),
  '071-422-settlement-empty': async ({ provider }) =>
    ask(provider, 'POST', `${await batch(provider)}/dispatch`),
  '071-422-subscription-limit': async ({ provider }) => {
    const body = { url: 'http://127.0.0.1:9/events', event_types: ['*'] };
    for (let taken = 0; taken < 10; taken += 1) await provider.call('POST', subscriptions, body);
    return ask(provider, 'POST', subscriptions, body);
  },
  '071-422-snapshot-limit': async ({ provider }) => {
    for (let taken = 0; taken < 20; taken += 1) await provider.call('POST', control(provider, 'snapshots'));
    return ask(provider, 'POST', control(provider, 'snapshots'));
  },
  '071-422-address-not-allowed': asking('POST', subscriptions, {
    url: 'http://169.254.169.254/',
    event_types: ['*'],
  }),

  '071-429': async ({ sandbox, provider }) => {
    const limits = { requests_per_minute: 1, token_requests_per_minute: 10 };
    await sandbox.operator('PUT', `/_sandbox/v1/providers/${provider.slug}/limits`, limits);
    await provider.call('GET', '/v1/sponsors');
    return ask(provider, 'GET', '/v1/sponsors');
  },
  // The only one of them that is answered as long as the sandbox runs.
  '071-429-live-streams': ({ provider }) =>
    Promise.race(
      Array.from({ length: 21 }, () => ask(provider, 'GET', `/_sandbox/v1/providers/${provider.slug}/live`)),
    ),
  '071-500': afterADefect,
  '071-503': async ({ provider }) => {
    const id = await initiate(provider, { sponsor_slug, products: [['MED-SBX-905', 1]] });
    return ask(provider, 'POST', `${requests}/${id}/complete`);
  },
};

function answered(method: Method, url: string, reply: Reply): Answered {
  return { method, url, ...reply };
}

async function ask(
  by: TestProvider,
  method: Method,
  url: string,
  body?: unknown,
  headers?: Record<string, string>,
): Promise<Answered> {
  return answered(method, url, await by.call(method, url, body, headers));
}

function start(by: TestProvider, code: string, person?: string): Promise<Answered> {
  return ask(by, 'POST', dispensations, { code, beneficiary_id: by.beneficiary(person) });
}

/** The body of a claim of all that was authorized, or waits to be. */
async function ofAuthorization(by: TestProvider, options: Parameters<typeof approve>[1] = {}): Promise<Json> {
  const { authorization_id, products } = await approve(by, options);
  const [{ product_code, quantity }] = products;
  return { authorization_id, line_items: [{ product_code, product_type: 'MEDICATION', quantity }] };
}

function claim(by: TestProvider, body: Json): Promise<Answered> {
  return ask(by, 'POST', claims, {
    beneficiary_id: by.beneficiary(),
    sponsor_slug,
    diagnosis_code: 'E11.9',
    ...body,
  });
}

/** The URL of an open settlement. */
async function batch(by: TestProvider): Promise<string> {
  const { body } = await by.call('POST', settlements, { sponsor_slug, period: '2026-01' });
  return `${settlements}/${body.settlement_id}`;
}

interface Batch {
  readonly url: string;
  readonly claim_ids: readonly string[];
}

async function filledBatch(by: TestProvider): Promise<Batch> {
  const url = await batch(by);
  const claim_ids = [await directClaim(by)];
  await by.call('POST', `${url}/authorizations`, { claim_ids });
  return { url, claim_ids };
}

async function dispatchedBatch(by: TestProvider): Promise<Batch> {
  const filled = await filledBatch(by);
  await by.call('POST', `${filled.url}/dispatch`);
  return filled;
}

function resolve(by: TestProvider, { url }: Batch): Promise<Answered> {
  const id = url.slice(settlements.length + 1);
  return ask(by, 'POST', `/_sandbox/v1/settlements/${id}/resolve`, { decision: 'ACCEPTED' });
}

function otpBody(by: TestProvider, person?: string): Json {
  return { beneficiary_id: by.beneficiary(person), sponsor_slug: 'sponsor-sandbox-otp', channel: 'SMS' };
}

async function sendOtp(by: TestProvider): Promise<string> {
  return (await by.call('POST', '/v1/otp/send', otpBody(by))).body.otp_id;
}

function validate(by: TestProvider, otp_id: string, code: string): Promise<Answered> {
  return ask(by, 'POST', '/v1/otp/validate', { otp_id, code });
}

/** No fixture sponsor refuses a product type; one that an operator brings along may. */
async function ofNarrowSponsor({ sandbox, provider }: Actor): Promise<Answered> {
  const slug = await shadow(sandbox, provider, { product_types: ['LAB'] });
  return ask(provider, 'POST', requests, requestBody(provider, { sponsor_slug: slug }));
}

/** Of an affiliated provider. */
async function deleteUsedSponsor({ sandbox, provider }: Actor): Promise<Answered> {
  const url = `/_sandbox/v1/sponsors/${await shadow(sandbox, provider)}`;
  return answered('DELETE', url, await sandbox.operator('DELETE', url));
}

/** Another process has taken the key and does not come to an end. Only a shared database has other processes. */
async function whileAnotherRuns({ sandbox, provider }: Actor): Promise<Answered> {
  const url = '/arc/v1/providers/products';
  const body = { product_code: 'MED-SBX-902' };
  return sandbox.sandbox.units.store.transaction(async (other) => {
    await other
      .insertInto('idempotency_keys')
      .values({
        client_id: provider.client_id,
        target: `POST ${url}`,
        idempotency_key: 'taken',
        body_sha256: sha256(JSON.stringify(body)),
        status: 0,
        headers: '{}',
        body: '',
        created_at_real: realNow(),
      })
      .execute();
    return ask(provider, 'POST', url, body, { 'idempotency-key': 'taken' });
  });
}

async function afterADefect(): Promise<Answered> {
  const broken = await startSandbox();
  try {
    const provider = await broken.provider();
    await broken.sandbox.units.store.db.schema.dropTable('affiliations').execute();
    return await ask(provider, 'GET', '/v1/sponsors');
  } finally {
    await broken.stop();
  }
}
