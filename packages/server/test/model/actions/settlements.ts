import fc from 'fast-check';
import { pdf } from '../../flows.ts';
import { expectVerdict } from '../bench.ts';
import type { Authorization } from '../contract/authorization.ts';
import type { Claim } from '../contract/claim.ts';
import * as model from '../contract/settlement.ts';
import { demanding, dominican } from '../contract/sponsors.ts';
import { type Actions, action, at, callerOf, last, pick, siteAt, siteOf, stranger } from './action.ts';

const url = '/v3/settlements';
const isOpen = ({ status }: model.Settlement) => status === 'OPEN';
const isFilled = (each: model.Settlement) => isOpen(each) && each.members.length > 0;
const isSubmitted = ({ status }: model.Settlement) => status === 'SUBMITTED';

export const open: Actions = action(
  'open settlement',
  fc.record({
    site: siteAt,
    sponsor: fc.constantFrom(dominican, dominican, dominican, dominican, demanding),
  }),
  async (bench, { site: index, sponsor }) => {
    const site = siteOf(bench.world, index);
    const { sponsor_slug } = sponsor;
    const reply = await bench.call(site, 'POST', url, { sponsor_slug, period: '2026-01' });
    const verdict = model.open(bench.world, site, sponsor);
    expectVerdict(reply, verdict, 201);
    if (verdict === 'done') last(bench.world.settlements).id = reply.body.settlement_id;
  },
);

/** Any claims or authorizations that there are, of whomever and in whatever state. */
export const attach: Actions = action(
  'attach',
  fc.record({
    at,
    stranger,
    by: fc.constantFrom('claim_ids', 'claim_ids', 'authorization_ids' as const),
    names: fc.array(fc.nat(5), { minLength: 1, maxLength: 3 }),
    pendingOnly: fc.constantFrom(true, true, false),
  }),
  async (bench, { at: index, stranger: foreign, by, names, pendingOnly }) => {
    const settlement = pick(
      bench.world.settlements,
      index,
      (each) => isOpen(each) && model.pendingFor(bench.world, each).length > 0,
    );
    if (settlement === undefined) return;
    const site = callerOf(bench.world, settlement.site, foreign);
    const pending = model.pendingFor(bench.world, settlement);
    const claims = pendingOnly && pending.length > 0 ? pending : bench.world.claims;
    const from =
      by === 'claim_ids'
        ? claims
        : claims.flatMap(({ authorization }) => (authorization === undefined ? [] : [authorization]));
    const named = names.flatMap((name): (Claim | Authorization)[] => {
      const one = pick<Claim | Authorization>(from, name);
      return one === undefined ? [] : [one];
    });
    // A name twice is wrong; let it be so only sometimes.
    const distinct = index === 11 ? named : [...new Set(named)];
    if (distinct.length === 0) return;
    const body = { [by]: distinct.map(({ id }) => id) };
    const reply = await bench.call(site, 'POST', `${url}/${settlement.id}/authorizations`, body);
    expectVerdict(reply, model.attach(bench.world, settlement, site, distinct as model.Names));
  },
);

export const detach: Actions = action(
  'detach',
  fc.record({ at, stranger, by: fc.constantFrom('claims', 'authorizations' as const), member: fc.nat(9) }),
  async (bench, { at: index, stranger: foreign, by, member }) => {
    const settlement = pick(bench.world.settlements, index, isFilled);
    if (settlement === undefined) return;
    const site = callerOf(bench.world, settlement.site, foreign);
    const inside = pick(settlement.members, member)?.claim;
    const claim = member === 9 ? pick(bench.world.claims, index) : inside;
    const name = by === 'claims' ? claim : claim?.authorization;
    if (name === undefined) return;
    const reply = await bench.call(site, 'DELETE', `${url}/${settlement.id}/${by}/${name.id}`);
    expectVerdict(reply, model.detach(settlement, site, name), 204);
  },
);

const onSettlement = fc.record({ at, stranger });

export const addDocument: Actions = action('add document', onSettlement, async (bench, args) => {
  const settlement = pick(bench.world.settlements, args.at, isOpen);
  if (settlement === undefined) return;
  const site = callerOf(bench.world, settlement.site, args.stranger);
  const reply = await bench.call(site, 'POST', `${url}/${settlement.id}/documents`, {
    file_name: 'factura.pdf',
    content_type: 'application/pdf',
    content_base64: pdf,
  });
  const verdict = model.addDocument(settlement, site);
  expectVerdict(reply, verdict, 201);
  if (verdict === 'done') settlement.documents.push(reply.body.document_id);
});

export const removeDocument: Actions = action(
  'remove document',
  fc.record({ at, stranger, document: fc.nat(9) }),
  async (bench, { at: index, stranger: foreign, document }) => {
    const settlement = pick(bench.world.settlements, index, isOpen);
    if (settlement === undefined) return;
    const site = callerOf(bench.world, settlement.site, foreign);
    const id = (document === 9 ? undefined : pick(settlement.documents, document)) ?? 'file_unknown';
    const reply = await bench.call(site, 'DELETE', `${url}/${settlement.id}/documents/${id}`);
    expectVerdict(reply, model.removeDocument(settlement, site, id), 204);
  },
);

export const dispatch: Actions = action('dispatch', onSettlement, async (bench, args) => {
  const settlement = pick(bench.world.settlements, args.at, isFilled);
  if (settlement === undefined) return;
  const site = callerOf(bench.world, settlement.site, args.stranger);
  const reply = await bench.call(site, 'POST', `${url}/${settlement.id}/dispatch`);
  expectVerdict(reply, model.dispatch(settlement, site));
});

export const resolve: Actions = action(
  'resolve',
  fc.record({
    at,
    stranger,
    decision: fc.constantFrom<model.Resolution['decision'][]>('ACCEPTED', 'REJECTED', 'PARTIALLY_ACCEPTED'),
    rejected: fc.array(fc.nat(9), { maxLength: 2 }),
  }),
  async (bench, { at: index, stranger: foreign, decision, rejected }) => {
    const settlement = pick(bench.world.settlements, index, isSubmitted);
    if (settlement === undefined) return;
    const site = callerOf(bench.world, settlement.site, foreign);
    const members = settlement.members.map(({ claim }) => claim);
    const named = (decision === 'ACCEPTED' && index < 9 ? [] : rejected).flatMap((place): Claim[] => {
      const one = place === 9 ? pick(bench.world.claims, index) : pick(members, place);
      return one === undefined ? [] : [one];
    });
    const reply = await bench.call(site, 'POST', `/_sandbox/v1/settlements/${settlement.id}/resolve`, {
      decision,
      rejected: named.map(({ id }) => ({ claim_id: id, rejection_reason: 'No.' })),
    });
    expectVerdict(reply, model.resolve(settlement, site, { decision, rejected: named }));
  },
);
