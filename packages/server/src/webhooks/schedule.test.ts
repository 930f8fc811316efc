import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type FailedAttempt,
  firstDelay,
  horizon,
  isDelivered,
  longestDelay,
  nextAttempt,
} from './schedule.ts';

const failed: FailedAttempt = {
  number: 1,
  ended_at: 1_000_000,
  first_attempt_at: 1_000_000,
  retry_on: 'non_2xx',
  response_status: 500,
  error: null,
  retry_after: null,
  real_now: 5_000_000,
  jitter: 1,
};

const delayOf = (attempt: Partial<FailedAttempt>) => {
  const next = nextAttempt({ ...failed, ...attempt });
  return next === 'abandon' ? next : next - (attempt.ended_at ?? failed.ended_at);
};

const anyJitter = fc.double({ min: 0.9, max: 1.1, noNaN: true });

describe('the schedule', () => {
  it('starts at ten seconds and doubles up to six hours', () => {
    expect([1, 2, 3, 4, 11, 12, 13, 40].map((number) => delayOf({ number }))).toEqual([
      10_000,
      20_000,
      40_000,
      80_000,
      10_240_000,
      20_480_000,
      longestDelay,
      longestDelay,
    ]);
  });

  it('is never more than a tenth away from the plan and never over six hours', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000 }), anyJitter, (number, jitter) => {
        const planned = Math.min(firstDelay * 2 ** (number - 1), longestDelay);
        const delay = delayOf({ number, jitter });
        expect(delay).toBeGreaterThanOrEqual(planned * 0.9 - 1);
        expect(delay).toBeLessThanOrEqual(Math.min(planned * 1.1 + 1, longestDelay));
        expect(Number.isInteger(delay)).toBe(true);
      }),
    );
  });

  it('always ends, 72 hours after the first attempt, with at most 30 attempts, whatever the receiver answers', () => {
    const answer = fc.record({
      jitter: anyJitter,
      latency: fc.integer({ min: 0, max: 10_000 }),
      response_status: fc.constantFrom(301, 404, 429, 500, 503),
      retry_after: fc.option(fc.oneof(fc.nat().map(String), fc.string()), { nil: null }),
    });
    fc.assert(
      fc.property(fc.infiniteStream(answer), (answers) => {
        let due = failed.first_attempt_at;
        let number = 0;
        for (const { latency, ...said } of answers) {
          number += 1;
          const next = nextAttempt({ ...failed, ...said, number, ended_at: due + latency });
          if (next === 'abandon') break;
          expect(next).toBeGreaterThan(due);
          due = next;
        }
        expect(number).toBeLessThanOrEqual(30);
        expect(due).toBeLessThanOrEqual(failed.first_attempt_at + horizon);
        expect(due).toBeGreaterThanOrEqual(failed.first_attempt_at + horizon - 10_000);
      }),
    );
  });
});

describe('Retry-After', () => {
  it('in seconds lengthens the wait on 429 and 503', () => {
    expect(delayOf({ response_status: 429, retry_after: '120' })).toBe(120_000);
    expect(delayOf({ response_status: 503, retry_after: ' 3600 ' })).toBe(3_600_000);
  });

  it('as a date is measured against real time, not the clock of the provider', () => {
    const real_now = Date.parse('2026-01-01T00:00:00Z');
    expect(delayOf({ response_status: 503, retry_after: 'Thu, 01 Jan 2026 00:05:00 GMT', real_now })).toBe(
      300_000,
    );
    for (const retry_after of [
      'Thursday, 01-Jan-26 00:05:00 GMT',
      'Thu Jan  1 00:05:00 2026',
      ' Thu Jan 01 00:05:00 2026',
    ]) {
      expect(delayOf({ response_status: 503, retry_after, real_now }), retry_after).toBe(300_000);
    }
    expect(delayOf({ response_status: 503, retry_after: 'Wed, 31 Dec 2025 00:05:00 GMT', real_now })).toBe(
      10_000,
    );
  });

  it('is ignored on other answers, when it is shorter than the schedule, and when it is nonsense', () => {
    expect(delayOf({ response_status: 500, retry_after: '120' })).toBe(10_000);
    expect(delayOf({ response_status: 429, retry_after: '1' })).toBe(10_000);
    for (const retry_after of [
      '',
      '-5',
      '1.5',
      'soon',
      '2027-01-01',
      'x, y GMT',
      'Fri Jan  1 00:00:00',
      'Fri Xyz  1 00:00:00 2027',
    ]) {
      expect(delayOf({ response_status: 429, retry_after })).toBe(10_000);
    }
  });

  it('never leads beyond the horizon', () => {
    expect(delayOf({ response_status: 429, retry_after: '9'.repeat(400) })).toBe(horizon);
  });
});

describe('what is retried', () => {
  it('everything but 2xx by default', () => {
    for (const response_status of [301, 400, 401, 404, 410, 429, 500, 503]) {
      expect(delayOf({ response_status })).not.toBe('abandon');
    }
  });

  it('with 5xx only failures of the receiver and missing answers', () => {
    const retry_on = '5xx';
    for (const response_status of [301, 400, 404, 429, 600])
      expect(delayOf({ response_status, retry_on })).toBe('abandon');
    for (const response_status of [500, 503, 599])
      expect(delayOf({ response_status, retry_on })).toBe(10_000);
    expect(delayOf({ response_status: null, error: 'TIMEOUT', retry_on })).toBe(10_000);
    expect(delayOf({ response_status: 200, error: 'TIMEOUT', retry_on })).toBe(10_000);
  });

  it('only a whole 2xx answer is a delivery', () => {
    expect(isDelivered({ response_status: 204, error: null })).toBe(true);
    expect(isDelivered({ response_status: 200, error: 'TIMEOUT' })).toBe(false);
    expect(isDelivered({ response_status: 302, error: null })).toBe(false);
    expect(isDelivered({ response_status: null, error: null })).toBe(false);
  });
});
