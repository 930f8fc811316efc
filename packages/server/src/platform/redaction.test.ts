import { expect, test } from 'vitest';
import { redactForm, redactJson, redactQuery, redactValue } from './redaction.ts';

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
  expect(redactValue({ otp_id: 'otp_1', code: '246810' }, limit, { hidesCodes: true })).toBe(
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
  expect(redactQuery('/otp?code=1', limit, { hidesCodes: true })).toBe('/otp?code=[redacted]');
  expect(redactQuery('/a?%zz=1', limit)).toBe('/a?%zz=1');
  expect(redactQuery('/a', limit)).toBe('/a');
});

test.each([
  'SECRET',
  'Client_Secret',
  'clientSecret',
  'client-secret',
  'ACCESS_TOKEN',
  'accessToken',
  'Otp_Code',
  'Authorization',
  'proxy-authorization',
])('%s is a secret however it is written, in a body alone too', (name) => {
  const value = { [name]: 'Bearer s3cret' };
  expect(redactValue(value, limit)).toBe(`{"${name}":"[redacted]"}`);
  expect(redactJson(JSON.stringify(value), limit)).toBe(`{"${name}":"[redacted]"}`);
});

test('other spellings of a code, a file and a reading too', () => {
  expect(redactValue({ Code: '246810', PIN: 1 }, limit, { hidesCodes: true })).not.toMatch(/246810|1/);
  const files = { Content_Base64: 'QUJD', contentBase64: ['QUJD'], VALUE: 'QUJD' };
  expect(redactJson(JSON.stringify(files), limit)).toBe(
    '{"Content_Base64":"[4 characters]","contentBase64":["[4 characters]"],"VALUE":"[4 characters]"}',
  );
});

test('the word that a sponsor wants for an authorization is no secret', () => {
  const json = '{"verification":{"authorization":"BIOMETRIC","dispensation":null}}';
  expect(redactJson(json, limit)).toBe(json);
});

test('a secret is hidden in texts: in the links of a page, in a form, in JSON', () => {
  const links = '{"links":[{"rel":"self","href":"/a?access_token=s3cret&page=0&size=15"}]}';
  expect(redactJson(links, limit)).toBe(links.replace('s3cret', '[redacted]'));
  for (const text of ['client_secret=s3cret', 'https://x/?a=1&Secret=s3cret', 'https://x/?s%65cret=s3cret']) {
    expect(redactJson(JSON.stringify({ text }), limit), text).not.toContain('s3cret');
  }
  const inner = JSON.stringify({ client_secret: 's3cret' });
  expect(redactJson(JSON.stringify({ inner }), limit)).toBe('{"inner":"[26 characters]"}');
  const page = '{"links":[{"href":"/a?from=2026-01-01T00%3A00%3A00Z&page=1"}],"text":"a=b?c=50%&d"}';
  expect(redactJson(page, limit)).toBe(page);
  expect(redactValue(JSON.parse(page), limit)).toBe(page);
});

test.each([
  '/a?ACCESS_TOKEN=s3cret',
  '/a?accessToken=s3cret',
  '/a?x=1?secret=s3cret',
  '/a?x=1;secret=s3cret',
  '/a?a[secret]=s3cret',
  '/a?a%5Bsecret%5D=s3cret',
  '/a?client_secret%3Ds3cret',
  '/a?%zz;secret=s3cret',
  '/a#secret=s3cret',
  '/a?secret=x;s3cret?s3cret',
])('%s loses its secret', (url) => {
  expect(redactQuery(url, limit)).not.toContain('s3cret');
  expect(redactQuery(url, limit)).toContain('=[redacted]');
});

test('a form is shown; what is none is not, because its secrets would stand in its names', () => {
  expect(redactForm({ grant_type: 'client_credentials', CLIENT_SECRET: 's3cret' }, limit)).toBe(
    '{"grant_type":"client_credentials","CLIENT_SECRET":"[redacted]"}',
  );
  for (const name of ['{"client_secret":"s3cret"}', 's3cret', 'x'.repeat(33), '']) {
    expect(redactForm({ [name]: '' }, limit), name).toBe('"[not a form]"');
  }
});
