import type { Environment, Scope } from '@osigu-sandbox/contract';
import { noteOf, sheetConstants } from '../../fixtures/onboarding-sheet.ts';
import { realNow } from '../../platform/time.ts';
import type { Executor } from '../../store/statement.ts';
import { hasActiveCoverage } from '../beneficiaries/service.ts';
import { selectAllBeneficiaries } from '../beneficiaries/store.ts';
import { products } from '../catalogues/catalogue.ts';
import { selectRegistrations } from '../catalogues/store.ts';
import { doctorView, selectDoctors } from '../doctors/store.ts';
import { listSponsors } from '../sponsors/sponsors.ts';
import { examplesOf } from './search-examples.ts';
import { readProvider, timezoneOf } from './service.ts';

export interface SheetSurroundings {
  readonly baseUrl: string;
  readonly environment: Environment;
  /** Only at creation, when it is shown this once. */
  readonly client_secret?: string;
}

/** Everything an integrator needs to begin, with this provider's own ids. Contract section 14. */
export async function onboardingSheet(db: Executor, provider_id: string, surroundings: SheetSurroundings) {
  const provider = await readProvider(db, provider_id);
  const people = await selectAllBeneficiaries(db, { provider_id });
  const doctors = await selectDoctors(db, { provider_id });
  const registered = new Set((await selectRegistrations(db, { provider_id })).map((row) => row.product_code));
  const now = realNow() + provider.clock_offset;
  const { baseUrl, environment, client_secret } = surroundings;
  return {
    provider_id: provider.provider_id,
    provider_slug: provider.provider_slug,
    name: provider.name,
    country_code: provider.country_code,
    provider_branch_id: provider.provider_branch_id,
    provider_branch_timezone: timezoneOf(provider.country_code),
    environment,
    credentials: {
      client_id: provider.client_id,
      ...(client_secret !== undefined && { client_secret }),
      scopes: JSON.parse(provider.scopes) as Scope[],
    },
    urls: {
      api: baseUrl,
      token: `${baseUrl}/v1/oauth/token`,
      jwks: `${baseUrl}/v1/oauth/jwks.json`,
      docs: `${baseUrl}/docs`,
      openapi: `${baseUrl}/openapi.json`,
    },
    limits: {
      requests_per_minute: provider.requests_per_minute,
      token_requests_per_minute: provider.token_requests_per_minute,
    },
    sponsors: (await listSponsors(db, provider_id)).map((sponsor) => ({
      sponsor_slug: sponsor.sponsor_slug,
      name: sponsor.name,
      evaluation: sponsor.evaluation,
      currency_code: sponsor.currency_code,
      behaviour: sponsor.behaviour,
      search_examples: examplesOf(sponsor, people),
    })),
    ...sheetConstants,
    beneficiaries: people.map((person) => ({
      beneficiary_id: person.beneficiary_id,
      first_name: person.first_name,
      last_name: person.last_name,
      relationship: person.relationship,
      coverage_active: hasActiveCoverage(person, now),
      note: noteOf(person.document_number),
      search: {
        'national-id': { document_type: person.document_type, document_number: person.document_number },
        'member-id': { member_id: person.member_id },
      },
    })),
    doctors: doctors.map(doctorView),
    products: products.map((product) => ({
      product_code: product.product_code,
      product_id: product.product_id,
      product_type: product.product_type,
      name: product.name,
      registered: registered.has(product.product_code),
    })),
  };
}
