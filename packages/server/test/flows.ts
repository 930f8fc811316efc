import type { Json, TestProvider, TestSandbox } from './harness.ts';

/** The smallest PDF that is told as one by its content. */
export const pdf = Buffer.from('%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n').toString('base64');
export const png = Buffer.from(
  '89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489',
  'hex',
).toString('base64');

export interface RequestOptions {
  readonly sponsor_slug?: string;
  readonly person?: string;
  readonly products?: readonly [product_code: string, quantity: number][];
  readonly extra?: Record<string, unknown>;
}

export function requestBody(provider: TestProvider, options: RequestOptions = {}): Record<string, unknown> {
  const { sponsor_slug = 'sponsor-sandbox', person, products = [['MED-SBX-001', 10]], extra } = options;
  return {
    beneficiary_id: provider.beneficiary(person),
    sponsor_slug,
    diagnosis_code: 'E11.9',
    products: products.map(([product_code, quantity]) => ({
      product_code,
      product_type: typeOf(provider, product_code),
      quantity,
      posology: '1 cada 12 horas',
    })),
    ...extra,
  };
}

function typeOf(provider: TestProvider, code: string): string {
  return provider.sheet.products.find((product: Json) => product.product_code === code).product_type;
}

/** Answers the id of a PENDING_INDICATION request. */
export async function initiate(provider: TestProvider, options: RequestOptions = {}): Promise<string> {
  const { body } = await provider.call(
    'POST',
    '/arc/v1/authorization-requests',
    requestBody(provider, options),
  );
  return body.authorization_request_id;
}

/** An approved authorization, by a sponsor that wants no document unless another is named. */
export async function approve(provider: TestProvider, options: RequestOptions = {}): Promise<Json> {
  const id = await initiate(provider, { sponsor_slug: 'sponsor-sandbox-do', ...options });
  const { body } = await provider.call('POST', `/arc/v1/authorization-requests/${id}/complete`);
  return body.authorizations[0];
}

export interface DispenseOptions extends RequestOptions {
  /** Of an authorization that exists; a new one otherwise. */
  readonly code?: string;
  readonly lines?: readonly { readonly product_code: string; readonly quantity: number }[];
}

/** A completed dispensation, with the `claim_id` of the claim that it created. */
export async function dispense(by: TestProvider, options: DispenseOptions = {}): Promise<Json> {
  const code = options.code ?? (await approve(by, options)).authorization_code;
  const { body } = await by.call('POST', '/dispensing/v1/dispensations', {
    code,
    beneficiary_id: by.beneficiary(options.person),
    ...(options.lines && { products: options.lines }),
  });
  const done = await by.call('POST', `/dispensing/v1/dispensations/${body.dispensation_id}/complete`, {
    document_number: 'FV-10021',
    document_date: '2026-01-15',
    ...(await proofOf(by, body, options.person)),
  });
  return done.body;
}

/** What the dispensation wants of the person at the counter. */
async function proofOf(by: TestProvider, dispensation: Json, person?: string): Promise<Json> {
  if (dispensation.verification_required !== 'BIOMETRIC') return {};
  const { body } = await by.call('POST', `/arc/v1/providers/${by.slug}/biometric-reading`, {
    beneficiary_id: by.beneficiary(person),
    type: 'FINGERPRINT_READING',
    value: Buffer.from('match').toString('base64'),
  });
  return { biometric_reading_id: body.biometric_reading_id };
}

/** The id of a completed claim of a consultation, without dispensation and without authorization. */
export async function directClaim(by: TestProvider, sponsor_slug = 'sponsor-sandbox-do'): Promise<string> {
  const url = '/arc/v1/outpatient-care-claim';
  const { body } = await by.call('POST', url, {
    beneficiary_id: by.beneficiary(),
    sponsor_slug,
    diagnosis_code: 'E11.9',
    line_items: [{ product_code: 'CONS-GEN', product_type: 'PROCEDURE', quantity: 1 }],
  });
  await by.call('POST', `${url}/${body.claim_id}/complete`, { document_number: 'FV-10022' });
  return body.claim_id;
}

/** A patient of no fixture; the document is the caller's to choose. */
export function patientBody(document_number: string): Record<string, unknown> {
  return {
    first_name: 'Julián',
    last_name: 'Restrepo Ángel',
    document_type: 'CC',
    document_number,
    date_of_birth: '1990-07-21',
  };
}

export function prescriptionBody(over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    patient: patientBody('52000111'),
    diagnoses: [{ diagnosis_code: 'E11.9' }],
    medications: [
      { product_code: 'MED-SBX-001', quantity: 10, posology: '1 tableta cada 12 horas', duration_days: 5 },
    ],
    ...over,
  };
}

/** A prescription that was issued. */
export async function prescribe(provider: TestProvider, over: Record<string, unknown> = {}): Promise<Json> {
  return (await provider.call('POST', '/ehr/v1/prescriptions', prescriptionBody(over))).body;
}

/** The envelopes of all events about one thing, in the order in which they were written. */
export async function eventsAbout(
  { sandbox }: TestSandbox,
  { provider_id }: TestProvider,
  resource_id: string,
): Promise<Json[]> {
  const rows = await sandbox.units.store.db
    .selectFrom('events')
    .select('body')
    .where('provider_id', '=', provider_id)
    .where('resource_id', '=', resource_id)
    .orderBy('event_id')
    .execute();
  return rows.map((row) => JSON.parse(row.body));
}
