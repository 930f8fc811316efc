import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type SponsorProfile as ProfileFile, SponsorProfile } from '@osigu-sandbox/contract';
import { describe, expect, test } from 'vitest';
import { createCheck } from '../../api/validation.ts';
import { magicCodes } from '../../fixtures/magic.ts';
import { fixtureSponsors } from '../../fixtures/sponsors.ts';
import { authorizedQuantity, decidingRule, failsFirstAt, type LineFacts } from './decision-rules.ts';
import { profileIssues } from './import/check.ts';
import { draftOf } from './import/draft.ts';
import { profileOf } from './profile.ts';
import { sponsorFile } from './test-profile.ts';

const root = join(import.meta.dirname, '../../../../..');
const shipped = globSync('examples/sponsors/*.json', { cwd: root }).map(
  (path) =>
    [basename(path, '.json'), JSON.parse(readFileSync(join(root, path), 'utf8')) as ProfileFile] as const,
);
const check = createCheck(SponsorProfile, 'body');

describe('a profile is what the schema says, and nothing is wrong with it', () => {
  test.each([
    ...fixtureSponsors.map((file) => [file.sponsor_slug, file] as const),
    ...shipped,
    [sponsorFile.sponsor_slug, sponsorFile] as const,
  ])('%s', (slug, file) => {
    const asRead = JSON.parse(JSON.stringify(file)) as ProfileFile;
    expect(check(asRead, 0)).toEqual([]);
    expect(profileIssues(draftOf(asRead, []))).toEqual([]);
    expect(file.sponsor_slug).toBe(slug);
  });

  test('two examples are shipped, one Guatemalan, one Dominican', () => {
    expect(shipped.map(([, { currency_code }]) => currency_code).sort()).toEqual(['DOP', 'GTQ']);
  });
});

describe('every fixture sponsor', () => {
  const line: LineFacts = {
    product_code: 'MED-SBX-001',
    product_type: 'MEDICATION',
    quantity: 31,
    amount: 1,
    diagnoses: ['E11.9'],
    plan_code: 'PLAN-ORO',
    benefits_exhausted: false,
    authorization_type: null,
    service_type_code: null,
  };

  test.each(fixtureSponsors.map((file) => [file.sponsor_slug, profileOf(file)] as const))(
    '%s does what docs/fixtures.md tells of the magic codes',
    (_slug, { decision_rules }) => {
      const decide = (product_code: string, exhausted = false) => {
        const facts = { ...line, product_code, benefits_exhausted: exhausted };
        const rule = decidingRule(decision_rules, facts);
        const code = rule?.decision === 'REJECT' ? rule.rejection_code : null;
        return [authorizedQuantity(rule, facts.quantity), code];
      };
      expect(decide('MED-SBX-001')).toEqual([31, null]);
      expect(decide(magicCodes.notCovered)).toEqual([0, 'NOT_COVERED']);
      expect(decide(magicCodes.notRegistered)).toEqual([31, null]);
      expect(decide(magicCodes.halfQuantity)).toEqual([15, null]);
      expect(decide(magicCodes.medicalCriteria)).toEqual([0, 'MEDICAL_CRITERIA']);
      expect(decide(magicCodes.sponsorFails)).toEqual([31, null]);
      expect(decide(magicCodes.claimRejected)).toEqual([31, null]);
      expect(decide('MED-SBX-001', true)).toEqual([0, 'COVERAGE_EXHAUSTED']);
      const fails = (product_code: string) => failsFirstAt(decision_rules, { ...line, product_code });
      expect([fails(magicCodes.sponsorFails), fails('MED-SBX-001')]).toEqual([true, false]);
    },
  );
});

describe('defaults', () => {
  test('of the least that a file holds', () => {
    const profile = profileOf(sponsorFile);
    expect(profile).toMatchObject({
      latency: { distribution: 'fixed', seconds: 0 },
      decidesByHand: false,
      validity_days: 30,
      fails_every: null,
      settlement: { mode: 'TRANSACTION', delay_seconds: 30, verification: null },
    });
    expect(profile.requirements.LAB).toBe(profile.requirements.MEDICATION);
    expect(profileOf({ ...sponsorFile, evaluation: 'ASYNC' }).latency).toEqual({
      distribution: 'fixed',
      seconds: 30,
    });
  });

  test('money of the file is minor units inside, and an override replaces member by member', () => {
    const profile = profileOf({
      ...sponsorFile,
      configuration: {
        otp_channels: ['EMAIL'],
        cost_sharing: { copayment_amount: 12.34, coinsurance_percent: 5.5 },
      },
      configuration_by_product_type: { LAB: { cost_sharing: { copayment_amount: 0.1 } } },
    });
    expect(profile.requirements.MEDICATION.cost_sharing).toEqual({
      copayment_amount: 1234,
      coinsurance_percent: 5.5,
    });
    expect(profile.requirements.LAB).toMatchObject({
      otp_channels: ['EMAIL'],
      cost_sharing: { copayment_amount: 10, coinsurance_percent: 0 },
    });
  });
});
