import { SponsorProfile } from '@osigu-sandbox/contract';

/** The schema as it is published: without words of ours that other validators do not know. */
export const profileSchema: Record<string, unknown> = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  ...(JSON.parse(
    JSON.stringify(SponsorProfile, (name, value: unknown) =>
      name === 'multipleOfCents' || name === '$id' || name === 'discriminator' ? undefined : value,
    ),
  ) as Record<string, unknown>),
};
