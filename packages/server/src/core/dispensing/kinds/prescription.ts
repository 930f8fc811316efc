import { fault } from '../../../platform/errors.ts';
import { step } from '../../../platform/state-machine.ts';
import { currencyOf } from '../../catalogues/catalogue.ts';
import { lineAmount } from '../../claims/amounts.ts';
import { dispenseMedication, holdMedication, returnMedication } from '../../prescriptions/quantities.ts';
import { prescriptionMachine, prescriptionStatusAt } from '../../prescriptions/rules.ts';
import {
  lockPrescription,
  selectMedications,
  selectPrescriptionByCode,
  updateDispensed,
} from '../../prescriptions/store.ts';
import type { CodeKind } from '../entitlement.ts';

/**
 * The patient pays, in the money of whoever dispenses, and whoever was given the code redeems it: there is no sponsor,
 * no proof of the person and no claim.
 */
export const prescriptionCodes: CodeKind = {
  find: async ({ db }, prescription_code) => {
    const [found] = await selectPrescriptionByCode(db, { prescription_code });
    return found && { provider_id: found.provider_id, document_id: found.prescription_id };
  },

  documentOf: ({ prescription_id }) => prescription_id,

  lock: async (owner, prescription_id, dispenser) => {
    const [prescription] = await lockPrescription(owner.db, { prescription_id });
    // A reset of the owner may have been faster.
    if (prescription === undefined) throw fault('071-404-code');
    const medications = await selectMedications(owner.db, { prescription_id });
    return {
      code: prescription.prescription_code,
      code_type: 'PRESCRIPTION',
      source: { authorization_id: null, prescription_id },
      owner,
      lines: medications.map(({ line, product_code, quantity, held_quantity, dispensed_quantity }) => ({
        line,
        product_code,
        authorized_quantity: quantity,
        held_quantity,
        redeemed_quantity: dispensed_quantity,
      })),
      insured: null,
      currency_code: currencyOf(dispenser.country_code),
      verification_required: null,
      amountsOf: (priced) => ({
        total_amount: priced.reduce((sum, line) => sum + lineAmount(line), 0),
        copayment_amount: null,
        coinsurance_amount: null,
        covered_amount: 0,
      }),
      requireRedeemable: () => {
        step(prescriptionMachine, prescriptionStatusAt(prescription, owner.now), 'dispense_part');
      },
      hold: async (taken) => {
        for (const { source_line: line, quantity } of taken) {
          if ((await holdMedication(owner.db, { prescription_id, line, quantity })) === 0)
            throw fault('071-409-dispensation-in-progress');
        }
      },
      giveBack: async (taken) => {
        for (const { source_line: line, quantity } of taken)
          await returnMedication(owner.db, { prescription_id, line, quantity });
      },
      redeem: async (taken, nothingLeft) => {
        for (const { source_line: line, quantity } of taken)
          await dispenseMedication(owner.db, { prescription_id, line, quantity });
        const status = nothingLeft ? 'DISPENSED' : 'PARTIALLY_DISPENSED';
        await updateDispensed(owner.db, { prescription_id, status });
      },
      claim: async () => null,
    };
  },
};
