import { fault } from '../../../platform/errors.ts';
import { step } from '../../../platform/state-machine.ts';
import { authorizationMachine } from '../../authorizations/rules.ts';
import { lockAuthorization, selectLines } from '../../authorizations/store.ts';
import { listOrNull } from '../../authorizations/views.ts';
import { amountsOf } from '../../claims/amounts.ts';
import { bearClaim } from '../../claims/born.ts';
import { sponsorOf } from '../../sponsors/sponsors.ts';
import type { CodeKind } from '../entitlement.ts';
import { giveBack, hold, redeem } from '../quantities/quantities.ts';
import { mayRedeem, statusAt } from '../rules.ts';
import { selectAuthorizationByCode, updateRedemption } from '../store.ts';

/** The sponsor pays, for the person whose the authorization is, and gets a claim. */
export const authorizationCodes: CodeKind = {
  find: async ({ db, provider }, authorization_code) => {
    const [found] = await selectAuthorizationByCode(db, { authorization_code });
    if (found === undefined) return undefined;
    const { provider_id, authorization_id } = found;
    const holder = { provider_id, provider_slugs: listOrNull(found.provider_slugs) };
    return mayRedeem(holder, provider) ? { provider_id, document_id: authorization_id } : undefined;
  },

  documentOf: ({ authorization_id }) => authorization_id,

  lock: async (owner, authorization_id) => {
    const [authorization] = await lockAuthorization(owner.db, { authorization_id });
    // A reset of the owner may have been faster.
    if (authorization === undefined) throw fault('071-404-code');
    const lines = await selectLines(owner.db, [authorization_id]);
    const sponsor = await sponsorOf(owner.db, authorization);
    const { verification, cost_sharing } = sponsor.requirements[authorization.product_type];
    const { person_key, beneficiary_id, sponsor_slug, expires_at } = authorization;
    return {
      code: authorization.authorization_code ?? '',
      code_type: 'AUTHORIZATION',
      source: { authorization_id, prescription_id: null },
      owner,
      lines: lines.get(authorization_id) ?? [],
      insured: { person_key, beneficiary_id, sponsor_slug },
      currency_code: sponsor.currency_code,
      verification_required: verification.dispensation,
      amountsOf: (priced) => amountsOf(priced, cost_sharing),
      requireRedeemable: () => {
        step(authorizationMachine, statusAt(authorization.status, expires_at, owner.now), 'redeem_part');
      },
      hold: (taken) => hold(owner.db, authorization_id, taken),
      giveBack: (taken) => giveBack(owner.db, authorization_id, taken),
      redeem: async (taken, nothingLeft) => {
        await redeem(owner.db, authorization_id, taken);
        const status = nothingLeft ? 'REDEEMED' : 'PARTIALLY_REDEEMED';
        await updateRedemption(owner.db, { authorization_id, status });
      },
      claim: (uow, dispensation, lines) => bearClaim(uow, dispensation, lines, authorization),
    };
  },
};
