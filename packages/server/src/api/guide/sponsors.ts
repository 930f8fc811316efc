import {
  Beneficiary,
  BeneficiarySearch,
  Dependents,
  Page,
  PageQuery,
  SearchForm,
  Sponsor,
  SponsorConfiguration,
  SponsorSlug,
} from '@osigu-sandbox/contract';
import Type from 'typebox';
import { searchBeneficiary } from '../../core/beneficiaries/search.ts';
import { beneficiaryView, dependentsOf, requireBeneficiary } from '../../core/beneficiaries/service.ts';
import { listSponsors, requireSponsor } from '../../core/sponsors/sponsors.ts';
import { configurationOf, formsOf } from '../../core/sponsors/views.ts';
import type { Endpoints, ReadContext } from '../endpoint.ts';
import { slice } from '../paging.ts';
import { ProductTypeQuery, productTypeOf } from './product-types.ts';

const SponsorPath = Type.Object({ sponsor_slug: SponsorSlug });
const read = { kind: 'client', scopes: ['arc:read'] } as const;
const sponsorErrors = ['071-404-sponsor', '071-403-sponsor-not-affiliated'] as const;

function sponsorOf(context: ReadContext, slug: string) {
  return requireSponsor(context.db, context.provider.provider_id, slug);
}

export function sponsorRoutes(endpoints: Endpoints): void {
  endpoints.read({
    method: 'GET',
    url: '/v1/sponsors',
    operationId: 'listSponsors',
    tag: 'Sponsors and beneficiaries',
    summary: 'Sponsors that the provider is affiliated with',
    provenance: 'sandbox',
    access: read,
    query: Type.Object(PageQuery),
    answers: { 200: Page(Sponsor) },
    read: async ({ db, provider }, { request, query }) =>
      slice(request, query, await listSponsors(db, provider.provider_id)),
  });

  endpoints.read({
    method: 'GET',
    url: '/v1/sponsors/:sponsor_slug/forms',
    operationId: 'listSearchForms',
    tag: 'Sponsors and beneficiaries',
    summary: 'Search forms of a sponsor',
    provenance: 'documented',
    access: read,
    params: SponsorPath,
    answers: { 200: Type.Array(SearchForm) },
    errors: sponsorErrors,
    read: async (context, { params }) => formsOf(await sponsorOf(context, params.sponsor_slug)),
  });

  endpoints.read({
    method: 'POST',
    url: '/v1/sponsors/:sponsor_slug/search',
    operationId: 'searchBeneficiary',
    tag: 'Sponsors and beneficiaries',
    summary: 'Look a beneficiary up',
    description:
      'The body is a flat object of the fields of one form. Case, accents and surrounding blanks do not count. ' +
      'Inactive coverage is a 200 with `coverage.active = false`.',
    provenance: 'documented',
    access: read,
    params: SponsorPath,
    body: BeneficiarySearch,
    bodyExample: { document_type: 'CC', document_number: '1000000001' },
    answers: { 200: Beneficiary },
    errors: [...sponsorErrors, '071-404-beneficiary'],
    exists: (context, { sponsor_slug }) => sponsorOf(context, sponsor_slug),
    read: async (context, { params, body }) => {
      const profile = await sponsorOf(context, params.sponsor_slug);
      return beneficiaryView(context, await searchBeneficiary(context, profile, body));
    },
  });

  endpoints.read({
    method: 'GET',
    url: '/v1/sponsors/:sponsor_slug/beneficiaries/:beneficiary_id/dependents',
    operationId: 'getDependents',
    tag: 'Sponsors and beneficiaries',
    summary: 'Dependants of a holder',
    provenance: 'sandbox',
    access: read,
    params: Type.Object({ sponsor_slug: SponsorSlug, beneficiary_id: Type.String() }),
    answers: { 200: Dependents },
    errors: [...sponsorErrors, '071-404-beneficiary'],
    read: async (context, { params }) => {
      await sponsorOf(context, params.sponsor_slug);
      return {
        content: await dependentsOf(context, await requireBeneficiary(context, params.beneficiary_id)),
      };
    },
  });

  endpoints.read({
    method: 'GET',
    url: '/arc/v1/sponsors/:sponsor_slug/configuration',
    operationId: 'getSponsorConfiguration',
    tag: 'Sponsors and beneficiaries',
    summary: 'What a sponsor demands for a product type',
    description: 'Keep it only briefly: sponsors change their rules without notice.',
    provenance: 'documented',
    access: read,
    params: SponsorPath,
    query: Type.Object({ product_type: ProductTypeQuery }),
    answers: { 200: SponsorConfiguration },
    errors: sponsorErrors,
    exists: (context, { sponsor_slug }) => sponsorOf(context, sponsor_slug),
    read: async (context, { params, query }) => {
      const profile = await sponsorOf(context, params.sponsor_slug);
      return configurationOf(profile, params.sponsor_slug, productTypeOf(query.product_type));
    },
  });
}
