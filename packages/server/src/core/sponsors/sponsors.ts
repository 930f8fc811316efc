import type { ProductType } from '@osigu-sandbox/contract';
import type { SponsorProfile } from '../../fixtures/sponsor-profile.ts';
import { sponsorProfiles } from '../../fixtures/sponsors.ts';
import { fault } from '../../platform/errors.ts';
import { toWire } from '../../platform/money.ts';
import { type Executor, lookup } from '../../store/statement.ts';

const profilesBySlug = new Map(
  sponsorProfiles.flatMap((profile) =>
    [profile.sponsor_slug, ...profile.aliases].map((slug) => [slug, profile] as const),
  ),
);

export function findSponsor(slug: string): SponsorProfile | undefined {
  return profilesBySlug.get(slug);
}

const selectAffiliation = lookup<{ provider_id: string; sponsor_slug: string }, { sponsor_slug: string }>(
  ['affiliations'],
  (db, { provider_id, sponsor_slug }) =>
    db
      .selectFrom('affiliations')
      .select('sponsor_slug')
      .where('provider_id', '=', provider_id)
      .where('sponsor_slug', '=', sponsor_slug),
);

const selectAffiliations = lookup<{ provider_id: string }, { sponsor_slug: string }>(
  ['affiliations'],
  (db, { provider_id }) =>
    db
      .selectFrom('affiliations')
      .select('sponsor_slug')
      .where('provider_id', '=', provider_id)
      .orderBy('sponsor_slug'),
);

export async function listSponsors(db: Executor, provider_id: string): Promise<SponsorProfile[]> {
  const rows = await selectAffiliations(db, { provider_id });
  return rows.flatMap((row) => findSponsor(row.sponsor_slug) ?? []);
}

/** A sponsor named in a URL: 404 when unknown, 403 when the provider is not affiliated. */
export async function requireSponsor(
  db: Executor,
  provider_id: string,
  slug: string,
): Promise<SponsorProfile> {
  const profile = findSponsor(slug);
  if (profile === undefined) throw fault('071-404-sponsor');
  if (!(await isAffiliated(db, provider_id, profile))) throw fault('071-403-sponsor-not-affiliated');
  return profile;
}

export async function isAffiliated(
  db: Executor,
  provider_id: string,
  profile: SponsorProfile,
): Promise<boolean> {
  const rows = await selectAffiliation(db, { provider_id, sponsor_slug: profile.sponsor_slug });
  return rows.length > 0;
}

/** As the wire shows it: GET /arc/v1/sponsors/{sponsor_slug}/configuration. */
export function configurationOf(profile: SponsorProfile, slug: string, product_type: ProductType) {
  return {
    sponsor_slug: slug,
    product_type,
    supported: profile.product_types.includes(product_type),
    evaluation: profile.evaluation,
    required_fields: profile.required_fields,
    authorization_types: profile.authorization_types,
    indications: profile.indications.map(({ fallback_name: _, ...rule }) => rule),
    verification: profile.verification,
    otp_channels: profile.otp_channels,
    settlement: profile.settlement,
    cost_sharing: {
      copayment_amount: toWire(profile.cost_sharing.copayment_amount),
      coinsurance_percent: profile.cost_sharing.coinsurance_percent,
      currency_code: profile.currency_code,
    },
  };
}
