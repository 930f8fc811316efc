import { expect, test } from 'vitest';
import { otpNames, redactJson, redactQuery, redactValue } from './redaction.ts';

const limit = 500;

test('a secret is hidden wherever its name stands, of any type', () => {
  const value = {
    a: [{ client_secret: 's3cret' }, { deep: { access_token: ['s3cret', 's3cret'] } }],
    secret: { inner: 's3cret' },
    otp_code: 123456,
    token: null,
  };
  const text = redactValue(value, limit);
  expect(text).not.toMatch(/s3cret|123456/);
  expect(JSON.parse(text)).toEqual({
    a: [{ client_secret: '[redacted]' }, { deep: { access_token: '[redacted]' } }],
    secret: '[redacted]',
    otp_code: '[redacted]',
    token: null,
  });
  expect(redactJson(JSON.stringify(value), limit)).toBe(text);
});

test('the code of a one-time password is hidden where it is one, and no other code', () => {
  expect(redactValue({ otp_id: 'otp_1', code: '246810' }, limit, otpNames)).toBe(
    '{"otp_id":"otp_1","code":"[redacted]"}',
  );
  expect(redactValue({ code: 'AUTH-2026-000001' }, limit)).toBe('{"code":"AUTH-2026-000001"}');
});

test('files and readings are told by their size; a page keeps its content', () => {
  expect(redactValue({ content_base64: 'A'.repeat(5_000), value: 'bWF0Y2g=' }, limit)).toBe(
    '{"content_base64":"[5000 characters]","value":"[8 characters]"}',
  );
  expect(redactValue({ file: Buffer.from('abc') }, limit)).toBe('{"file":"[3 bytes]"}');
  expect(redactJson('{"content":[{"id":1}]}', limit)).toBe('{"content":[{"id":1}]}');
});

test('what has nothing to hide is kept as it is', () => {
  const value = { text: 'a "quoted" \u0000 line', list: [], empty: {}, no: false, nothing: null, n: 1.5 };
  expect(redactJson(JSON.stringify(value), limit)).toBe(JSON.stringify(value));
  expect(redactValue(value, limit)).toBe(JSON.stringify(value));
});

test('a long body is cut, and a secret near the cut is not shown', () => {
  for (let length = limit - 60; length < limit + 10; length += 1) {
    const json = JSON.stringify({ text: 'x'.repeat(length), client_secret: 's3cret-s3cret' });
    const kept = redactJson(json, limit);
    expect(kept.length).toBeLessThanOrEqual(limit);
    expect(kept).not.toContain('s3c');
  }
});

test('a huge or deep body costs no more than a small one', () => {
  let deep: unknown = 'end';
  for (let level = 0; level < 5_000; level += 1) deep = [deep];
  expect(redactValue(deep, limit)).toContain('[…]');
  const huge = Array.from({ length: 200_000 }, (_, index) => ({ index }));
  expect(redactValue(huge, limit)).toMatch(/^\[\{"index":0\}.*…$/);
});

test('a query loses the values of secrets', () => {
  expect(redactQuery('/a?client_secret=x&page=1&cl%69ent_secret=y', limit)).toBe(
    '/a?client_secret=[redacted]&page=1&client_secret=[redacted]',
  );
  expect(redactQuery('/otp?code=1', limit, otpNames)).toBe('/otp?code=[redacted]');
  expect(redactQuery('/a?%zz=1', limit)).toBe('/a?%zz=1');
  expect(redactQuery('/a', limit)).toBe('/a');
});
