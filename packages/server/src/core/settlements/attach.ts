import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault, rejectIssues } from '../../platform/errors.ts';
import { toWire } from '../../platform/money.ts';
import { step } from '../../platform/state-machine.ts';
import { TryAgain } from '../../store/store.ts';
import { slugsOf, sponsorOf } from '../sponsors/sponsors.ts';
import { judge, type Named } from './candidates/judge.ts';
import { lockClaims } from './candidates/store.ts';
import { deleteMember, insertMember, selectInLiveBatch, selectMembers } from './members/store.ts';
import { lockOwn, requireSettlement } from './open.ts';
import { settlementMachine } from './rules.ts';

export interface AttachInput {
  readonly authorization_ids?: readonly string[];
  readonly claim_ids?: readonly string[];
}

/** All or nothing. The claims are locked first: whoever voids one of them waits, or has won already. */
export async function attach(
  uow: UnitOfWork,
  settlement_id: string,
  input: AttachInput,
): Promise<{ attached: number; total_amount: number }> {
  const settlement = await requireSettlement(uow, settlement_id);
  const slugs = slugsOf(await sponsorOf(uow.db, settlement));
  const named = namedBy(input);
  const by = named.path === 'claim_ids' ? 'claim_id' : 'authorization_id';
  const candidates = await lockClaims(uow.db, uow.provider.provider_id, by, named.ids);
  const inLiveBatch = await selectInLiveBatch(
    uow.db,
    candidates.map((claim) => claim.claim_id),
  );
  const { currency_code } = settlement;
  const { claims, issues, conflicts } = judge(named, candidates, { slugs, currency_code, inLiveBatch });
  rejectIssues(issues);
  step(settlementMachine, (await lockOwn(uow, settlement_id)).status, 'change');
  rejectIssues(conflicts, '071-409-claim-in-batch');
  for (const { claim_id, authorization_id } of claims) {
    // The database has the last word on who was first; asked again, the call names the claim that is taken.
    if ((await insertMember(uow.db, { settlement_id, claim_id, authorization_id })) === 0)
      throw new TryAgain();
  }
  return { attached: claims.length, total_amount: await totalOf(uow, settlement_id) };
}

function namedBy({ authorization_ids, claim_ids }: AttachInput): Named {
  if (authorization_ids !== undefined && claim_ids === undefined) {
    return { path: 'authorization_ids', ids: authorization_ids };
  }
  if (claim_ids !== undefined && authorization_ids === undefined)
    return { path: 'claim_ids', ids: claim_ids };
  const message = 'either authorization_ids or claim_ids is required, not both';
  throw fault('071-422-validation', { errors: [{ path: 'authorization_ids', message }] });
}

async function totalOf(uow: UnitOfWork, settlement_id: string): Promise<number> {
  const members = await selectMembers(uow.db, { settlement_id });
  return toWire(members.reduce((total, member) => total + member.covered_amount, 0));
}

/** By authorization all of its claims leave the batch. */
export async function detach(
  uow: UnitOfWork,
  settlement_id: string,
  name: { readonly claim_id: string } | { readonly authorization_id: string },
): Promise<void> {
  const { status } = await lockOwn(uow, settlement_id);
  const members = await selectMembers(uow.db, { settlement_id });
  const leaving = members.filter((member) =>
    'claim_id' in name
      ? member.claim_id === name.claim_id
      : member.authorization_id === name.authorization_id,
  );
  if (leaving.length === 0) throw fault('071-404-settlement-claim');
  step(settlementMachine, status, 'change');
  for (const { claim_id } of leaving) await deleteMember(uow.db, { settlement_id, claim_id });
}
