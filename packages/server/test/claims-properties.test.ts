import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { approve } from './flows.ts';
import { type Json, type Reply, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';

let sandbox: TestSandbox;
let clinic: TestProvider;

beforeAll(async () => {
  sandbox = await startSandbox();
  clinic = await sandbox.provider();
});
afterAll(() => sandbox.stop());

const claims = '/arc/v1/outpatient-care-claim';
const dispensations = '/dispensing/v1/dispensations';
const cents = (amount: number) => Math.round(amount * 100);
const sumOf = <T>(all: readonly T[], of: (each: T) => number) =>
  all.reduce((total, each) => total + of(each), 0);

const item = (quantity: number, over: Record<string, unknown> = {}) => ({
  product_code: 'MED-SBX-001',
  product_type: 'MEDICATION',
  quantity,
  ...over,
});
const create = (over: Record<string, unknown>): Promise<Reply> =>
  clinic.call('POST', claims, {
    beneficiary_id: clinic.beneficiary(),
    sponsor_slug: 'sponsor-sandbox-do',
    diagnosis_code: 'E11.9',
    ...over,
  });

const line = fc.record({
  quantity: fc.integer({ min: 1, max: 1_000 }),
  price: fc.integer({ min: 0, max: 10_000_000 }),
});

test('money adds up to the cent', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 8 }), async (lines) => {
      const line_items = lines.map(({ quantity, price }) => item(quantity, { unit_price: price / 100 }));
      const { status, body } = await create({ line_items });
      expect(status).toBe(201);
      const total = sumOf(lines, ({ quantity, price }) => quantity * price);
      // 20 % of each line, half up, in integers; the copayment of 100.00 once.
      const coinsurance = sumOf(lines, ({ quantity, price }) =>
        Math.floor((quantity * price * 20 + 50) / 100),
      );
      const covered = Math.max(total - coinsurance - 10_000, 0);
      expect({
        lines: sumOf(body.line_items, (each: Json) => cents(each.amount)),
        total: cents(body.amount),
        coinsurance: cents(body.coinsurance_amount),
        covered: cents(body.amount_covered_by_sponsor),
        patient: cents(body.amount_paid_by_patient),
        shares: cents(body.copayment_amount) + cents(body.coinsurance_amount),
      }).toEqual({
        lines: total,
        total,
        coinsurance,
        covered,
        patient: total - covered,
        shares: total - covered,
      });
    }),
    { seed: 20_260_115, numRuns: 40, examples: moneyExamples },
  );
});

const moneyExamples: [{ quantity: number; price: number }[]][] = [
  // Half a cent of coinsurance on each of two lines.
  [[3, 3].map((price) => ({ quantity: 1, price }))],
  [[{ quantity: 1, price: 0 }]],
  // The copayment takes all that is left, to the cent.
  [[{ quantity: 1, price: 12_500 }]],
  [[{ quantity: 1, price: 12_501 }]],
  [[{ quantity: 3, price: 10_005 }]],
];

type Step =
  | { readonly do: 'claim' | 'dispense'; readonly quantity: number }
  | { readonly do: 'patch'; readonly at: number; readonly quantity: number }
  | { readonly do: 'complete' | 'void'; readonly at: number };

/** What a claim or dispensation of the one authorization should have taken. */
interface Taking {
  readonly kind: 'claim' | 'dispense';
  readonly id: string;
  /** Of a dispensation from its completion on. */
  claim_id: string;
  quantity: number;
  state: 'OPEN' | 'COMPLETED' | 'ENDED';
}

interface World {
  readonly authorization_id: string;
  readonly authorization_code: string;
  readonly takings: Taking[];
}

const authorized = 10;
const taken = ({ takings }: World, ...states: Taking['state'][]) =>
  sumOf(
    takings.filter((each) => states.includes(each.state)),
    (each) => each.quantity,
  );
const used = (world: World) => taken(world, 'OPEN', 'COMPLETED');

async function take(world: World, kind: Taking['kind'], quantity: number): Promise<void> {
  const { authorization_id, authorization_code: code, takings } = world;
  const products = [{ product_code: 'MED-SBX-001', quantity }];
  const reply =
    kind === 'claim'
      ? await create({ authorization_id, line_items: [item(quantity)] })
      : await clinic.call('POST', dispensations, { code, beneficiary_id: clinic.beneficiary(), products });
  const fits = used(world) + quantity <= authorized;
  // A dispensation of more than remains is a mistake, of what is held a conflict; of a claim both are conflicts.
  if (kind === 'claim') expect(reply.status).toBe(fits ? 201 : 409);
  else expect(fits ? [201] : [409, 422]).toContain(reply.status);
  if (!fits) return;
  const id: string = reply.body.claim_id ?? reply.body.dispensation_id;
  takings.push({ kind, id, claim_id: id, quantity, state: 'OPEN' });
}

async function patch(world: World, taking: Taking, quantity: number): Promise<void> {
  if (taking.kind !== 'claim') return;
  const fits = taking.state === 'OPEN' && used(world) - taking.quantity + quantity <= authorized;
  const reply = await clinic.call('PATCH', `${claims}/${taking.id}`, { line_items: [item(quantity)] });
  expect(reply.status).toBe(fits ? 200 : 409);
  if (fits) taking.quantity = quantity;
}

async function complete(taking: Taking): Promise<void> {
  const url = taking.kind === 'claim' ? claims : dispensations;
  const document = { document_number: 'FV-1', document_date: '2026-01-15' };
  const reply = await clinic.call('POST', `${url}/${taking.id}/complete`, document);
  expect(reply.status).toBe(taking.state === 'OPEN' ? 200 : 409);
  if (reply.status !== 200) return;
  taking.state = 'COMPLETED';
  taking.claim_id = reply.body.claim_id;
}

/** An open dispensation is voided itself, a completed one by its claim. */
async function end(taking: Taking): Promise<void> {
  const ownCall = taking.claim_id.startsWith('dsp_');
  const reply = await clinic.call('POST', `${ownCall ? dispensations : claims}/${taking.claim_id}/void`);
  expect(reply.status).toBe(taking.state === 'ENDED' ? 409 : 200);
  taking.state = 'ENDED';
}

async function perform(world: World, step: Step): Promise<void> {
  if (!('at' in step)) return take(world, step.do, step.quantity);
  const taking = world.takings[step.at];
  if (taking === undefined) return;
  if (step.do === 'patch') return patch(world, taking, step.quantity);
  return step.do === 'complete' ? complete(taking) : end(taking);
}

async function agrees(world: World): Promise<void> {
  const { body } = await clinic.call('GET', `/arc/v1/authorizations/${world.authorization_id}`);
  const redeemed = taken(world, 'COMPLETED');
  const whole = redeemed === authorized ? 'REDEEMED' : 'PARTIALLY_REDEEMED';
  expect([body.products[0].redeemed_quantity, body.status]).toEqual([
    redeemed,
    redeemed === 0 ? 'APPROVED' : whole,
  ]);
}

const quantity = fc.integer({ min: 1, max: authorized });
const at = fc.nat(5);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ do: fc.constantFrom('claim' as const, 'dispense' as const), quantity }),
    fc.record({ do: fc.constant('patch' as const), at, quantity }),
    fc.record({ do: fc.constantFrom('complete' as const, 'void' as const), at }),
  ),
  { minLength: 1, maxLength: 12 },
);

const stepExamples: [Step[]][] = [
  [
    [
      { do: 'claim', quantity: 10 },
      { do: 'complete', at: 0 },
      { do: 'void', at: 0 },
      { do: 'dispense', quantity: 10 },
      { do: 'complete', at: 1 },
      { do: 'void', at: 1 },
      { do: 'claim', quantity: 10 },
    ],
  ],
  [
    [
      { do: 'claim', quantity: 4 },
      { do: 'dispense', quantity: 6 },
      { do: 'patch', at: 0, quantity: 5 },
      { do: 'complete', at: 1 },
      { do: 'patch', at: 0, quantity: 4 },
      { do: 'complete', at: 0 },
      { do: 'void', at: 1 },
    ],
  ],
];

test('no quantity is used twice and none is lost, whatever the order of calls', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const world: World = {
        ...(await approve(clinic, { products: [['MED-SBX-001', authorized]] })),
        takings: [],
      };
      for (const step of all) {
        await perform(world, step);
        await agrees(world);
      }
    }),
    { seed: 20_260_116, numRuns: 40, examples: stepExamples },
  );
});
