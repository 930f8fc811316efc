import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventsAbout, patientBody, prescribe, prescriptionBody } from './flows.ts';
import { type Json, type Reply, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';

let sandbox: TestSandbox;
let clinic: TestProvider;
let other: TestProvider;

beforeAll(async () => {
  sandbox = await startSandbox();
  clinic = await sandbox.provider();
  other = await sandbox.provider();
});
afterAll(() => sandbox.stop());

const url = '/ehr/v1/prescriptions';
const outcome = (reply: Reply) => [reply.status, reply.body.code];
const pathsOf = (reply: Reply): string[] => reply.body.errors.map((issue: Json) => issue.path).sort();
const issue = (body: unknown, path = url, by = clinic) => by.call('POST', path, body);
const get = async (id: string, by = clinic) => (await by.call('GET', `${url}/${id}`)).body;
const doctorsOf = async (by: TestProvider): Promise<Json[]> =>
  (await by.call('GET', '/ehr/v1/doctors')).body.content;
const patient_consent = {
  accepted: true,
  accepted_at: '2026-01-15T09:03:22-05:00',
  method: 'SIGNED_FORM',
};

const eventsOf = (resource_id: string, by = clinic) => eventsAbout(sandbox, by, resource_id);

describe('patients', () => {
  const create = (over: Record<string, unknown>, by = clinic) =>
    by.call('POST', '/ehr/v1/patients', { ...patientBody('61000001'), ...over });
  const find = async (document_number: string, by = clinic) =>
    (await by.call('GET', `/ehr/v1/patients?document_number=${encodeURIComponent(document_number)}`)).body
      .content;

  test('are created once and found by document', async () => {
    const made = await create({ email: 'julian@correo.example', phone_number: '+573001112233' });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      ...patientBody('61000001'),
      patient_id: expect.stringMatching(/^pat_/),
      email: 'julian@correo.example',
      phone_number: '+573001112233',
      created_at: expect.any(String),
    });
    expect(await find('61000001')).toEqual([made.body]);
    expect(await find('61000001', other)).toEqual([]);
    expect(await find('69999999')).toEqual([]);

    const again = await create({ first_name: 'Otro' });
    expect(outcome(again)).toEqual([409, '071-409-patient-exists']);
    expect(again.body.errors).toEqual([{ path: 'patient_id', message: made.body.patient_id }]);
    expect((await create({}, other)).status).toBe(201);
  });

  test('are matched without regard to case, accents and blanks, of one type of document', async () => {
    const { body } = await create({ document_type: 'PA', document_number: ' ÁB-61 ' });
    expect(body.document_number).toBe('ÁB-61');
    expect(outcome(await create({ document_type: 'PA', document_number: 'ab-61' }))).toEqual([
      409,
      '071-409-patient-exists',
    ]);
    const asAnotherType = await create({ document_type: 'CE', document_number: 'AB-61' });
    expect(asAnotherType.status).toBe(201);
    expect((await find('  aB-61')).map((each: Json) => each.patient_id)).toEqual([
      asAnotherType.body.patient_id,
      body.patient_id,
    ]);
  });

  test('hear everything that is wrong', async () => {
    const bad = await issue(
      { first_name: ' ', document_type: 'XX', document_number: '', date_of_birth: '1990-02-31', email: 'x' },
      '/ehr/v1/patients',
    );
    expect(outcome(bad)).toEqual([422, '071-422-validation']);
    expect(pathsOf(bad)).toEqual([
      'date_of_birth',
      'document_number',
      'document_type',
      'email',
      'first_name',
      'last_name',
    ]);
    const unborn = await create({ document_number: '61000002', date_of_birth: '2999-01-01' });
    expect(pathsOf(unborn)).toEqual(['date_of_birth']);
  });

  test('that race for a document are one', async () => {
    const replies = await Promise.all(
      Array.from({ length: 10 }, () => create({ document_number: '61000003' })),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)]);
    expect(await find('61000003')).toHaveLength(1);
  });

  test('need the scopes of ehr', async () => {
    const reader = await sandbox.provider({ scopes: ['ehr:read'] });
    expect((await reader.call('GET', '/ehr/v1/patients')).status).toBe(200);
    expect(outcome(await create({}, reader))).toEqual([403, '071-403-scope']);
    const stranger = await sandbox.provider({ scopes: ['arc:read', 'dispensing:write'] });
    for (const path of ['/ehr/v1/patients', '/ehr/v1/doctors', url])
      expect(outcome(await stranger.call('GET', path))).toEqual([403, '071-403-scope']);
  });
});

test('three doctors, one of them without a board registration, under ids of the provider', async () => {
  const doctors = await doctorsOf(clinic);
  expect(doctors.map((doctor) => doctor.medical_board_registration)).toEqual(['MP-10457', 'MP-20881', null]);
  for (const doctor of doctors) expect(doctor.doctor_id).toMatch(/^doc_/);
  const ids = new Set([...doctors, ...(await doctorsOf(other))].map((doctor) => doctor.doctor_id));
  expect(ids.size).toBe(6);
  expect(clinic.sheet.doctors).toEqual(doctors);
});

describe('issuing', () => {
  test('v1 answers the prescription and tells of it', async () => {
    const { body: patient } = await clinic.call('POST', '/ehr/v1/patients', patientBody('62000001'));
    const reply = await issue({
      patient_id: patient.patient_id,
      diagnoses: [{ diagnosis_code: 'e11.9' }, { diagnosis_code: 'E11.9' }, { diagnosis_code: 'I10' }],
      medications: [
        { product_code: 'MED-SBX-001', quantity: 60, posology: '1 cada 12 horas', duration_days: 30 },
        { product_code: 'MED-SBX-002', quantity: 1, posology: 'Si hay dolor' },
      ],
      notes: 'Control en un mes.\nEvitar alcohol.',
      // What v1 does not know is ignored.
      patient_consent: { accepted: false },
      content_hash: 'x',
    });
    expect(reply.status).toBe(201);
    const { prescription_id, prescription_code, issued_at, expires_at } = reply.body;
    expect(reply.headers.location).toBe(`${url}/${prescription_id}`);
    expect(prescription_code).toMatch(/^RX-\d{4}-\d{6}$/);
    const [doctor] = await doctorsOf(clinic);
    expect(reply.body).toEqual({
      prescription_id: expect.stringMatching(/^rx_[0-9A-Z]{26}$/),
      prescription_code,
      version: 'v1',
      status: 'PRESCRIPTION_ISSUED',
      patient: { patient_id: patient.patient_id, first_name: 'Julián', last_name: 'Restrepo Ángel' },
      doctor,
      diagnoses: [
        { diagnosis_code: 'E11.9', description: 'Diabetes mellitus tipo 2 sin complicaciones' },
        { diagnosis_code: 'I10', description: 'Hipertensión esencial (primaria)' },
      ],
      medications: [
        {
          product_code: 'MED-SBX-001',
          product_name: 'Acetaminofén 500 mg tableta, caja x 100',
          quantity: 60,
          dispensed_quantity: 0,
          posology: '1 cada 12 horas',
          duration_days: 30,
        },
        expect.objectContaining({ product_code: 'MED-SBX-002', duration_days: null }),
      ],
      notes: 'Control en un mes.\nEvitar alcohol.',
      issued_at,
      expires_at,
      delivery: { channel: 'NONE', delivered: false },
      voided_at: null,
      void_reason: null,
    });
    expect(Date.parse(expires_at) - Date.parse(issued_at)).toBe(30 * 86_400_000);
    expect(await get(prescription_id)).toEqual(reply.body);

    const [event, ...more] = await eventsOf(prescription_id);
    expect(more).toEqual([]);
    expect(event).toMatchObject({ event_type: 'prescription.issued', created_at: issued_at });
    expect(event.data).toEqual({
      prescription_id,
      prescription_code,
      version: 'v1',
      patient: reply.body.patient,
      doctor: { doctor_id: doctor.doctor_id, medical_board_registration: 'MP-10457' },
      diagnoses: [{ diagnosis_code: 'E11.9' }, { diagnosis_code: 'I10' }],
      medications: [
        { product_code: 'MED-SBX-001', quantity: 60, posology: '1 cada 12 horas', duration_days: 30 },
        { product_code: 'MED-SBX-002', quantity: 1, posology: 'Si hay dolor', duration_days: null },
      ],
      issued_at,
    });
  });

  test('creates an inline patient, and knows a known one again', async () => {
    const first = await prescribe(clinic, { patient: patientBody('62000002') });
    const second = await prescribe(clinic, {
      patient: { ...patientBody(' 62000002'), first_name: 'Otro nombre' },
    });
    expect(second.patient).toEqual(first.patient);
  });

  test('is signed by the doctor who is named, if registered', async () => {
    const [, second, unregistered] = await doctorsOf(clinic);
    expect((await prescribe(clinic, { doctor_id: second.doctor_id })).doctor).toEqual(second);
    const [foreign] = await doctorsOf(other);
    for (const doctor_id of [unregistered.doctor_id, foreign.doctor_id, 'doc_x']) {
      const reply = await issue(prescriptionBody({ doctor_id }));
      expect([...outcome(reply), ...pathsOf(reply)]).toEqual([422, '071-422-validation', 'doctor_id']);
    }
  });

  test('lists everything that is wrong at once', async () => {
    const reply = await issue({
      patient_id: 'pat_x',
      doctor_id: 'doc_x',
      diagnoses: [{ diagnosis_code: 'I10' }, { diagnosis_code: 'Z99.99' }],
      medications: [
        { product_code: 'MED-SBX-001', quantity: 1, posology: '1' },
        { product_code: 'MED-SBX-902', quantity: 1, posology: '1' },
        { product_code: 'LAB-HEMO', quantity: 1, posology: '1' },
        { product_code: 'NOPE', quantity: 1, posology: '1' },
      ],
    });
    expect(outcome(reply)).toEqual([422, '071-422-validation']);
    expect(pathsOf(reply)).toEqual([
      'diagnoses[1].diagnosis_code',
      'doctor_id',
      'medications[1].product_code',
      'medications[2].product_code',
      'medications[3].product_code',
      'patient_id',
    ]);
  });

  test('names each unregistered medication with 071-104', async () => {
    const line = (product_code: string) => ({ product_code, quantity: 1, posology: '1' });
    const reply = await issue(
      prescriptionBody({ medications: ['MED-SBX-902', 'MED-SBX-001', 'NOPE'].map(line) }),
    );
    expect(outcome(reply)).toEqual([422, '071-104']);
    expect(pathsOf(reply)).toEqual(['medications[0].product_code', 'medications[2].product_code']);
  });

  test.each([
    ['no patient', { patient: undefined }, ['patient_id']],
    ['two patients', { patient_id: 'pat_x' }, ['patient']],
    [
      'an unborn one',
      { patient: { ...patientBody('62000004'), date_of_birth: '2999-01-01' } },
      ['patient.date_of_birth'],
    ],
    [
      'a bad one',
      { patient: { document_type: 'CC' } },
      ['patient.date_of_birth', 'patient.document_number', 'patient.first_name', 'patient.last_name'],
    ],
    ['nothing prescribed', { medications: [] }, ['medications']],
    ['no diagnosis', { diagnoses: [] }, ['diagnoses']],
    [
      'half a line',
      { medications: [{ product_code: 'MED-SBX-001', quantity: 0, posology: ' ', duration_days: 0 }] },
      ['medications[0].duration_days', 'medications[0].posology', 'medications[0].quantity'],
    ],
    ['an unknown channel', { delivery: { channel: 'FAX' } }, ['delivery.channel']],
    [
      'a mail to nowhere',
      { patient: patientBody('62000005'), delivery: { channel: 'EMAIL' } },
      ['delivery.email'],
    ],
  ])('refuses %s', async (_, over, paths) => {
    const reply = await issue(prescriptionBody(over));
    expect([...outcome(reply), pathsOf(reply)]).toEqual([422, '071-422-validation', paths]);
  });

  test('that is refused leaves no patient behind', async () => {
    await issue(prescriptionBody({ patient: patientBody('62000006'), doctor_id: 'doc_x' }));
    const { body } = await clinic.call('GET', '/ehr/v1/patients?document_number=62000006');
    expect(body.content).toEqual([]);
  });

  test('happens once with an Idempotency-Key', async () => {
    const send = () => clinic.call('POST', url, prescriptionBody(), { 'idempotency-key': 'issue-once' });
    const [first, second] = [await send(), await send()];
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect(second.body).toEqual(first.body);
  });
});

describe('v1.1', () => {
  const path = '/ehr/v1.1/prescriptions';

  test('wants the consent of the patient', async () => {
    const reply = await issue(prescriptionBody({ patient_consent }), path);
    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({
      version: 'v1.1',
      patient_consent: { ...patient_consent, accepted_at: '2026-01-15T14:03:22.000Z' },
    });
    expect(await get(reply.body.prescription_id)).toEqual(reply.body);
  });

  test.each([
    [undefined, ['patient_consent']],
    [{ ...patient_consent, accepted: false }, ['patient_consent.accepted']],
    [{ accepted: true }, ['patient_consent.accepted_at', 'patient_consent.method']],
    [{ ...patient_consent, accepted_at: 'yesterday' }, ['patient_consent.accepted_at']],
  ])('refuses %j', async (consent, paths) => {
    const reply = await issue(prescriptionBody({ patient_consent: consent }), path);
    expect([...outcome(reply), pathsOf(reply)]).toEqual([422, '071-422-validation', paths]);
  });
});

describe('v2', () => {
  const path = '/ehr/v2/prescriptions';
  // Written by hand in the RFC 8785 form: members sorted, no blanks.
  const canonical =
    '[{"duration_days":null,"posology":"1 cada 12 horas, ½ €","product_code":"MED-SBX-001","quantity":10,"x":1}]';
  const content_hash = createHash('sha256').update(canonical).digest('hex');
  const medications = [
    {
      quantity: 1e1,
      product_code: 'MED-SBX-001',
      x: 1.0,
      posology: '1 cada 12 horas, ½ €',
      duration_days: null,
    },
  ];
  const body = (over: Record<string, unknown> = {}) =>
    prescriptionBody({ medications, patient_consent, content_hash, signature: 'c2lnbmVk', ...over });

  test('verifies the hash over the medications as sent and stores the signature', async () => {
    const reply = await issue(body({ content_hash: content_hash.toUpperCase() }), path);
    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({ version: 'v2', content_hash, signature: 'c2lnbmVk' });
    expect(await get(reply.body.prescription_id)).toEqual(reply.body);
  });

  test.each([
    [{ content_hash: 'a'.repeat(64) }, ['content_hash']],
    [{ medications: [{ ...medications[0], quantity: 11 }] }, ['content_hash']],
    [{ content_hash: 'abc' }, ['content_hash']],
    [{ signature: 'no base64!' }, ['signature']],
    [
      { content_hash: undefined, signature: undefined, patient_consent: undefined },
      ['content_hash', 'patient_consent', 'signature'],
    ],
  ])('refuses %j', async (over, paths) => {
    const reply = await issue(body(over), path);
    expect([...outcome(reply), pathsOf(reply)]).toEqual([422, '071-422-validation', paths]);
  });

  test('survives what cannot be canonical', async () => {
    const nested = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const text = JSON.stringify(body({ medications: 'HERE' })).replace('"HERE"', nested);
    const headers = { 'content-type': 'application/json' };
    expect((await clinic.call('POST', path, text, headers)).status).toBe(422);
    const lone = { ...medications[0], posology: '\ud800' };
    expect((await issue(body({ medications: [lone] }), path)).status).toBe(422);
  });
});

describe('reading', () => {
  test('lists by status, patient and code, newest first', async () => {
    const provider = await sandbox.provider();
    const list = async (query: string): Promise<string[]> =>
      (await provider.call('GET', `${url}?${query}`)).body.content.map((each: Json) => each.prescription_id);
    const first = await prescribe(provider);
    const second = await prescribe(provider, { patient: patientBody('63000001') });
    await provider.call('POST', `${url}/${first.prescription_id}/void`);
    expect(await list('')).toEqual([second.prescription_id, first.prescription_id]);
    expect(await list('status=VOIDED')).toEqual([first.prescription_id]);
    expect(await list(`patient_id=${second.patient.patient_id}`)).toEqual([second.prescription_id]);
    expect(await list(`code=${first.prescription_code}`)).toEqual([first.prescription_id]);
    expect(await list('page=1&size=1')).toEqual([first.prescription_id]);
    expect((await provider.call('GET', `${url}?status=PAID`)).status).toBe(422);
  });

  test('is for the issuer alone', async () => {
    const { prescription_id, prescription_code } = await prescribe(clinic);
    for (const [method, path] of [
      ['GET', ''],
      ['POST', '/void'],
      ['POST', '/email'],
    ] as const) {
      const reply = await other.call(method, `${url}/${prescription_id}${path}`);
      expect(outcome(reply)).toEqual([404, '071-404-prescription']);
    }
    expect((await other.call('GET', `${url}?code=${prescription_code}`)).body.content).toEqual([]);
  });
});

describe('the end of a prescription', () => {
  const voidIt = (id: string, body?: unknown, by = clinic) => by.call('POST', `${url}/${id}/void`, body);

  test('by voiding it, once', async () => {
    const { prescription_id } = await prescribe(clinic);
    const voided = await voidIt(prescription_id, { reason: 'Dosis equivocada' });
    expect(voided.status).toBe(200);
    expect(voided.body).toMatchObject({
      status: 'VOIDED',
      void_reason: 'Dosis equivocada',
      voided_at: expect.any(String),
    });
    expect(await get(prescription_id)).toEqual(voided.body);
    expect(outcome(await voidIt(prescription_id))).toEqual([409, '071-409-prescription-not-voidable']);
    expect(
      outcome(await clinic.call('POST', `${url}/${prescription_id}/email`, { email: 'a@b.example' })),
    ).toEqual([409, '071-409-code-voided']);
  });

  test('by expiry after 30 days on the clock of the provider', async () => {
    const provider = await sandbox.provider();
    const { prescription_id } = await prescribe(provider);
    await provider.advance(30 * 86_400 - 60);
    expect((await get(prescription_id, provider)).status).toBe('PRESCRIPTION_ISSUED');
    await provider.advance(120);
    expect((await get(prescription_id, provider)).status).toBe('EXPIRED');
    expect(outcome(await voidIt(prescription_id, undefined, provider))).toEqual([
      409,
      '071-409-prescription-not-voidable',
    ]);
  });

  test('with one winner when many void it', async () => {
    const { prescription_id } = await prescribe(clinic);
    const replies = await Promise.all(Array.from({ length: 10 }, () => voidIt(prescription_id)));
    expect(replies.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(409)]);
  });

  test('a reset leaves nothing of it, and doctors under new ids', async () => {
    const provider = await sandbox.provider();
    const { prescription_id } = await prescribe(provider, {
      delivery: { channel: 'EMAIL', email: 'a@b.example' },
    });
    const [before] = await doctorsOf(provider);
    await sandbox.operator('POST', `/_sandbox/v1/providers/${provider.slug}/reset`);
    expect((await get(prescription_id, provider)).code).toBe('071-404-prescription');
    const after = await doctorsOf(provider);
    expect(after).toHaveLength(3);
    expect(after[0].doctor_id).not.toBe(before.doctor_id);
  });
});
