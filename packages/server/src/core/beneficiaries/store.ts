import type { Selectable } from 'kysely';
import type { BeneficiaryTable } from '../../store/database.ts';
import { lookup, statement } from '../../store/statement.ts';

export type BeneficiaryRow = Selectable<BeneficiaryTable>;

export const selectBeneficiary = lookup<{ provider_id: string; beneficiary_id: string }, BeneficiaryRow>(
  ['beneficiaries'],
  (db, { provider_id, beneficiary_id }) =>
    db
      .selectFrom('beneficiaries')
      .selectAll()
      .where('beneficiary_id', '=', beneficiary_id)
      .where('provider_id', '=', provider_id),
);

export const selectByPerson = lookup<{ provider_id: string; person_key: string }, BeneficiaryRow>(
  ['beneficiaries'],
  (db, { provider_id, person_key }) =>
    db
      .selectFrom('beneficiaries')
      .selectAll()
      .where('provider_id', '=', provider_id)
      .where('person_key', '=', person_key),
);

export const selectByMember = lookup<{ provider_id: string; member_key: string }, BeneficiaryRow>(
  ['beneficiaries'],
  (db, { provider_id, member_key }) =>
    db
      .selectFrom('beneficiaries')
      .selectAll()
      .where('provider_id', '=', provider_id)
      .where('member_key', '=', member_key),
);

export const selectDependents = lookup<{ holder_id: string }, BeneficiaryRow>(
  ['beneficiaries'],
  (db, { holder_id }) =>
    db.selectFrom('beneficiaries').selectAll().where('holder_id', '=', holder_id).orderBy('beneficiary_id'),
);

export const selectPeople = lookup<{ provider_id: string }, BeneficiaryRow>(
  ['beneficiaries'],
  (db, { provider_id }) => db.selectFrom('beneficiaries').selectAll().where('provider_id', '=', provider_id),
);

export const selectAllBeneficiaries = statement<{ provider_id: string }, BeneficiaryRow>(
  (db, { provider_id }) =>
    db
      .selectFrom('beneficiaries')
      .selectAll()
      .where('provider_id', '=', provider_id)
      .orderBy('beneficiary_id'),
);
