import fc from 'fast-check';
import { pdf } from '../../flows.ts';
import { type Bench, expectVerdict } from '../bench.ts';
import { type Authorization, mayClaim, standing } from '../contract/authorization.ts';
import * as model from '../contract/claim.ts';
import * as sponsors from '../contract/sponsors.ts';
import type { Site } from '../contract/world.ts';
import {
  type Actions,
  action,
  at,
  callerOf,
  last,
  pick,
  siteAt,
  siteOf,
  stranger,
  toWire,
} from './action.ts';
import { type Slice, slices, typeOf, wantedOf } from './products.ts';

const urls: Readonly<Record<model.Family, string>> = {
  outpatient: '/arc/v1/outpatient-care-claim',
  procedure: '/arc/v1/medical-procedure-claim',
};

/** Taxes are the counter's. */
function itemsOf(
  authorization: Authorization | undefined,
  parts: readonly Slice[],
  foreign?: string,
): model.Item[] {
  const direct = [
    { product_code: 'CONS-GEN' },
    { product_code: 'MED-SBX-001' },
    { product_code: 'MED-SBX-906' },
  ];
  const wanted = wantedOf(authorization?.lines ?? direct, parts, foreign);
  return wanted.map(({ taxes, ...item }) => ({ ...item, product_type: typeOf(item.product_code) }));
}

const onTheWire = ({ unit_price, ...item }: model.Item) => ({
  ...item,
  ...(unit_price !== undefined && { unit_price: toWire(unit_price) }),
});

async function createAs(bench: Bench, index: number, input: model.NewClaim): Promise<void> {
  const site = siteOf(bench.world, index);
  const { authorization, sponsor, person, items } = input;
  const reply = await bench.call(site, 'POST', urls[input.family], {
    beneficiary_id: bench.beneficiary(site, person),
    sponsor_slug: sponsor.sponsor_slug,
    diagnosis_code: 'E11.9',
    ...(authorization !== undefined && { authorization_id: authorization.id }),
    line_items: items.map(onTheWire),
  });
  const verdict = model.create(bench.world, site, input);
  expectVerdict(reply, verdict, 201);
  if (verdict === 'done') last(bench.world.claims).id = reply.body.claim_id;
}

export const claimDirectly: Actions = action(
  'claim directly',
  fc.record({
    site: siteAt,
    isProcedure: stranger,
    sponsor: fc.constantFrom(sponsors.dominican, sponsors.dominican, sponsors.demanding),
    person: fc.constantFrom(
      ...Array.from({ length: 8 }, () => sponsors.maria),
      sponsors.carlos,
      sponsors.lapsed,
    ),
    slices,
    foreign: fc.constantFrom('MED-SBX-003', 'MED-SBX-003', sponsors.notRegistered),
  }),
  (bench, { site, isProcedure, slices: parts, foreign, ...input }) =>
    createAs(bench, site, {
      ...input,
      family: familyOf(isProcedure),
      authorization: undefined,
      items: itemsOf(undefined, parts, foreign),
    }),
);

export const claimAuthorization: Actions = action(
  'claim authorization',
  fc.record({
    site: siteAt,
    at,
    isProcedure: fc.boolean(),
    otherFamily: stranger,
    slip: fc.constantFrom(...Array.from({ length: 18 }, () => 'none'), 'person', 'sponsor'),
    slices,
  }),
  async (bench, { site, at: index, isProcedure, otherFamily, slip, slices: parts }) => {
    const authorization = pick(bench.world.authorizations, index, isFor(siteOf(bench.world, site)));
    if (authorization === undefined) return;
    const other = authorization.person === sponsors.maria ? sponsors.carlos : sponsors.maria;
    const { dominican, demanding } = sponsors;
    await createAs(bench, site, {
      family: familyOf((isProcedure && authorization.product_type === 'PROCEDURE') !== otherFamily),
      authorization,
      person: slip === 'person' ? other : authorization.person,
      sponsor:
        slip === 'sponsor'
          ? authorization.sponsor === dominican
            ? demanding
            : dominican
          : authorization.sponsor,
      items: itemsOf(authorization, parts),
    });
  },
);

/** In one go, for the settlements. */
export const deliver: Actions = action(
  'claim and complete',
  fc.record({ site: siteAt, slices }),
  async (bench, args) => {
    const input = { family: 'outpatient', authorization: undefined, person: sponsors.maria } as const;
    const items = itemsOf(undefined, args.slices);
    await createAs(bench, args.site, { ...input, sponsor: sponsors.dominican, items });
    const claim = pick(bench.world.claims, 0, isOpen);
    if (claim !== undefined) await completeAs(bench, claim.site, claim, claim.family);
  },
);

const familyOf = (isProcedure: boolean): model.Family => (isProcedure ? 'procedure' : 'outpatient');
const isFor = (site: Site) => (each: Authorization) => mayClaim(each, site) && standing(each) === 'done';

/** A claim, as seen by whom and through which of the two families of routes; mostly rightly. */
const isOpen = ({ status }: model.Claim) => status === 'OPEN';
const isVoidable = ({ status }: model.Claim) => status === 'OPEN' || status === 'COMPLETED';
const onClaim = fc.record({ at, stranger, otherFamily: stranger });

function aim({ world }: Bench, args: { at: number; stranger: boolean; otherFamily: boolean }, apt = isOpen) {
  const claim = pick(world.claims, args.at, apt);
  if (claim === undefined) return undefined;
  const opposite = claim.family === 'outpatient' ? 'procedure' : 'outpatient';
  const route: model.Family = args.otherFamily ? opposite : claim.family;
  const site = callerOf(world, claim.site, args.stranger);
  return { claim, site, route, path: `${urls[route]}/${claim.id}` };
}

export const patch: Actions = action(
  'patch claim',
  fc.record({ on: onClaim, slices }),
  async (bench, { on, slices: parts }) => {
    const target = aim(bench, on);
    if (target === undefined) return;
    const { claim, site, route, path } = target;
    const items = itemsOf(claim.authorization, parts);
    const reply = await bench.call(site, 'PATCH', path, { line_items: items.map(onTheWire) });
    expectVerdict(reply, model.replace(claim, site, route, items));
  },
);

export const complete: Actions = action('complete claim', onClaim, async (bench, on) => {
  const target = aim(bench, on);
  if (target !== undefined) await completeAs(bench, target.site, target.claim, target.route);
});

async function completeAs(bench: Bench, site: Site, claim: model.Claim, route: model.Family): Promise<void> {
  const path = `${urls[route]}/${claim.id}/complete`;
  const reply = await bench.call(site, 'POST', path, { document_number: 'FV-2' });
  expectVerdict(reply, model.complete(claim, site, route));
}

export const addFile: Actions = action('add file to claim', onClaim, async (bench, on) => {
  const target = aim(bench, on);
  if (target === undefined) return;
  const { claim, site, route, path } = target;
  const file = { file_name: 'a.pdf', content_type: 'application/pdf', content_base64: pdf };
  const reply = await bench.call(site, 'POST', `${path}/files`, { ...file, file_type: 'RECEIPT' });
  expectVerdict(reply, model.addFile(claim, site, route), 201);
});

export const voidClaim: Actions = action('void claim', onClaim, async (bench, on) => {
  const target = aim(bench, on, isVoidable);
  if (target === undefined) return;
  const { claim, site, route, path } = target;
  const reply = await bench.call(site, 'POST', `${path}/void`);
  expectVerdict(reply, model.voidClaim(bench.world, claim, site, route));
});
