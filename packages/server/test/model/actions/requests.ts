import fc from 'fast-check';
import { pdf } from '../../flows.ts';
import type { Json } from '../../harness.ts';
import { type Bench, expectVerdict } from '../bench.ts';
import * as model from '../contract/request.ts';
import * as sponsors from '../contract/sponsors.ts';
import type { Site } from '../contract/world.ts';
import { type Actions, action, at, callerOf, last, pick, siteAt, siteOf, stranger } from './action.ts';
import { products, typeOf } from './products.ts';

const url = '/arc/v1/authorization-requests';
const magic = [
  sponsors.notCovered,
  sponsors.halved,
  sponsors.refused,
  sponsors.sponsorFails,
  sponsors.notRegistered,
];
const { demanding, dominican, slow, manual, flaky, maria, carlos, exhausted, lapsed } = sponsors;

/** Who may redeem: anybody, the other provider, only the owner. */
const named = fc.constantFrom(
  'anybody' as const,
  'anybody' as const,
  'other' as const,
  'other' as const,
  'nobody' as const,
);

function slugsOf({ world }: Bench, owner: Site, who: 'anybody' | 'other' | 'nobody'): string[] | undefined {
  if (who === 'anybody') return undefined;
  return [callerOf(world, owner, who === 'other').slug];
}

export const initiate: Actions = action(
  'initiate',
  fc.record({
    site: siteAt,
    sponsor: fc.constantFrom(demanding, dominican, slow, manual, flaky),
    person: fc.constantFrom(maria, maria, maria, maria, carlos, carlos, exhausted, lapsed),
    named,
    lines: products(6, magic),
  }),
  async (bench, { site, sponsor, person, named: who, lines }) => {
    const owner = siteOf(bench.world, site);
    await initiateAs(bench, owner, {
      sponsor,
      person,
      named: slugsOf(bench, owner, who),
      products: typed(lines),
    });
  },
);

/** In one go with a sponsor that decides at once, for the nouns that take from authorizations. */
export const authorize: Actions = action(
  'authorize',
  fc.record({
    site: siteAt,
    sponsor: fc.constantFrom(dominican, dominican, dominican, manual),
    person: fc.constantFrom(maria, maria, maria, carlos),
    named,
    lines: products(6, [sponsors.halved, sponsors.notPaid]),
  }),
  async (bench, { site, sponsor, person, named: who, lines }) => {
    const owner = siteOf(bench.world, site);
    const slugs = slugsOf(bench, owner, who);
    await initiateAs(bench, owner, { sponsor, person, named: slugs, products: typed(lines) });
    await completeAs(bench, owner, last(bench.world.requests));
  },
);

type Lines = readonly { readonly product_code: string; readonly quantity: number }[];
const typed = (lines: Lines) => lines.map((each) => ({ ...each, product_type: typeOf(each.product_code) }));

async function initiateAs(bench: Bench, owner: Site, input: model.NewRequest): Promise<void> {
  const reply = await bench.call(owner, 'POST', url, {
    beneficiary_id: bench.beneficiary(owner, input.person),
    sponsor_slug: input.sponsor.sponsor_slug,
    diagnosis_code: 'E11.9',
    products: input.products,
    provider_slugs: input.named ?? null,
  });
  const verdict = model.initiate(bench.world, owner, input);
  expectVerdict(reply, verdict, 201);
  if (verdict === 'done') last(bench.world.requests).id = reply.body.authorization_request_id;
}

async function completeAs(bench: Bench, site: Site, request: model.Request): Promise<void> {
  const reply = await bench.call(site, 'POST', `${url}/${request.id}/complete`);
  expectVerdict(reply, model.complete(bench.world, request, site));
  for (const authorization of request.authorizations) {
    if (reply.status !== 200) continue;
    const { product_type } = authorization;
    const granted = reply.body.authorizations.find((each: Json) => each.product_type === product_type);
    authorization.id = granted.authorization_id;
  }
}

const onRequest = fc.record({ at, stranger });
const isUnfinished = ({ status }: model.Request) => status === 'PENDING_INDICATION';
const isUndecided = ({ status }: model.Request) => status === 'PENDING_SPONSOR';

export const attach: Actions = action(
  'attach',
  fc.record({
    at,
    stranger,
    file_type: fc.constantFrom('MEDICAL_INDICATION', 'MEDICAL_INDICATION', 'LAB_ORDER'),
  }),
  async (bench, { at: index, stranger: foreign, file_type }) => {
    const request = pick(bench.world.requests, index, isUnfinished);
    if (request === undefined) return;
    const site = callerOf(bench.world, request.owner, foreign);
    const file = { file_type, file_name: 'orden.pdf', content_type: 'application/pdf', content_base64: pdf };
    const reply = await bench.call(site, 'POST', `${url}/${request.id}/indications`, file);
    expectVerdict(reply, model.attach(request, site, file_type), 201);
  },
);

export const complete: Actions = action('complete request', onRequest, async (bench, args) => {
  const request = pick(bench.world.requests, args.at, isUnfinished);
  if (request === undefined) return;
  await completeAs(bench, callerOf(bench.world, request.owner, args.stranger), request);
});

export const cancel: Actions = action('cancel request', onRequest, async (bench, args) => {
  const request = pick(bench.world.requests, args.at, (each) => isUnfinished(each) || isUndecided(each));
  if (request === undefined) return;
  const site = callerOf(bench.world, request.owner, args.stranger);
  const reply = await bench.call(site, 'POST', `${url}/${request.id}/cancel`);
  expectVerdict(reply, model.cancel(request, site));
});

const outcome = fc.constantFrom('APPROVED' as const, 'APPROVED' as const, 'REJECTED' as const);

export const decide: Actions = action(
  'decide by hand',
  fc.record({
    at,
    stranger,
    decision: outcome,
    rejection_code: fc.constantFrom(undefined, 'DUPLICATE_THERAPY', 'QUANTITY_EXCEEDED'),
    lines: fc.uniqueArray(
      fc.record({
        at: fc.constantFrom(0, 0, 1, 1, 2, 9),
        decision: outcome,
        authorized_quantity: fc.constantFrom(undefined, 1, 1, 2, 7),
      }),
      { maxLength: 2, selector: (each) => each.at },
    ),
  }),
  async (bench, { at: index, stranger: foreign, decision, rejection_code, lines }) => {
    const request = pick(bench.world.requests, index, isUndecided);
    if (request === undefined) return;
    const site = callerOf(bench.world, request.owner, foreign);
    const input: model.ByHand = {
      decision,
      ...(rejection_code !== undefined && { rejection_code }),
      lines: lines
        .map(({ at: place, authorized_quantity, ...line }) => ({
          ...line,
          product_code: request.products[place]?.product_code ?? 'MED-SBX-040',
          ...(authorized_quantity !== undefined && { authorized_quantity }),
        }))
        // One word on each product.
        .filter(
          (line, place, all) => all.findIndex((each) => each.product_code === line.product_code) === place,
        ),
    };
    const path = `/_sandbox/v1/authorization-requests/${request.id}/decide`;
    const reply = await bench.call(site, 'POST', path, input);
    expectVerdict(reply, model.decideByHand(request, site, input));
  },
);
