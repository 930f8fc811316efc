import { Page, PageQuery, SponsorProfile, SponsorSlug, SponsorSummary } from '@osigu-sandbox/contract';
import type { FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { draftOf } from '../../core/sponsors/import/draft.ts';
import {
  importProfile,
  issuesOfProfile,
  listProfiles,
  readProfile,
  removeProfile,
} from '../../core/sponsors/import/profiles.ts';
import { profileSchema } from '../../core/sponsors/import/schema.ts';
import { type Issue, rejectIssues } from '../../platform/errors.ts';
import type { Store } from '../../store/store.ts';
import type { Endpoints } from '../endpoint.ts';
import { slice } from '../paging.ts';
import { createCheck, maxIssues, tidyBody } from '../validation.ts';
import { type ControlOptions, operatorOnly } from './control.ts';

const tag = 'Sandbox control';
const SponsorPath = Type.Object({ sponsor_slug: SponsorSlug });
/** In the document: one schema, named. */
const Profile = Type.Ref('SponsorProfile');
/** Not the schema itself: Fastify would build a serialiser of all of it at every start. */
const ProfileAnswer = Type.Object({}, { additionalProperties: true, description: 'The profile' });

/** The smallest that does something of its own. */
export const profileExample = {
  sponsor_slug: 'aseguradora-ejemplo',
  name: 'Aseguradora Ejemplo',
  behaviour: 'Grants at most 30 of any medication.',
  country_code: 'CO',
  currency_code: 'COP',
  product_types: ['MEDICATION', 'LAB'],
  evaluation: 'SYNC',
  forms: [
    {
      form_id: 'affiliate',
      label: 'Número de afiliado',
      fields: [{ key: 'affiliate', type: 'string', required: true, matches: 'document_number' }],
    },
  ],
  decision_rules: [{ when: { quantity_over: 30 }, decision: 'APPROVE_AT_MOST', quantity: 30 }],
};

/** Sponsor profiles: what makes a sponsor behave, as files. For every provider, so the operator's alone. */
export function sponsorControlRoutes(endpoints: Endpoints, options: ControlOptions): void {
  readRoutes(endpoints, options);
  changeRoutes(endpoints, options);
}

function readRoutes(endpoints: Endpoints, { units }: ControlOptions): void {
  const { db } = units.store;

  endpoints.open({
    method: 'GET',
    url: '/_sandbox/v1/sponsors',
    operationId: 'listSponsorProfiles',
    tag,
    summary: 'All sponsors, of the fixtures and imported',
    provenance: 'sandbox',
    access: operatorOnly,
    query: Type.Object(PageQuery),
    answers: { 200: Page(SponsorSummary) },
    open: async ({ request, query }) => slice(request, query, await listProfiles(db)),
  });

  endpoints.open({
    method: 'GET',
    url: '/_sandbox/v1/sponsors/:sponsor_slug',
    operationId: 'getSponsorProfile',
    tag,
    summary: 'The profile of a sponsor, by any of its slugs',
    description:
      'The file as it was imported; that of a sponsor of the fixtures is a good one to begin with.',
    provenance: 'sandbox',
    access: operatorOnly,
    params: SponsorPath,
    answers: { 200: ProfileAnswer },
    errors: ['071-404-sponsor'],
    open: ({ params }) => readProfile(db, params.sponsor_slug),
  });

  endpoints.open({
    method: 'GET',
    url: '/_sandbox/v1/sponsor-profile.schema.json',
    operationId: 'getSponsorProfileSchema',
    tag,
    summary: 'JSON Schema of a sponsor profile',
    provenance: 'sandbox',
    access: { kind: 'public' },
    answers: { 200: Type.Object({}, { additionalProperties: true, description: 'JSON Schema 2020-12' }) },
    open: async () => profileSchema,
  });
}

function changeRoutes(endpoints: Endpoints, { units, log }: ControlOptions): void {
  const { store } = units;
  const checked = createProfileCheck(store);

  endpoints.open({
    method: 'PUT',
    url: '/_sandbox/v1/sponsors/:sponsor_slug',
    operationId: 'putSponsorProfile',
    tag,
    summary: 'Import a sponsor profile, or replace one',
    description:
      'Everything that is wrong is listed, unknown members too. A replaced profile holds for all that is not decided ' +
      'yet. Providers are affiliated with it by `PUT /_sandbox/v1/providers/{provider_slug}/affiliations`.',
    provenance: 'sandbox',
    access: operatorOnly,
    params: SponsorPath,
    documentedBody: Profile,
    bodyExample: profileExample,
    answers: { 200: ProfileAnswer, 201: ProfileAnswer },
    errors: [
      '071-400-malformed',
      '071-413',
      '071-415',
      '071-422-validation',
      '071-409-sponsor-fixture',
      '071-409-sponsor-in-use',
    ],
    open: async ({ params, request, reply }) => {
      const { sponsor_slug } = params;
      const file = await checked(request, sponsor_slug);
      const outcome = await importProfile(store, file);
      log.info({ sponsor_slug, outcome }, 'sponsor profile imported');
      reply.code(outcome === 'created' ? 201 : 200);
      return file;
    },
  });

  endpoints.open({
    method: 'DELETE',
    url: '/_sandbox/v1/sponsors/:sponsor_slug',
    operationId: 'deleteSponsorProfile',
    tag,
    summary: 'Delete an imported sponsor',
    description: 'Only when no provider is affiliated with it any more, and none has anything of it.',
    provenance: 'sandbox',
    access: operatorOnly,
    params: SponsorPath,
    answers: { 204: undefined },
    errors: ['071-404-sponsor', '071-409-sponsor-fixture', '071-409-sponsor-in-use'],
    open: async ({ params, reply }) => {
      await removeProfile(store, params.sponsor_slug);
      log.info({ sponsor_slug: params.sponsor_slug }, 'sponsor profile deleted');
      return reply.code(204).send();
    },
  });
}

/** A file of so many bytes may be read to its end for what is wrong with it: it is the operator's own. */
const listAllTo = 1024 * 1024;

/** Answers the body as a profile; or everything that is wrong with it at once, what is taken by others too. */
function createProfileCheck({ db }: Store) {
  const check = createCheck(SponsorProfile, 'body', listAllTo);
  return async (request: FastifyRequest, slug: string): Promise<Static<typeof SponsorProfile>> => {
    const body = request.body ?? {};
    const size = Number(request.headers['content-length'] ?? 0);
    const issues: Issue[] = [];
    tidyBody(body, issues);
    issues.push(...check(body, size));
    const knowsAll = issues.length === 0 || (size <= listAllTo && issues.length < maxIssues);
    if (knowsAll) issues.push(...(await issuesOfProfile(db, slug, draftOf(body, issues))));
    rejectIssues(issues.slice(0, maxIssues));
    return body as Static<typeof SponsorProfile>;
  };
}
