import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault, rejectIssues } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { findBeneficiary, hasActiveCoverage } from '../beneficiaries/service.ts';
import type { BeneficiaryRow } from '../beneficiaries/store.ts';
import { findDiagnosis } from '../catalogues/catalogue.ts';
import { unsupportedTypes } from '../catalogues/product-checks.ts';
import type { Entitlement } from '../dispensing/entitlement.ts';
import type { SponsorProfile } from '../sponsors/profile.ts';
import { holdSponsor, isAffiliated, slugsOf } from '../sponsors/sponsors.ts';
import { findEntitlement } from './entitlement.ts';
import { type Finding, invalid, rejectFindings } from './findings.ts';
import { takenBy } from './lines/line.ts';
import { type ClaimLine, insertLinesOfClaim } from './lines/store.ts';
import { claimExpiryKind } from './open.ts';
import { type ClaimedItem, type Plan, planClaim } from './plan.ts';
import { describeClaim } from './read.ts';
import { type ClaimFamily, openFor } from './rules.ts';
import { sharedAmounts } from './shares.ts';
import { type ClaimRow, insertClaim } from './store.ts';
import type { ClaimView } from './view.ts';

export interface NewClaim {
  readonly beneficiary_id: string;
  readonly sponsor_slug: string;
  readonly authorization_id?: string;
  readonly diagnosis_code: string;
  readonly line_items: readonly ClaimedItem[];
}

/** An OPEN claim, which holds what it takes from its authorization. Everything wrong is listed in one answer. */
export async function createClaim(uow: UnitOfWork, family: ClaimFamily, input: NewClaim): Promise<ClaimView> {
  const named = await lookUp(uow, input);
  const plan = await planClaim(uow, input.line_items, {
    family,
    currency_code: named.sponsor?.currency_code ?? '',
    entitled: named.entitlement?.lines,
    consultations: consultationsOf(named),
  });
  const { sponsor, person, entitlement } = requireSound(uow, input, named, plan);
  entitlement?.requireRedeemable();
  if (plan.conflict !== undefined) throw fault(plan.conflict);

  await entitlement?.hold(takenBy(plan.lines));
  const row = newRow(uow, family, input, { sponsor, entitlement, lines: plan.lines });
  await insertClaim(uow.db, { ...row, beneficiary_id: person.beneficiary_id });
  await insertLinesOfClaim(uow.db, row.claim_id, plan.lines);
  await uow.schedule({ kind: claimExpiryKind, subject_id: row.claim_id, due_at: uow.now + openFor });
  return describeClaim(uow, row);
}

/** What the body names; undefined where that is unknown. */
interface Named {
  readonly sponsor: SponsorProfile | undefined;
  readonly person: BeneficiaryRow | undefined;
  readonly entitlement: Entitlement | undefined;
}

async function lookUp(uow: UnitOfWork, input: NewClaim): Promise<Named> {
  const sponsor = await holdSponsor(uow.db, input.sponsor_slug);
  if (sponsor !== undefined && !(await isAffiliated(uow.db, uow.provider.provider_id, sponsor))) {
    throw fault('071-403-sponsor-not-affiliated');
  }
  const { authorization_id } = input;
  return {
    sponsor,
    person: await findBeneficiary(uow, input.beneficiary_id),
    entitlement: authorization_id === undefined ? undefined : await findEntitlement(uow, authorization_id),
  };
}

/** What was authorized has been looked at; a claim without that must be of a consultation, where the sponsor says so. */
function consultationsOf({ sponsor, entitlement }: Named): readonly string[] | null {
  return entitlement === undefined ? (sponsor?.consultation_product_codes ?? null) : null;
}

/** 422 with everything that is wrong. */
function requireSound(uow: UnitOfWork, input: NewClaim, named: Named, plan: Plan) {
  const { sponsor, person, entitlement } = named;
  rejectFindings([...unknownIn(input, named), ...mismatches(named), ...plan.findings]);
  // Never: an unknown one has been rejected.
  if (sponsor === undefined || person === undefined) throw fault('071-422-validation');
  rejectIssues(unsupportedTypes(input.line_items, 'line_items', sponsor), '071-422-product-type-unsupported');
  if (!hasActiveCoverage(person, uow.now)) throw fault('071-422-coverage-inactive');
  return { sponsor, person, entitlement };
}

function unknownIn(input: NewClaim, { sponsor, person, entitlement }: Named): Finding[] {
  const unknown = (path: string) => ({ path, message: 'is unknown' });
  return invalid([
    ...(person === undefined ? [unknown('beneficiary_id')] : []),
    ...(sponsor === undefined ? [unknown('sponsor_slug')] : []),
    ...(input.authorization_id !== undefined && entitlement === undefined
      ? [unknown('authorization_id')]
      : []),
    ...(findDiagnosis(input.diagnosis_code) === undefined
      ? [{ path: 'diagnosis_code', message: 'is not an ICD-10 code of the catalogue' }]
      : []),
  ]);
}

/** The person is matched by document, so another provider's authorization fits; the sponsor under any of its slugs. */
function mismatches({ sponsor, person, entitlement }: Named): Finding[] {
  const insured = entitlement?.insured;
  if (insured === undefined || insured === null) return [];
  const findings: Finding[] = [];
  if (person !== undefined && person.person_key !== insured.person_key) {
    const issue = { path: 'beneficiary_id', message: 'is not the person of the authorization' };
    findings.push(...invalid([issue], '071-422-beneficiary-mismatch'));
  }
  if (sponsor !== undefined && !slugsOf(sponsor).includes(insured.sponsor_slug)) {
    findings.push(...invalid([{ path: 'sponsor_slug', message: 'is not the sponsor of the authorization' }]));
  }
  return findings;
}

interface Parts {
  readonly sponsor: SponsorProfile;
  readonly entitlement: Entitlement | undefined;
  readonly lines: readonly ClaimLine[];
}

function newRow(
  uow: UnitOfWork,
  family: ClaimFamily,
  input: NewClaim,
  { sponsor, entitlement, lines }: Parts,
): ClaimRow {
  const { total_amount: amount, ...shares } = sharedAmounts(lines, sponsor);
  return {
    claim_id: newId('claim'),
    number: uow.numbers.next('dispensation_or_claim'),
    provider_id: uow.provider.provider_id,
    kind: family,
    status: 'OPEN',
    authorization_id: input.authorization_id ?? null,
    owner_provider_id: entitlement?.owner.provider.provider_id ?? null,
    dispensation_id: null,
    beneficiary_id: input.beneficiary_id,
    sponsor_slug: input.sponsor_slug,
    diagnosis_code: findDiagnosis(input.diagnosis_code)?.diagnosis_code ?? input.diagnosis_code,
    currency_code: sponsor.currency_code,
    amount,
    ...shares,
    sponsor_transaction_id: null,
    completion: null,
    created_at: uow.now,
    expires_at: uow.now + openFor,
    completed_at: null,
    voided_at: null,
    void_reason: null,
  };
}
