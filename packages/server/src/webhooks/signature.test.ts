import { expect, it } from 'vitest';
import { signatureHeader } from './signature.ts';

const secret = 'whsec_test_3f1c9a77d2b84e0c';
const body =
  '{"event_id":"evt_01JG0000000000000000000001","event_type":"authorization.rejected","created_at":"2026-01-01T00:00:00.000Z","api_version":"2026-01-01","environment":"sandbox","data":{"authorization_request_id":"areq_01JG0000000000000000000002","sponsor_slug":"demo-insurer","rejection_reason":"Not covered by plan"},"provider":{"provider_id":"prv_01JG0000000000000000000003","provider_slug":"lab-demo"}}';
const v1 = '9347fa831a1efc84d1380af019219ad3fb396890a7081d98b0113023671ea96b';

it('gives the check value of the contract', () => {
  expect(signatureHeader([secret], 1767225600, body)).toBe(`t=1767225600,v1=${v1}`);
});

it('carries one v1 per live secret, newest first', () => {
  const header = signatureHeader(['whsec_new', secret], 1767225600, body);
  expect(header).toMatch(new RegExp(`^t=1767225600,v1=[0-9a-f]{64},v1=${v1}$`));
});
