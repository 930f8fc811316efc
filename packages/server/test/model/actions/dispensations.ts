import fc from 'fast-check';
import { type Bench, expectVerdict } from '../bench.ts';
import { mayRedeem } from '../contract/authorization.ts';
import { available, type Wanted } from '../contract/code.ts';
import * as model from '../contract/dispensation.ts';
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
import { slices, wantedOf } from './products.ts';

const url = '/dispensing/v1/dispensations';

/** Of what a code holds: whole, or in part. */
function start(name: string, sourcesOf: (bench: Bench) => readonly model.Source[]): Actions {
  const args = fc.record({
    site: siteAt,
    at,
    person: fc.constantFrom(...Array.from({ length: 14 }, () => 'own'), 'another', 'nobody'),
    slices: fc.option(slices, { nil: undefined, freq: 3 }),
  });
  return action(name, args, async (bench, { site: index, at: place, person: who, slices: parts }) => {
    const site = siteOf(bench.world, index);
    const source = pick(sourcesOf(bench), place, (each) => isOpenTo(each, site));
    if (source === undefined || source.code === null) return;
    const person = personOf(source, who);
    const products = parts === undefined ? undefined : wantedOf(source.lines, parts);
    await startAs(bench, site, source, { person, products });
  });
}

async function startAs(bench: Bench, site: Site, source: model.Source, input: model.Start): Promise<void> {
  const { person, products } = input;
  const reply = await bench.call(site, 'POST', url, {
    code: source.code,
    ...(person !== undefined && { beneficiary_id: bench.beneficiary(site, person) }),
    ...(products !== undefined && { products: products.map(onTheWire) }),
  });
  const verdict = model.start(bench.world, site, source, input);
  expectVerdict(reply, verdict, 201);
  if (verdict === 'done') last(bench.world.dispensations).id = reply.body.dispensation_id;
}

/** Something is left of it for this provider. */
function isOpenTo(source: model.Source, site: Site): boolean {
  if (source.kind === 'AUTHORIZATION' && !mayRedeem(source, site)) return false;
  return !isOver.includes(source.status) && source.lines.some((line) => available(line) > 0);
}

const isOver: readonly string[] = ['VOIDED', 'EXPIRED', 'PAID'];

/** A prescription needs nobody at the counter, and does not care who is named. */
function personOf(source: model.Source, who: string): sponsors.Person | undefined {
  if (who === 'nobody') return undefined;
  if (source.kind === 'PRESCRIPTION') return who === 'own' ? undefined : sponsors.maria;
  if (who === 'own') return source.person;
  return source.person === sponsors.maria ? sponsors.carlos : sponsors.maria;
}

function onTheWire({ unit_price, taxes, ...line }: Wanted) {
  return {
    ...line,
    ...(unit_price !== undefined && { unit_price: toWire(unit_price) }),
    ...(taxes !== undefined && { taxes: toWire(taxes) }),
  };
}

export const dispenseAuthorization = start('dispense authorization', ({ world }) =>
  world.authorizations.filter(({ code }) => code !== null),
);
export const dispensePrescription = start('dispense prescription', ({ world }) => world.prescriptions);

const isOpen = ({ status }: model.Dispensation) => status === 'STARTED';

export const replace: Actions = action(
  'replace lines of dispensation',
  fc.record({ at, stranger, slices }),
  async (bench, { at: index, stranger: foreign, slices: parts }) => {
    const dispensation = pick(bench.world.dispensations, index, isOpen);
    if (dispensation === undefined) return;
    const site = callerOf(bench.world, dispensation.site, foreign);
    const products = wantedOf(dispensation.source.lines, parts);
    const path = `${url}/${dispensation.id}`;
    const reply = await bench.call(site, 'PUT', path, { products: products.map(onTheWire) });
    expectVerdict(reply, model.replace(dispensation, site, products));
  },
);

export const complete: Actions = action(
  'complete dispensation',
  fc.record({
    at,
    stranger,
    amount: fc.constantFrom<Amount[]>('none', 'none', 'none', 'none', 'none', 'right', 'wrong'),
  }),
  async (bench, { at: index, stranger: foreign, amount }) => {
    const dispensation = pick(bench.world.dispensations, index, isOpen);
    if (dispensation === undefined) return;
    await completeAs(bench, callerOf(bench.world, dispensation.site, foreign), dispensation, amount);
  },
);

type Amount = 'none' | 'right' | 'wrong';

async function completeAs(bench: Bench, site: Site, dispensation: model.Dispensation, amount: Amount) {
  const path = `${url}/${dispensation.id}`;
  const own = await bench.call(dispensation.site, 'GET', path);
  const total: number = own.body.total_amount;
  const reply = await bench.call(site, 'POST', `${path}/complete`, {
    document_number: 'FV-1',
    document_date: '2026-01-15',
    ...(amount !== 'none' && { amount: amount === 'right' ? total : Math.ceil(total) + 1 }),
  });
  const verdict = model.complete(bench.world, dispensation, site, amount);
  expectVerdict(reply, verdict);
  if (verdict === 'done' && dispensation.claim !== undefined) dispensation.claim.id = reply.body.claim_id;
}

/** In one go: all that is left of an authorization. */
export const deliver: Actions = action(
  'dispense all and complete',
  fc.record({ site: siteAt, at }),
  async (bench, { site: index, at: place }) => {
    const site = siteOf(bench.world, index);
    const source = pick(
      bench.world.authorizations,
      place,
      (each) => each.code !== null && isOpenTo(each, site),
    );
    if (source === undefined || source.code === null) return;
    await startAs(bench, site, source, { person: source.person, products: undefined });
    const started = pick(bench.world.dispensations, 0, isOpen);
    if (started !== undefined) await completeAs(bench, started.site, started, 'none');
  },
);

export const voidDispensation: Actions = action(
  'void dispensation',
  fc.record({ at, stranger }),
  async (bench, { at: index, stranger: foreign }) => {
    const dispensation = pick(bench.world.dispensations, index, isOpen);
    if (dispensation === undefined) return;
    const site = callerOf(bench.world, dispensation.site, foreign);
    const reply = await bench.call(site, 'POST', `${url}/${dispensation.id}/void`);
    expectVerdict(reply, model.voidDispensation(dispensation, site));
  },
);
