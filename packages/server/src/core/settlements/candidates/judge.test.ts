import { describe, expect, test } from 'vitest';
import { judge } from './judge.ts';
import type { CandidateRow } from './store.ts';

const claim = (claim_id: string, over: Partial<CandidateRow> = {}): CandidateRow => ({
  claim_id,
  authorization_id: 'auth_1',
  sponsor_slug: 'sponsor-sandbox-do',
  status: 'COMPLETED',
  currency_code: 'DOP',
  covered_amount: 1,
  ...over,
});
const circumstances = {
  slugs: ['sponsor-sandbox-do'],
  currency_code: 'DOP',
  inLiveBatch: new Set(['clm_live']),
};

describe('what may be attached', () => {
  test('lists every wrong name with its place, and every one that is too late', () => {
    const ids = ['clm_ok', 'clm_none', 'clm_open', 'clm_other', 'clm_live', 'clm_ok'];
    const candidates = [
      claim('clm_ok'),
      claim('clm_open', { status: 'OPEN' }),
      claim('clm_other', { sponsor_slug: 'sponsor-sandbox' }),
      claim('clm_live', { status: 'PAID' }),
    ];
    const { claims, issues, conflicts } = judge({ path: 'claim_ids', ids }, candidates, circumstances);
    expect(claims.map((each) => each.claim_id)).toEqual(['clm_ok']);
    expect(issues).toEqual([
      { path: 'claim_ids[1]', message: 'is unknown, or nothing was claimed for it' },
      { path: 'claim_ids[2]', message: 'is OPEN, not COMPLETED' },
      { path: 'claim_ids[3]', message: 'is of another sponsor: sponsor-sandbox' },
      { path: 'claim_ids[5]', message: 'is named twice' },
    ]);
    expect(conflicts).toEqual([{ path: 'claim_ids[4]', message: 'is in a live batch' }]);
  });

  test('nothing in another currency than the settlement, which would add up to nonsense', () => {
    const candidates = [claim('clm_1'), claim('clm_2', { authorization_id: 'auth_2', currency_code: 'GTQ' })];
    const wrong = { message: 'is in GTQ, the settlement in DOP' };
    const byClaim = judge({ path: 'claim_ids', ids: ['clm_1', 'clm_2'] }, candidates, circumstances);
    expect(byClaim.issues).toEqual([{ path: 'claim_ids[1]', ...wrong }]);
    const byAuthorization = judge({ path: 'authorization_ids', ids: ['auth_2'] }, candidates, circumstances);
    expect(byAuthorization.issues).toEqual([{ path: 'authorization_ids[0]', ...wrong }]);
  });

  test('an authorization stands for all of its claims that are free', () => {
    const named = { path: 'authorization_ids', ids: ['auth_1', 'auth_2'] } as const;
    const candidates = [
      claim('clm_1'),
      claim('clm_2'),
      claim('clm_live'),
      claim('clm_void', { status: 'VOIDED' }),
      claim('clm_void_2', { status: 'VOIDED', authorization_id: 'auth_2' }),
    ];
    const { claims, issues, conflicts } = judge(named, candidates, circumstances);
    expect(claims.map((each) => each.claim_id)).toEqual(['clm_1', 'clm_2']);
    expect(issues).toEqual([{ path: 'authorization_ids[1]', message: 'is VOIDED, not COMPLETED' }]);
    expect(conflicts).toEqual([]);
  });

  test('one whose free claims are all in a batch is too late', () => {
    const named = { path: 'authorization_ids', ids: ['auth_1'] } as const;
    const candidates = [claim('clm_live'), claim('clm_void', { status: 'VOIDED' })];
    expect(judge(named, candidates, circumstances).conflicts).toHaveLength(1);
  });
});
