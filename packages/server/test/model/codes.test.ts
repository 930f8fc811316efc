import { afterAll, beforeAll } from 'vitest';
import { startSandbox, type TestSandbox } from '../harness.ts';
import * as authorizations from './actions/authorizations.ts';
import * as claims from './actions/claims.ts';
import * as dispensations from './actions/dispensations.ts';
import * as prescriptions from './actions/prescriptions.ts';
import * as requests from './actions/requests.ts';
import { advance } from './actions/time.ts';
import { testAgainstModel } from './runs.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());

testAgainstModel('requests and authorizations', {
  sandbox: () => sandbox,
  actions: [
    [5, requests.initiate],
    [3, requests.attach],
    [7, requests.complete],
    [1, requests.cancel],
    [4, requests.decide],
    [2, authorizations.voidAuthorization],
    [3, authorizations.update],
    [2, dispensations.dispenseAuthorization],
    [1, dispensations.deliver],
    [1, dispensations.complete],
    [3, advance],
  ],
  steps: 80,
  runs: 4,
  saved: [
    { seed: 222, why: 'once failed: decided and expired in one advance' },
    { seed: 216, why: 'codes redeemed, held and expired' },
  ],
});

testAgainstModel('dispensations', {
  sandbox: () => sandbox,
  actions: [
    [2, requests.authorize],
    [1, requests.decide],
    [6, dispensations.dispenseAuthorization],
    [3, dispensations.replace],
    [4, dispensations.complete],
    [2, dispensations.voidDispensation],
    [1, authorizations.voidAuthorization],
    [2, dispensations.deliver],
    [3, claims.voidClaim],
    [3, advance],
  ],
  steps: 80,
  runs: 4,
  saved: [{ seed: 207, why: 'codes held and used up, by two providers' }],
});

testAgainstModel('prescriptions', {
  sandbox: () => sandbox,
  actions: [
    [2, prescriptions.issue],
    [6, dispensations.dispensePrescription],
    [2, dispensations.replace],
    [4, dispensations.complete],
    [1, dispensations.voidDispensation],
    [1, prescriptions.voidPrescription],
    [1, prescriptions.mail],
    [4, advance],
  ],
  steps: 80,
  runs: 4,
  saved: [
    { seed: 216, why: 'expiry between dispensations' },
    { seed: 210, why: 'voids of what is held' },
  ],
});
