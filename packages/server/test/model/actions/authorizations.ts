import fc from 'fast-check';
import { expectVerdict } from '../bench.ts';
import * as model from '../contract/authorization.ts';
import { days } from '../contract/world.ts';
import { type Actions, action, at, callerOf, pick, stranger } from './action.ts';

const isLive = (each: model.Authorization) => model.standing(each) === 'done';

export const voidAuthorization: Actions = action(
  'void authorization',
  fc.record({ at, stranger, by: fc.constantFrom('provider', 'sponsor') }),
  async (bench, { at: index, stranger: foreign, by }) => {
    const authorization = pick(bench.world.authorizations, index, isLive);
    if (authorization === undefined) return;
    const site = callerOf(bench.world, authorization.owner, foreign);
    const family = by === 'provider' ? '/arc/v1' : '/_sandbox/v1';
    const reply = await bench.call(site, 'POST', `${family}/authorizations/${authorization.id}/void`);
    expectVerdict(reply, model.voidAuthorization(authorization, site));
  },
);

const change = fc.record({
  payment_type: fc.constantFrom(undefined, 'REIMBURSEMENT' as const, 'DIRECT_PAYMENT' as const),
  expires_in: fc.constantFrom(undefined, undefined, undefined, -days, 2 * days, 2 * days, 50 * days),
  /** Which line becomes another product; the ninth is on no authorization. */
  substitute: fc.constantFrom(undefined, undefined, undefined, undefined, 0, 0, 1, 9),
});

export const update: Actions = action(
  'update authorization',
  fc.record({ at, stranger, change }),
  async (bench, { at: index, stranger: foreign, change: { payment_type, expires_in, substitute } }) => {
    const authorization = pick(bench.world.authorizations, index, isLive);
    if (authorization === undefined) return;
    const site = callerOf(bench.world, authorization.owner, foreign);
    const substitution = substitute === undefined ? undefined : substitutionIn(authorization, substitute);
    const changed: model.Change = {
      ...(payment_type !== undefined && { payment_type }),
      ...(expires_in !== undefined && { expires_in }),
      ...(substitution !== undefined && { substitution }),
    };
    const clock = await bench.call(site, 'GET', `/_sandbox/v1/providers/${site.slug}/clock`);
    const path = `/_sandbox/v1/authorizations/${authorization.id}/update`;
    const reply = await bench.call(site, 'POST', path, {
      payment_type,
      substitution,
      ...(expires_in !== undefined && {
        expires_at: new Date(Date.parse(clock.body.now) + expires_in * 1000).toISOString(),
      }),
    });
    expectVerdict(reply, model.updateAuthorization(authorization, site, changed));
  },
);

/** Never by something that is on it already: a product stands on a code once. */
function substitutionIn({ lines }: model.Authorization, line: number) {
  const product_code = lines[line]?.product_code ?? 'MED-SBX-040';
  const unused = ['MED-SBX-010', 'MED-SBX-011', 'MED-SBX-012', 'MED-SBX-013'].find(
    (code) => !lines.some((each) => each.product_code === code),
  );
  return { product_code, substitute_product_code: unused ?? 'MED-SBX-014' };
}
