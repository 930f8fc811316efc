import { expect, test } from 'vitest';
import { sha256 } from '../../platform/hashing.ts';
import { contentHash } from './content-hash.ts';

test.each([
  // The example of RFC 8785, section 3.2.2, in the form of section 3.2.3.
  [
    String.raw`{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}`,
    `{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],` +
      String.raw`"string":"€$\u000f\nA'B\"\\\\\"/"}`,
  ],
  ['[ { "b" : 1.0 , "a" : "é" } ]', '[{"a":"é","b":1}]'],
  ['[]', '[]'],
])('the hash of %s is that of its canonical form', (text, canonical) => {
  expect(contentHash(JSON.parse(text))).toBe(sha256(canonical));
});

test('an accent that is composed otherwise is another content', () => {
  expect(contentHash(['é'])).not.toBe(contentHash(['e\u0301']));
});

test('what has no canonical form has no hash', () => {
  expect(contentHash(undefined)).toBeUndefined();
  expect(contentHash(['\ud800'])).toBeUndefined();
  expect(contentHash(JSON.parse(`${'['.repeat(200_000)}${']'.repeat(200_000)}`))).toBeUndefined();
});
