import {
  otpChannels,
  type ProductType,
  type SponsorProfile as ProfileFile,
  productTypes,
} from '@osigu-sandbox/contract';
import type { Issue } from '../../../platform/errors.ts';
import { type Requirements, usualAuthorizationTypes } from '../profile.ts';
import type { Draft, Sound } from './draft.ts';

type Configuration = NonNullable<Sound<ProfileFile>['configuration']>;

/** The types that the sponsor processes: all of them, where the schema has found something wrong with the list. */
export function processedTypes({ file, isSound }: Draft): readonly ProductType[] {
  if (!isSound('product_types')) return productTypes;
  return productTypes.filter((type) => file.product_types?.includes(type) === true);
}

/** What is demanded for a product type, and where that is written; undefined where the schema has found it wrong. */
function demandFor<K extends keyof Configuration & keyof Requirements>(
  { file, isSound }: Draft,
  type: ProductType,
  name: K,
  usual: NonNullable<Configuration[K]>,
): { readonly path: string; readonly value: NonNullable<Configuration[K]> | undefined } {
  const ownPath = `configuration_by_product_type.${type}.${name}`;
  const own: Configuration | undefined = file.configuration_by_product_type?.[type];
  const isOwn = own !== undefined && name in own;
  const path = isOwn ? ownPath : `configuration.${name}`;
  const value = (isOwn ? own : file.configuration)?.[name] ?? usual;
  return { path, value: isSound(ownPath) && isSound(path) ? value : undefined };
}

/** The authorization_type that a line of this product type may have, null for none; undefined where that is not known. */
export function admittedTypes(draft: Draft, type: ProductType): readonly (string | null)[] | undefined {
  const { value } = demandFor(draft, type, 'authorization_types', usualAuthorizationTypes);
  if (value === undefined) return undefined;
  const names = value.flatMap((name) => name ?? []);
  return isRequired(draft, type, 'authorization_type') ? names : [...names, null];
}

/** Not, where that is not known. */
export function isRequired(
  draft: Draft,
  type: ProductType,
  member: 'authorization_type' | 'service_type_code',
) {
  return demandFor(draft, type, 'required_fields', []).value?.includes(member) === true;
}

export function configurationIssues(draft: Draft): Issue[] {
  const { file } = draft;
  const issues = indicationIssues(file.configuration?.indications ?? [], 'configuration');
  for (const type of productTypes) {
    const own = file.configuration_by_product_type?.[type];
    const path = `configuration_by_product_type.${type}`;
    if (own !== undefined && !processedTypes(draft).includes(type))
      issues.push({ path, message: 'is not among product_types' });
    issues.push(...indicationIssues(own?.indications ?? [], path));
  }
  issues.push(...passwordIssues(draft));
  for (const type of processedTypes(draft)) {
    const { path, value } = demandFor(draft, type, 'authorization_types', usualAuthorizationTypes);
    if (value?.length === 0 && isRequired(draft, type, 'authorization_type'))
      issues.push({ path, message: 'must not be empty where authorization_type is a required field' });
  }
  return [...new Map(issues.map((issue) => [`${issue.path} ${issue.message}`, issue])).values()];
}

function indicationIssues(
  indications: readonly ({ readonly file_type?: string | undefined } | undefined)[],
  path: string,
): Issue[] {
  const names = indications.map((each) => each?.file_type);
  return names.flatMap((name, index) =>
    name !== undefined && names.indexOf(name) < index
      ? [{ path: `${path}.indications[${index}].file_type`, message: 'is named twice' }]
      : [],
  );
}

/** Where a one-time password is demanded there is a way to send it. */
function passwordIssues(draft: Draft): Issue[] {
  const { configuration } = draft.file;
  const message = 'must not be empty where a one-time password is demanded';
  const issues: Issue[] = [];
  if (configuration?.verification?.settlement === 'OTP' && configuration.otp_channels?.length === 0)
    issues.push({ path: 'configuration.otp_channels', message });
  for (const type of processedTypes(draft)) {
    const channels = demandFor(draft, type, 'otp_channels', otpChannels);
    const { authorization, dispensation } = demandFor(draft, type, 'verification', {}).value ?? {};
    if ([authorization, dispensation].includes('OTP') && channels.value?.length === 0)
      issues.push({ path: channels.path, message });
  }
  return issues;
}
