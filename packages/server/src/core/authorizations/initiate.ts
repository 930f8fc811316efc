import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault, type Issue, rejectIssues } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { findBeneficiary, hasActiveCoverage } from '../beneficiaries/service.ts';
import type { BeneficiaryRow } from '../beneficiaries/store.ts';
import { findDiagnosis } from '../catalogues/catalogue.ts';
import { unregisteredProducts, unsupportedTypes, wrongTypes } from '../catalogues/product-checks.ts';
import type { SponsorProfile } from '../sponsors/profile.ts';
import { requirementsFor } from '../sponsors/requirements.ts';
import { holdSponsor, isAffiliated } from '../sponsors/sponsors.ts';
import type { RequestedLine } from './decision.ts';
import { insertRequest, type NewRequestRow } from './store.ts';

export interface NewRequest {
  readonly beneficiary_id: string;
  readonly sponsor_slug: string;
  readonly diagnosis_code?: string;
  readonly diagnoses?: readonly { readonly diagnosis_code: string }[];
  readonly products: readonly RequestedLine[];
  readonly authorization_type?: string;
  readonly professional_license_number?: string;
  readonly service_type_code?: string;
  readonly provider_branch_id?: string;
  readonly provider_slugs?: readonly string[];
  readonly beneficiary_email?: string;
  readonly beneficiary_phone_number?: string;
  readonly provider_notification_email?: string;
}

/** First phase: a PENDING_INDICATION request and nothing else. Everything wrong is listed in one answer. */
export async function initiateRequest(uow: UnitOfWork, input: NewRequest): Promise<NewRequestRow> {
  const sponsor = await holdSponsor(uow.db, input.sponsor_slug);
  if (sponsor !== undefined && !(await isAffiliated(uow.db, uow.provider.provider_id, sponsor))) {
    throw fault('071-403-sponsor-not-affiliated');
  }
  const person = await findBeneficiary(uow, input.beneficiary_id);
  const diagnoses = diagnosesOf(input);
  await rejectWrong(uow, input, sponsor, person, diagnoses);
  if (person !== undefined && !hasActiveCoverage(person, uow.now)) throw fault('071-422-coverage-inactive');

  const row = requestRow(
    uow,
    input,
    diagnoses.map(({ code }) => findDiagnosis(code)?.diagnosis_code ?? code),
  );
  await insertRequest(uow.db, { ...row });
  return row;
}

interface NamedDiagnosis {
  readonly code: string;
  readonly path: string;
}

/** `diagnosis_code` first, then the list, each once. */
function diagnosesOf({ diagnosis_code, diagnoses = [] }: NewRequest): NamedDiagnosis[] {
  const named = diagnoses.map(({ diagnosis_code: code }, index) => ({
    code,
    path: `diagnoses[${index}].diagnosis_code`,
  }));
  if (diagnosis_code === undefined) return named;
  const others = named.filter(({ code }) => code.toUpperCase() !== diagnosis_code.toUpperCase());
  return [{ code: diagnosis_code, path: 'diagnosis_code' }, ...others];
}

async function rejectWrong(
  uow: UnitOfWork,
  input: NewRequest,
  sponsor: SponsorProfile | undefined,
  person: BeneficiaryRow | undefined,
  diagnoses: readonly NamedDiagnosis[],
): Promise<void> {
  const issues: Issue[] = [];
  if (person === undefined) issues.push({ path: 'beneficiary_id', message: 'is unknown' });
  if (sponsor === undefined) issues.push({ path: 'sponsor_slug', message: 'is unknown' });
  if (diagnoses.length === 0) issues.push({ path: 'diagnosis_code', message: 'is required' });
  for (const { code, path } of diagnoses) {
    if (findDiagnosis(code) === undefined)
      issues.push({ path, message: 'is not an ICD-10 code of the catalogue' });
  }
  if (sponsor !== undefined) issues.push(...missingFields(input, sponsor));
  issues.push(...wrongTypes(input.products, 'products'));
  const unregistered = await unregisteredProducts(uow, input.products, 'products');
  // Only unregistered products: the code that Osigu documents for it; else one list of everything.
  if (issues.length === 0) rejectIssues(unregistered, '071-104');
  rejectIssues([...issues, ...unregistered]);
  if (sponsor !== undefined)
    rejectIssues(unsupportedTypes(input.products, 'products', sponsor), '071-422-product-type-unsupported');
}

function missingFields(input: NewRequest, sponsor: SponsorProfile): Issue[] {
  const types = input.products.map((product) => product.product_type);
  const { required_fields, authorization_types } = requirementsFor(sponsor, types);
  const issues: Issue[] = required_fields
    .filter((name) => input[name] === undefined)
    .map((name) => ({ path: name, message: 'is required by this sponsor' }));
  const { authorization_type } = input;
  if (authorization_type !== undefined && !authorization_types.includes(authorization_type)) {
    const message = `must be one of ${authorization_types.join(', ')}`;
    issues.push({ path: 'authorization_type', message });
  }
  return issues;
}

function requestRow(uow: UnitOfWork, input: NewRequest, diagnoses: readonly string[]): NewRequestRow {
  return {
    authorization_request_id: newId('authorizationRequest'),
    number: uow.numbers.next('authorization_request'),
    provider_id: uow.provider.provider_id,
    beneficiary_id: input.beneficiary_id,
    sponsor_slug: input.sponsor_slug,
    status: 'PENDING_INDICATION',
    diagnoses: JSON.stringify(diagnoses),
    products: JSON.stringify(input.products),
    authorization_type: input.authorization_type ?? null,
    professional_license_number: input.professional_license_number ?? null,
    service_type_code: input.service_type_code ?? null,
    provider_branch_id: input.provider_branch_id ?? null,
    provider_slugs: input.provider_slugs === undefined ? null : JSON.stringify(input.provider_slugs),
    beneficiary_email: input.beneficiary_email ?? null,
    beneficiary_phone_number: input.beneficiary_phone_number ?? null,
    provider_notification_email: input.provider_notification_email ?? null,
    created_at: uow.now,
    updated_at: uow.now,
    completed_at: null,
  };
}
