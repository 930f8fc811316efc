import type { Issue } from '../../../platform/errors.ts';
import { findProduct } from '../../catalogues/catalogue.ts';
import { longestAnswer } from '../latency.ts';
import { configurationIssues, processedTypes } from './demands.ts';
import type { Draft } from './draft.ts';
import { formIssues } from './forms.ts';
import { decisionRuleIssues, settlementRuleIssues, wrongIn } from './rules.ts';

/** Everything that a schema cannot say of a profile file, as far as the schema has found it sound. */
export function profileIssues(draft: Draft): Issue[] {
  const { file } = draft;
  return [
    ...slugIssues(file),
    ...decisionIssues(file),
    ...latencyIssues(file),
    ...formIssues(draft),
    ...configurationIssues(draft),
    ...decisionRuleIssues(draft),
    ...consultationIssues(draft),
    ...settlementIssues(file),
    ...settlementRuleIssues(draft),
  ];
}

type File = Draft['file'];

function slugIssues({ sponsor_slug, aliases }: File): Issue[] {
  return wrongIn(aliases, 'aliases', (alias) =>
    alias === sponsor_slug ? 'is the sponsor_slug itself' : undefined,
  );
}

function decisionIssues(file: File): Issue[] {
  if (file.decision !== 'MANUAL') return [];
  const issues: Issue[] = [];
  if (file.evaluation === 'SYNC')
    issues.push({ path: 'decision', message: 'must be RULES where evaluation is SYNC' });
  if ('latency' in file) issues.push({ path: 'latency', message: 'has no meaning where decision is MANUAL' });
  return issues;
}

/** Whatever the distribution is: what it may not have the schema has found. */
function latencyIssues({ evaluation, latency }: File): Issue[] {
  const { seconds, min_seconds, max_seconds }: LatencyBounds = latency ?? {};
  const issues: Issue[] = [];
  if (min_seconds !== undefined && max_seconds !== undefined && min_seconds > max_seconds) {
    issues.push({ path: 'latency.min_seconds', message: 'must not be more than max_seconds' });
  }
  if (evaluation !== 'SYNC') return issues;
  for (const [name, most] of Object.entries({ seconds, max_seconds })) {
    if (most === undefined || most <= longestAnswer) continue;
    issues.push({ path: `latency.${name}`, message: `must be <= ${longestAnswer} where evaluation is SYNC` });
  }
  return issues;
}

interface LatencyBounds {
  readonly seconds?: number | undefined;
  readonly min_seconds?: number | undefined;
  readonly max_seconds?: number | undefined;
}

function settlementIssues({ settlement }: File): Issue[] {
  if (settlement?.mode !== 'TRANSACTION') return [];
  return ['delay_seconds', 'rules'].flatMap((name) =>
    name in settlement
      ? [{ path: `settlement.${name}`, message: 'has no meaning where mode is not BATCH' }]
      : [],
  );
}

/** Otherwise nobody could claim anything with it. */
function consultationIssues(draft: Draft): Issue[] {
  const processed = processedTypes(draft);
  return wrongIn(draft.file.consultation_product_codes, 'consultation_product_codes', (code) => {
    const product = findProduct(code);
    if (product === undefined) return 'is no product of the catalogue';
    return processed.includes(product.product_type)
      ? undefined
      : 'is of none of the product_types of the sponsor';
  });
}
