import fc from 'fast-check';
import { prescriptionBody } from '../../flows.ts';
import { expectVerdict } from '../bench.ts';
import * as model from '../contract/prescription.ts';
import { notRegistered } from '../contract/sponsors.ts';
import { type Actions, action, at, callerOf, last, pick, siteAt, siteOf, stranger } from './action.ts';

const url = '/ehr/v1/prescriptions';

const medications = fc.uniqueArray(
  fc.record({
    product_code: fc.constantFrom('MED-SBX-001', 'MED-SBX-002', 'MED-SBX-004', 'MED-SBX-005'),
    quantity: fc.integer({ min: 1, max: 6 }),
  }),
  { minLength: 1, maxLength: 3, selector: ({ product_code }) => product_code },
);

export const issue: Actions = action(
  'issue',
  fc.record({
    site: siteAt,
    medications,
    flaw: fc.constantFrom(undefined, undefined, undefined, undefined, 'unregistered', 'unsigned'),
  }),
  async (bench, { site: index, medications: asked, flaw }) => {
    const site = siteOf(bench.world, index);
    const unregistered = { product_code: notRegistered, quantity: 1 };
    const lines = flaw === 'unregistered' ? [...asked, unregistered] : asked;
    const body = prescriptionBody({
      medications: lines.map((line) => ({ ...line, posology: '1 cada 12 horas' })),
      ...(flaw === 'unsigned' && { doctor_id: 'doc_01JG0000000000000000000000' }),
    });
    const reply = await bench.call(site, 'POST', url, body);
    const verdict = model.issue(bench.world, site, lines, flaw !== 'unsigned');
    expectVerdict(reply, verdict, 201);
    if (verdict !== 'done') return;
    const prescription = last(bench.world.prescriptions);
    prescription.id = reply.body.prescription_id;
    prescription.code = reply.body.prescription_code;
  },
);

const onPrescription = fc.record({ at, stranger });
const isLive = (each: model.Prescription) => model.standing(each) === 'done';

export const voidPrescription: Actions = action('void prescription', onPrescription, async (bench, args) => {
  const prescription = pick(bench.world.prescriptions, args.at, isLive);
  if (prescription === undefined) return;
  const site = callerOf(bench.world, prescription.owner, args.stranger);
  const reply = await bench.call(site, 'POST', `${url}/${prescription.id}/void`);
  expectVerdict(reply, model.voidPrescription(prescription, site));
});

export const mail: Actions = action('mail prescription', onPrescription, async (bench, args) => {
  const prescription = pick(bench.world.prescriptions, args.at, isLive);
  if (prescription === undefined) return;
  const site = callerOf(bench.world, prescription.owner, args.stranger);
  const reply = await bench.call(site, 'POST', `${url}/${prescription.id}/email`, { email: 'a@b.example' });
  expectVerdict(reply, model.mail(prescription, site));
});
