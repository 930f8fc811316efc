import type { Json, TestProvider } from './harness.ts';

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
