import { describe, expect, test } from 'vitest';
import { transitionsOf } from '../../platform/state-machine.ts';
import { profileOf } from '../sponsors/profile.ts';
import { sponsorFile } from '../sponsors/test-profile.ts';
import {
  decodeBase64,
  destinationOf,
  drawCode,
  hashCode,
  isRightCode,
  maskDestination,
  matchReading,
  otpMachine,
  secondsUntilResend,
  sendIssues,
} from './rules.ts';

describe('one-time password', () => {
  test('is six digits and never a magic value', () => {
    for (let draw = 0; draw < 200; draw += 1) expect(drawCode()).toMatch(/^(?!246810|000000)\d{6}$/);
  });

  test('is salted: equal codes have different hashes, and neither shows the code', () => {
    expect(hashCode('123456')).not.toBe(hashCode('123456'));
    expect(hashCode('123456', 'salt')).not.toContain('123456');
  });

  test.each([
    ['123456', 'sandbox', true],
    ['123457', 'sandbox', false],
    ['246810', 'sandbox', true],
    ['000000', 'sandbox', false],
    ['', 'sandbox', false],
    ['123456', 'production', true],
    ['246810', 'production', false],
  ] as const)('%s in %s: %s', (code, environment, right) => {
    expect(isRightCode(code, hashCode('123456'), environment)).toBe(right);
  });

  test('000000 is wrong even where it was sent', () => {
    expect(isRightCode('000000', hashCode('000000'), 'sandbox')).toBe(false);
  });

  test('its states end with use or lock, as the database guards them', () => {
    expect(transitionsOf(otpMachine)).toEqual({ SENT: ['LOCKED', 'VALIDATED'] });
  });
});

test.each([
  [undefined, 0],
  [1_000_000, 30],
  [999_999, 30],
  [971_000, 1],
  [970_001, 1],
  [970_000, 0],
  [1_000_500, 31],
])('last sent at %s: again in %s s', (last, seconds) => {
  expect(secondsUntilResend(last, 1_000_000)).toBe(seconds);
});

test('the destination is that of the channel, and an empty one is none', () => {
  const person = { email: 'a@b.example', phone_number: '+573001000001' };
  expect(destinationOf(person, 'SMS')).toBe('+573001000001');
  expect(destinationOf(person, 'EMAIL')).toBe('a@b.example');
  expect(destinationOf({ email: '', phone_number: null }, 'SMS')).toBeUndefined();
  expect(destinationOf({ email: '', phone_number: null }, 'EMAIL')).toBeUndefined();
});

test.each([
  ['+573001234567', 'SMS', '******4567'],
  ['maria.gomez@beneficiaries.example', 'EMAIL', 'm******@beneficiaries.example'],
  ['m@beneficiaries.example', 'EMAIL', '******@beneficiaries.example'],
] as const)('%s by %s is shown as %s', (destination, channel, masked) => {
  expect(maskDestination(destination, channel)).toBe(masked);
});

test('all that is unknown is named at once', () => {
  const paths = (...input: Parameters<typeof sendIssues>) => sendIssues(...input).map((issue) => issue.path);
  expect(paths(undefined, undefined, 'SMS')).toEqual(['beneficiary_id', 'sponsor_slug']);
  const sending = (...otp_channels: ('SMS' | 'EMAIL')[]) =>
    profileOf({ ...sponsorFile, configuration: { otp_channels } });
  expect(paths(undefined, sending('EMAIL'), 'SMS')).toEqual(['beneficiary_id', 'channel']);
  expect(paths({}, sending(), 'SMS')).toEqual(['channel']);
  expect(paths({}, sending('SMS'), 'SMS')).toEqual([]);
});

test.each([
  ['bWF0Y2g=', 'match'],
  ['bWF0\r\nY2g=\n', 'match'],
  ['bWF0Y2g', undefined],
  ['bWF0 Y2g=', undefined],
  ['bWF0Y2g==', undefined],
  ['%%%', undefined],
  ['\n', undefined],
  ['data:image/jpeg;base64,bWF0Y2g=', undefined],
])('%j decodes to %s', (text, bytes) => {
  expect(decodeBase64(text)?.toString()).toBe(bytes);
});

describe('biometric reading', () => {
  test.each([
    ['match', 'VERIFICATION_SUCCESS'],
    ['anything', 'VERIFICATION_SUCCESS'],
    ['no-match\n', 'VERIFICATION_SUCCESS'],
    ['no-match', 'VERIFICATION_FAILURE'],
  ])('%j is a %s', (text, status) => {
    const match = matchReading(Buffer.from(text), 'sandbox');
    expect(match.verification_status).toBe(status);
    expect(match.failure_description === null).toBe(status === 'VERIFICATION_SUCCESS');
  });

  test('production has nothing to match with', () => {
    expect(matchReading(Buffer.from('match'), 'production').verification_status).toBe('ERROR');
  });
});
