import { afterAll, beforeAll } from 'vitest';
import { startSandbox, type TestSandbox } from '../harness.ts';
import * as authorizations from './actions/authorizations.ts';
import * as claims from './actions/claims.ts';
import * as dispensations from './actions/dispensations.ts';
import * as prescriptions from './actions/prescriptions.ts';
import * as requests from './actions/requests.ts';
import * as settlements from './actions/settlements.ts';
import { advance } from './actions/time.ts';
import { testAgainstModel } from './runs.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());

testAgainstModel('claims', {
  sandbox: () => sandbox,
  actions: [
    [3, requests.authorize],
    [1, requests.decide],
    [6, claims.claimAuthorization],
    [1, claims.claimDirectly],
    [3, claims.patch],
    [4, claims.complete],
    [3, claims.voidClaim],
    [1, claims.addFile],
    [2, dispensations.dispenseAuthorization],
    [2, dispensations.complete],
    [1, dispensations.deliver],
    [1, authorizations.update],
    [2, advance],
  ],
  steps: 80,
  runs: 4,
  saved: [
    { seed: 211, why: 'claims of an expired authorization' },
    { seed: 210, why: 'what is held and what is redeemed already' },
  ],
});

testAgainstModel('settlements', {
  sandbox: () => sandbox,
  actions: [
    [2, requests.authorize],
    [1, claims.claimDirectly],
    [6, claims.deliver],
    [3, claims.claimAuthorization],
    [3, claims.complete],
    [1, claims.voidClaim],
    [1, dispensations.dispenseAuthorization],
    [1, dispensations.complete],
    [2, dispensations.deliver],
    [2, settlements.open],
    [9, settlements.attach],
    [2, settlements.detach],
    [1, settlements.addDocument],
    [1, settlements.removeDocument],
    [5, settlements.dispatch],
    [4, settlements.resolve],
    [2, advance],
  ],
  steps: 80,
  runs: 4,
  saved: [
    { seed: 211, why: 'accepted in part; an authorization becomes PAID' },
    { seed: 206, why: 'a void comes too late; a refused batch' },
  ],
});

testAgainstModel('everything at once', {
  sandbox: () => sandbox,
  actions: [
    [1, requests.initiate],
    [1, requests.attach],
    [1, requests.complete],
    [1, requests.cancel],
    [4, requests.authorize],
    [1, requests.decide],
    [1, authorizations.voidAuthorization],
    [1, authorizations.update],
    [4, dispensations.dispenseAuthorization],
    [1, dispensations.replace],
    [4, dispensations.complete],
    [2, dispensations.deliver],
    [1, dispensations.voidDispensation],
    [1, prescriptions.issue],
    [2, dispensations.dispensePrescription],
    [1, prescriptions.voidPrescription],
    [1, prescriptions.mail],
    [3, claims.claimAuthorization],
    [1, claims.claimDirectly],
    [2, claims.deliver],
    [1, claims.patch],
    [2, claims.complete],
    [1, claims.voidClaim],
    [1, claims.addFile],
    [2, settlements.open],
    [5, settlements.attach],
    [1, settlements.detach],
    [1, settlements.addDocument],
    [1, settlements.removeDocument],
    [3, settlements.dispatch],
    [2, settlements.resolve],
    [2, advance],
  ],
  steps: 80,
  runs: 4,
  saved: [{ seed: 228, why: 'prescriptions used up beside a dispatched batch' }],
});
