import type { Call } from './load.ts';
import { type Provider, person } from './sandbox.ts';

export interface Patient extends Pick<Provider, 'beneficiary_id'> {}

/** The smallest PDF that is told as one by its content. */
const pdf = Buffer.from('%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n').toString('base64');

export const requests = '/arc/v1/authorization-requests';
const dispensations = '/dispensing/v1/dispensations';

/**
 * From a document at the counter to a dispensed code: six calls, each of which needs the one before. `products`: what is
 * dispensed, if not everything.
 */
export async function flow(
  call: Call,
  { beneficiary_id }: Patient,
  products?: readonly unknown[],
): Promise<void> {
  await call('POST', '/v1/sponsors/sponsor-sandbox/search', person);
  const { authorization_request_id } = (await call('POST', requests, requestOf(beneficiary_id))) as {
    authorization_request_id: string;
  };
  const request = `${requests}/${authorization_request_id}`;
  await call('POST', `${request}/indications`, {
    file_type: 'MEDICAL_INDICATION',
    file_name: 'indication.pdf',
    content_type: 'application/pdf',
    content_base64: pdf,
  });
  const { authorizations } = (await call('POST', `${request}/complete`)) as {
    authorizations: { authorization_code: string }[];
  };
  const code = authorizations[0]?.authorization_code;
  const { dispensation_id } = (await call('POST', dispensations, { code, beneficiary_id, products })) as {
    dispensation_id: string;
  };
  await call('POST', `${dispensations}/${dispensation_id}/complete`, {
    document_number: 'FV-10021',
    document_date: '2026-01-15',
  });
}

export function requestOf(beneficiary_id: string, sponsor_slug = 'sponsor-sandbox') {
  return {
    beneficiary_id,
    sponsor_slug,
    diagnosis_code: 'E11.9',
    products: [
      {
        product_code: 'MED-SBX-001',
        product_type: 'MEDICATION',
        quantity: 10,
        posology: '1 cada 12 horas',
      },
    ],
  };
}
