import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { type Issue, rejectIssues } from '../../platform/errors.ts';
import { findDiagnosis, findProduct } from '../catalogues/catalogue.ts';
import { unregisteredProducts } from '../catalogues/product-checks.ts';
import { chooseDoctor } from '../doctors/rules.ts';
import { type DoctorRow, selectDoctors } from '../doctors/store.ts';
import { findPatient, findPatientByDocument, type NewPatient, patientIssues } from '../patients/patients.ts';
import type { PatientRow } from '../patients/store.ts';
import type { IssueInput } from './input.ts';

export interface Checked {
  readonly doctor: DoctorRow;
  /** Known, or to be created. */
  readonly patient: PatientRow | NewPatient;
  /** Where the mail goes; undefined unless it is to go by mail. */
  readonly email: string | undefined;
}

/** Everything wrong with a new prescription in one answer. */
export async function checkPrescription(uow: UnitOfWork, input: IssueInput): Promise<Checked> {
  const doctor = chooseDoctor(
    await selectDoctors(uow.db, { provider_id: uow.provider.provider_id }),
    input.doctor_id,
  );
  const patient = await patientOf(uow, input);
  const email = emailOf(input, patient);
  const issues = [
    ...(isIssue(patient) ? [patient] : []),
    ...(input.patient === undefined ? [] : patientIssues(input.patient, uow.now, 'patient.')),
    ...(isIssue(doctor) ? [doctor] : []),
    ...diagnosisIssues(input),
    ...productTypeIssues(input),
    ...hashIssues(input),
    ...(email !== undefined && isIssue(email) ? [email] : []),
  ];
  const unregistered = await unregisteredMedications(uow, input);
  // Only unregistered products: the code that Osigu documents for it; else one list of everything.
  if (issues.length === 0) rejectIssues(unregistered, '071-104');
  rejectIssues([...issues, ...unregistered]);
  if (isIssue(doctor) || isIssue(patient) || isIssue(email)) throw new Error('Unreachable: rejected above');
  return { doctor, patient, email };
}

function isIssue(found: object | string | undefined): found is Issue {
  return typeof found === 'object' && 'path' in found;
}

async function patientOf(
  uow: UnitOfWork,
  { patient_id, patient }: IssueInput,
): Promise<PatientRow | NewPatient | Issue> {
  if (patient_id !== undefined && patient !== undefined)
    return { path: 'patient', message: 'must not come with patient_id' };
  if (patient_id !== undefined)
    return (await findPatient(uow, patient_id)) ?? { path: 'patient_id', message: 'is unknown' };
  if (patient === undefined) return { path: 'patient_id', message: 'is required, or patient' };
  return (await findPatientByDocument(uow, patient)) ?? patient;
}

/** The address named, else the patient's as the call or the provider knows it. */
function emailOf(
  { delivery, patient: inline }: IssueInput,
  patient: PatientRow | NewPatient | Issue,
): string | undefined | Issue {
  if (delivery?.channel !== 'EMAIL') return undefined;
  const onFile = isIssue(patient) ? undefined : patient.email;
  const email = delivery.email ?? inline?.email ?? onFile;
  // Of an unknown patient nobody can say what is on file.
  if (email === undefined && isIssue(patient)) return undefined;
  return email ?? { path: 'delivery.email', message: 'is required: the patient has no address on file' };
}

function diagnosisIssues({ diagnoses }: IssueInput): Issue[] {
  return diagnoses.flatMap(({ diagnosis_code }, index) =>
    findDiagnosis(diagnosis_code) === undefined
      ? [
          {
            path: `diagnoses[${index}].diagnosis_code`,
            message: 'is not an ICD-10 code of the catalogue',
          },
        ]
      : [],
  );
}

const isMedication = (product_code: string) => {
  const product = findProduct(product_code);
  return product === undefined || product.product_type === 'MEDICATION';
};

function productTypeIssues({ medications }: Pick<IssueInput, 'medications'>): Issue[] {
  return medications.flatMap(({ product_code }, index) =>
    isMedication(product_code)
      ? []
      : [{ path: `medications[${index}].product_code`, message: `${product_code} is not a medication` }],
  );
}

function hashIssues({ content_hash, sentHash }: IssueInput): Issue[] {
  if (content_hash === undefined || content_hash.toLowerCase() === sentHash) return [];
  const message = 'is not the SHA-256 of the RFC 8785 form of medications';
  return [{ path: 'content_hash', message }];
}

/** Of what is no medication at all, that is said alone. */
async function unregisteredMedications(uow: UnitOfWork, { medications }: IssueInput): Promise<Issue[]> {
  const others = new Set(productTypeIssues({ medications }).map(({ path }) => path));
  const unregistered = await unregisteredProducts(uow, medications, 'medications');
  return unregistered.filter(({ path }) => !others.has(path));
}
