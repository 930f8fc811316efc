import { expect, test } from 'vitest';
import { canReach, matchesPath, patternProblem } from './paths.ts';

test.each([
  ['/v1/sponsors', '/v1/sponsors', true],
  ['/v1/sponsors', '/v1/sponsors/', true],
  ['/v1/sponsors', '/v1/sponsors/demo/forms', false],
  ['/v1/sponsors', '/v1', false],
  ['/v1/sponsors/{slug}/forms', '/v1/sponsors/demo/forms', true],
  ['/v1/sponsors/:slug/forms', '/v1/sponsors/demo/forms', true],
  ['/v1/sponsors/{slug}/forms', '/v1/sponsors/demo/search', false],
  ['/arc/v1/*', '/arc/v1/authorizations/auth_1', true],
  ['/arc/v1/auth*', '/arc/v1/authorization-requests/areq_1/complete', true],
  ['/arc/v1/auth*', '/arc/v1/products', false],
  ['/arc/v1/*', '/arc/v1', false],
  ['/*', '/dispensing/v1/dispensations', true],
  ['/v1/{any}', '/v1/:odd', true],
  ['/v1/literal', '/v1/:odd', false],
  ['/v1/sponsors', '/v1/%73ponsors', true],
  ['/v1/sponsors', '/v1/%2573ponsors', false],
  ['/v1/sponsors/a', '/v1/sponsors%2Fa', false],
  ['/v1/products/a%20b', '/v1/products/a%20b', true],
  ['/v1/products/a:b*', '/v1/products/a%3Abc', true],
  ['/v1/products/%zz', '/v1/products/%zz', true],
])('%s and a call of %s: %s', (pattern, path, expected) => {
  expect(matchesPath(pattern, path)).toBe(expected);
});

test.each([
  ['/arc/v1/authorization-requests/{id}/complete', true],
  ['/arc/v1/authorization-requests/areq_1/complete', true],
  ['/arc/v1/authorization-requests/*', true],
  ['/arc/*', true],
  ['/arc/v1/authorization-requests', false],
  ['/arc/v1/authorization-requests/{id}/finish', false],
])('%s can reach the route: %s', (pattern, expected) => {
  expect(canReach(pattern, '/arc/v1/authorization-requests/:authorization_request_id/complete')).toBe(
    expected,
  );
});

test('a pattern begins with a slash, has no query, and * only at its end', () => {
  expect(['v1', '/v1?x=1', '/*/v1', '/v1/**'].map(patternProblem)).toEqual([
    'must begin with /',
    'must be a path without query',
    'may have * only at its end',
    'may have * only at its end',
  ]);
  expect(['/v1', '/v1/*', '/v1/{id}'].map(patternProblem)).toEqual([undefined, undefined, undefined]);
});
