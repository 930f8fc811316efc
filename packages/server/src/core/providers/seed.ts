import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { doctors } from '../../fixtures/doctors.ts';
import { magicCodes } from '../../fixtures/magic.ts';
import { memberId, type PersonSeed, people } from '../../fixtures/people.ts';
import { fixtureSponsors } from '../../fixtures/sponsors.ts';
import { newId } from '../../platform/ids.ts';
import { day, isoDate } from '../../platform/time.ts';
import { memberKey, personKey } from '../beneficiaries/rules.ts';
import { products } from '../catalogues/catalogue.ts';

/** What every new provider starts with (D): sponsors, people, doctors, products. The same search inputs, ids of its own. */
export async function seedFixtures(uow: UnitOfWork): Promise<void> {
  const { provider_id } = uow.provider;
  await uow.db
    .insertInto('affiliations')
    .values(fixtureSponsors.map(({ sponsor_slug }) => ({ provider_id, sponsor_slug })))
    // A reset leaves affiliations as they are, for the imported ones among them.
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await uow.db.insertInto('beneficiaries').values(personRows(uow)).execute();
  await uow.db
    .insertInto('doctors')
    .values(doctors.map(({ note, ...doctor }) => ({ doctor_id: newId('doctor'), provider_id, ...doctor })))
    .execute();
  await uow.db
    .insertInto('provider_products')
    .values(
      products
        .filter((product) => product.product_code !== magicCodes.notRegistered)
        .map(({ product_code }) => ({ provider_id, product_code, registered_at: uow.now })),
    )
    .execute();
}

function personRows(uow: UnitOfWork) {
  const idOf = new Map(people.map((person) => [person.document_number, newId('beneficiary')]));
  const ids = (document_number: string) => idOf.get(document_number) ?? newId('beneficiary');
  return people.map((person) => ({
    beneficiary_id: ids(person.document_number),
    number: uow.numbers.next('beneficiary'),
    provider_id: uow.provider.provider_id,
    document_type: person.document_type,
    document_number: person.document_number,
    person_key: personKey(person.document_type, person.document_number),
    member_id: memberId(person),
    member_key: memberKey(memberId(person)),
    first_name: person.first_name,
    last_name: person.last_name,
    date_of_birth: person.date_of_birth,
    sex: person.sex,
    plan_code: person.plan_code,
    suspended: person.coverage === 'SUSPENDED' ? (1 as const) : (0 as const),
    effective_until: effectiveUntil(person, uow.now),
    benefits_exhausted: person.benefits_exhausted ? (1 as const) : (0 as const),
    email: person.email,
    phone_number: person.phone_number,
    holder_id: person.holder === null ? null : ids(person.holder),
    relationship: person.relationship,
  }));
}

/** Relative to the day of seeding, so that an old fixture never runs out on its own. */
function effectiveUntil(person: PersonSeed, now: number): string {
  return isoDate(person.coverage === 'EXPIRED' ? now - 30 * day : now + 730 * day);
}
