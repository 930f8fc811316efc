import type { Json, TestProvider } from '../harness.ts';

/** An integration as the guides describe one: it calls, and goes on with the body of an answer that went well. */
export interface Integration {
  get(url: string): Promise<Json>;
  post(url: string, body?: unknown): Promise<Json>;
}

export function integrationOf(provider: TestProvider): Integration {
  const call = async (method: 'GET' | 'POST', url: string, body?: unknown) => {
    const reply = await provider.call(method, url, body);
    if (reply.status >= 300) throw new Error(`${method} ${url} answers ${reply.status}: ${reply.text}`);
    return reply.body;
  };
  return { get: (url) => call('GET', url), post: (url, body) => call('POST', url, body) };
}

/** The person of all guides. */
export const maria = { document_type: 'CC', document_number: '1000000001' };
export const e11 = { diagnosis_code: 'E11.9' };
export const invoice = { document_number: 'FV-10021', document_date: '2026-01-15' };

export function medication(quantity: number, product_code = 'MED-SBX-001'): Json {
  return { product_code, product_type: 'MEDICATION', quantity, posology: '1 cada 12 horas' };
}
