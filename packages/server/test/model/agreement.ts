import { expect } from 'vitest';
import type { Json } from '../harness.ts';
import type { Bench } from './bench.ts';
import type { Authorization } from './contract/authorization.ts';
import type { Claim } from './contract/claim.ts';
import type { Wanted } from './contract/code.ts';
import type { Dispensation } from './contract/dispensation.ts';
import type { Prescription } from './contract/prescription.ts';
import { isMissing, type Request } from './contract/request.ts';
import { pendingFor, type Settlement } from './contract/settlement.ts';
import type { Site, World } from './contract/world.ts';
import { expectShares, expectTotals } from './money.ts';

/** After every step: what the server shows of everything is what the model says, and there is nothing else. */
export async function expectAgreement(bench: Bench): Promise<void> {
  const { world } = bench;
  expectNothingTakenTwice(world);
  for (const site of world.sites) {
    await requestsAgree(
      bench,
      site,
      world.requests.filter(({ owner }) => owner === site),
    );
    await authorizationsAgree(
      bench,
      site,
      world.authorizations.filter(({ owner }) => owner === site),
    );
    await prescriptionsAgree(
      bench,
      site,
      world.prescriptions.filter(({ owner }) => owner === site),
    );
    await dispensationsAgree(
      bench,
      site,
      world.dispensations.filter((each) => each.site === site),
    );
    const claims = await claimsAgree(bench, site, world);
    for (const each of world.settlements) if (each.site === site) await settlementAgrees(bench, each, claims);
  }
}

function expectNothingTakenTwice({ authorizations, prescriptions }: World): void {
  for (const line of [...authorizations, ...prescriptions].flatMap(({ lines }) => lines)) {
    expect(line.held).toBeGreaterThanOrEqual(0);
    expect(line.redeemed).toBeGreaterThanOrEqual(0);
    expect(line.held + line.redeemed).toBeLessThanOrEqual(line.authorized);
  }
}

/** By id: the order of a list is another test's. */
async function listOf(bench: Bench, site: Site, url: string, id: string): Promise<Map<string, Json>> {
  const { body } = await bench.call(site, 'GET', `${url}?size=100`);
  return new Map(body.content.map((each: Json) => [each[id], each]));
}

function expectSame<T extends { readonly id: string }>(
  seen: ReadonlyMap<string, Json>,
  models: readonly T[],
  shownBy: (server: Json) => Json,
  saidBy: (model: T) => Json,
): void {
  const shown = Object.fromEntries([...seen].map(([id, each]) => [id, shownBy(each)]));
  const said = Object.fromEntries(models.map((model) => [model.id, saidBy(model)]));
  expect(shown).toEqual(said);
}

async function requestsAgree(bench: Bench, site: Site, all: readonly Request[]): Promise<void> {
  if (all.length === 0) return;
  const seen = await listOf(bench, site, '/arc/v1/authorization-requests', 'authorization_request_id');
  expectSame(
    seen,
    all,
    (view) => ({
      status: view.status,
      files: view.indications.map((file: Json) => file.file_type),
      missing: view.missing_indications,
      authorizations: view.authorizations.map((each: Json) => [each.authorization_id, each.status]),
    }),
    (request) => ({
      status: request.status,
      files: request.files,
      missing: isMissing(request) ? [request.sponsor.wants] : [],
      authorizations: request.authorizations.map(({ id, status }) => [id, status]),
    }),
  );
}

async function authorizationsAgree(bench: Bench, site: Site, all: readonly Authorization[]): Promise<void> {
  if (all.length === 0) return;
  const seen = await listOf(bench, site, '/arc/v1/authorizations', 'authorization_id');
  for (const each of all) takeCode(each, seen.get(each.id)?.authorization_code);
  expectSame(
    seen,
    all,
    (view) => ({
      status: view.status,
      code: view.authorization_code,
      product_type: view.product_type,
      payment_type: view.payment_type,
      rejection_code: view.rejection_code,
      lines: view.products.map((line: Json) => [
        line.product_code,
        line.quantity,
        line.authorized_quantity,
        line.redeemed_quantity,
      ]),
    }),
    (each) => ({
      status: each.status,
      code: each.code,
      product_type: each.product_type,
      payment_type: each.payment_type,
      rejection_code: each.rejection_code,
      lines: each.lines.map((line) => [line.product_code, line.quantity, line.authorized, line.redeemed]),
    }),
  );
}

/** An approval brings a code and a validity, and it may be over by now; nothing else does. */
function takeCode(authorization: Authorization, code: string | null): void {
  if (authorization.expires_at === null || authorization.code !== null) return;
  expect(code).toMatch(/^AUTH-\d{4}-\d{6}$/);
  authorization.code = code;
}

async function prescriptionsAgree(bench: Bench, site: Site, all: readonly Prescription[]): Promise<void> {
  if (all.length === 0) return;
  const seen = await listOf(bench, site, '/ehr/v1/prescriptions', 'prescription_id');
  expectSame(
    seen,
    all,
    (view) => ({
      status: view.status,
      lines: view.medications.map((line: Json) => [
        line.product_code,
        line.quantity,
        line.dispensed_quantity,
      ]),
    }),
    ({ status, lines }) => ({
      status,
      lines: lines.map((line) => [line.product_code, line.quantity, line.redeemed]),
    }),
  );
}

async function dispensationsAgree(bench: Bench, site: Site, all: readonly Dispensation[]): Promise<void> {
  if (all.length === 0) return;
  const seen = await listOf(bench, site, '/dispensing/v1/dispensations', 'dispensation_id');
  expectSame(
    seen,
    all,
    (view) => ({
      status: view.status,
      code: view.code,
      code_type: view.code_type,
      cancelled_by: view.cancelled_by,
      claim_id: view.claim_id,
      lines: view.products.map(lineShown),
    }),
    ({ status, source, cancelled_by, claim, wanted }) => ({
      status,
      code: source.code,
      code_type: source.kind,
      cancelled_by,
      claim_id: claim?.id ?? null,
      lines: wanted.map(lineSaid),
    }),
  );
  for (const { id, source } of all) {
    const view = seen.get(id);
    const sponsor = source.kind === 'AUTHORIZATION' ? source.sponsor : undefined;
    expectShares(view, view.total_amount, view.products, sponsor);
  }
}

async function claimsAgree(bench: Bench, site: Site, world: World): Promise<Map<string, Json>> {
  const all = world.claims.filter((each) => each.site === site);
  if (all.length === 0) return new Map();
  const seen = await listOf(bench, site, '/arc/v1/claims', 'claim_id');
  expectSame(
    seen,
    all,
    (view) => ({
      status: view.status,
      authorization_id: view.authorization_id,
      lines: view.line_items.map(lineShown),
      refused_by: view.last_settlement?.settlement_id ?? null,
    }),
    (claim) => ({
      status: claim.status,
      authorization_id: claim.authorization?.id ?? null,
      lines: claim.items.map(lineSaid),
      refused_by: claim.status === 'PAID' ? null : refusedBy(world, claim),
    }),
  );
  for (const { id, sponsor } of all) {
    const view = seen.get(id);
    expectShares(view, view.amount, view.line_items, sponsor);
  }
  return seen;
}

/** Any of those that refused it will do where there are several: the model keeps no time of the decision. */
function refusedBy({ settlements }: World, claim: Claim): Json {
  const refusals = settlements.filter(({ members }) =>
    members.some((member) => member.claim === claim && member.status === 'REJECTED'),
  );
  if (refusals.length === 0) return null;
  return expect.toSatisfy((id: unknown) => refusals.some((each) => each.id === id));
}

async function settlementAgrees(
  bench: Bench,
  settlement: Settlement,
  claims: ReadonlyMap<string, Json>,
): Promise<void> {
  const url = `/v3/settlements/${settlement.id}`;
  const { body: view } = await bench.call(settlement.site, 'GET', url);
  const { body: page } = await bench.call(settlement.site, 'GET', `${url}/pending-authorizations?size=100`);
  const idsOf = (all: Json[], of: (each: Json) => string): string[] => all.map(of).toSorted();
  expect({
    status: view.status,
    members: idsOf(view.lines, (line) => `${line.claim_id} ${line.status}`),
    documents: idsOf(view.documents, (document) => document.document_id),
    pending: idsOf(page.content, (each) => each.claim_id),
  }).toEqual({
    status: settlement.status,
    members: idsOf(settlement.members, ({ claim, status }) => `${claim.id} ${status}`),
    documents: settlement.documents.toSorted(),
    pending: idsOf(pendingFor(bench.world, settlement), ({ id }) => id),
  });
  expectTotals(view, claims);
}

const lineShown = (line: Json) => [line.product_code, line.quantity, line.unit_price, line.taxes];

/** A price that nobody named is the provider's. */
const lineSaid = ({ product_code, quantity, unit_price, taxes = 0 }: Wanted) => [
  product_code,
  quantity,
  unit_price === undefined ? expect.any(Number) : unit_price / 100,
  taxes / 100,
];
