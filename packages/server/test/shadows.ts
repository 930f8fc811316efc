import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SponsorProfile } from '@osigu-sandbox/contract';
import { sponsorFile } from '../src/core/sponsors/test-profile.ts';
import type { Reply, TestProvider, TestSandbox } from './harness.ts';

/** The example that is shipped under this name. */
export function shippedProfile(name: string): SponsorProfile {
  const path = join(import.meta.dirname, '../../../examples/sponsors', `${name}.json`);
  return JSON.parse(readFileSync(path, 'utf8')) as SponsorProfile;
}

/** A profile of a slug that no other test uses. */
export function someProfile(over: Partial<SponsorProfile> = {}): SponsorProfile {
  return { ...sponsorFile, sponsor_slug: `shadow-${randomUUID().slice(0, 13)}`, ...over };
}

export function put({ operator }: TestSandbox, profile: SponsorProfile): Promise<Reply> {
  return operator('PUT', `/_sandbox/v1/sponsors/${profile.sponsor_slug}`, profile);
}

/** Affiliates the provider with these sponsors and no others. */
export function affiliate(
  { operator }: TestSandbox,
  { slug }: TestProvider,
  ...sponsor_slugs: string[]
): Promise<Reply> {
  return operator('PUT', `/_sandbox/v1/providers/${slug}/affiliations`, { sponsor_slugs });
}

/** Imports a profile and affiliates the provider with it. Answers its slug. */
export async function shadow(
  sandbox: TestSandbox,
  provider: TestProvider,
  over: Partial<SponsorProfile> = {},
): Promise<string> {
  const profile = someProfile(over);
  await put(sandbox, profile);
  await affiliate(sandbox, provider, profile.sponsor_slug);
  return profile.sponsor_slug;
}
