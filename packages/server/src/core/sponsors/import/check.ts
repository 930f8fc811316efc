import { type SponsorProfile as ProfileFile, productTypes } from '@osigu-sandbox/contract';
import type { Issue } from '../../../platform/errors.ts';
import { findProduct } from '../../catalogues/catalogue.ts';
import { longestAnswer, longestDelay } from '../latency.ts';
import { profileOf } from '../profile.ts';
import { formIssues } from './forms.ts';
import { decisionRuleIssues, settlementRuleIssues } from './rules.ts';

/** Everything that a schema cannot say of a profile file that it has found sound. */
export function profileIssues(file: ProfileFile): Issue[] {
  return [
    ...slugIssues(file),
    ...decisionIssues(file),
    ...latencyIssues(file),
    ...formIssues(file.forms),
    ...configurationIssues(file),
    ...decisionRuleIssues(file.decision_rules ?? []),
    ...consultationIssues(file),
    ...settlementIssues(file),
  ];
}

function slugIssues({ sponsor_slug, aliases = [] }: ProfileFile): Issue[] {
  return aliases.flatMap((alias, index) =>
    alias === sponsor_slug ? [{ path: `aliases[${index}]`, message: 'is the sponsor_slug itself' }] : [],
  );
}

function decisionIssues({ evaluation, decision, latency }: ProfileFile): Issue[] {
  if (decision !== 'MANUAL') return [];
  const issues: Issue[] = [];
  if (evaluation === 'SYNC')
    issues.push({ path: 'decision', message: 'must be RULES where evaluation is SYNC' });
  if (latency !== undefined)
    issues.push({ path: 'latency', message: 'has no meaning where decision is MANUAL' });
  return issues;
}

function latencyIssues({ evaluation, latency }: ProfileFile): Issue[] {
  if (latency === undefined) return [];
  const most = latency.distribution === 'fixed' ? 'seconds' : 'max_seconds';
  const issues: Issue[] = [];
  if (latency.distribution !== 'fixed' && (latency.min_seconds ?? 0) > latency.max_seconds) {
    issues.push({ path: 'latency.min_seconds', message: 'must not be more than max_seconds' });
  }
  if (evaluation === 'SYNC' && longestDelay(latency) > longestAnswer) {
    issues.push({ path: `latency.${most}`, message: `must be <= ${longestAnswer} where evaluation is SYNC` });
  }
  return issues;
}

function configurationIssues(file: ProfileFile): Issue[] {
  const issues = indicationIssues(file.configuration?.indications ?? [], 'configuration');
  const { requirements, settlement } = profileOf(file);
  const noChannel = { message: 'must not be empty where a one-time password is demanded' };
  if (settlement.verification === 'OTP' && file.configuration?.otp_channels?.length === 0) {
    issues.push({ path: 'configuration.otp_channels', ...noChannel });
  }
  for (const type of productTypes) {
    const own = file.configuration_by_product_type?.[type];
    const path = own === undefined ? 'configuration' : `configuration_by_product_type.${type}`;
    if (own !== undefined) {
      if (!file.product_types.includes(type)) issues.push({ path, message: 'is not among product_types' });
      issues.push(...indicationIssues(own.indications ?? [], path));
    }
    const { verification, otp_channels } = requirements[type];
    if (Object.values(verification).includes('OTP') && otp_channels.length === 0) {
      issues.push({ path: `${path}.otp_channels`, ...noChannel });
    }
  }
  return [...new Map(issues.map((issue) => [`${issue.path} ${issue.message}`, issue])).values()];
}

function indicationIssues(indications: readonly { readonly file_type: string }[], path: string): Issue[] {
  const names = indications.map((each) => each.file_type);
  return names.flatMap((name, index) =>
    names.indexOf(name) < index
      ? [{ path: `${path}.indications[${index}].file_type`, message: 'is named twice' }]
      : [],
  );
}

function settlementIssues({ settlement }: ProfileFile): Issue[] {
  if (settlement === undefined) return [];
  const { mode, delay_seconds, rules } = settlement;
  const issues: Issue[] = [];
  if (mode !== 'BATCH') {
    const message = 'has no meaning where mode is not BATCH';
    if (delay_seconds !== undefined) issues.push({ path: 'settlement.delay_seconds', message });
    if (rules !== undefined) issues.push({ path: 'settlement.rules', message });
  }
  return [...issues, ...settlementRuleIssues(rules ?? [])];
}

function consultationIssues({ consultation_product_codes = [] }: ProfileFile): Issue[] {
  return consultation_product_codes.flatMap((code, index) =>
    findProduct(code) === undefined
      ? [{ path: `consultation_product_codes[${index}]`, message: 'is no product of the catalogue' }]
      : [],
  );
}
