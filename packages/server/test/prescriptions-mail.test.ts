import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPdf } from './documents.ts';
import { patientBody, prescribe } from './flows.ts';
import { type Json, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';
import { type MailServer, startMailServer } from './mail-server.ts';

const url = '/ehr/v1/prescriptions';
const byMail = (email?: string) => ({ delivery: { channel: 'EMAIL', ...(email && { email }) } });
const read = async (by: TestProvider, { prescription_id }: Json): Promise<Json> =>
  (await by.call('GET', `${url}/${prescription_id}`)).body;
const resend = (by: TestProvider, { prescription_id }: Json, body?: unknown) =>
  by.call('POST', `${url}/${prescription_id}/email`, body);

/** Of one prescription, in the order in which they were told. */
async function mailEvents(sandbox: TestSandbox, { prescription_id }: Json): Promise<Json[]> {
  const rows = await sandbox.sandbox.units.store.db
    .selectFrom('events')
    .select('body')
    .where('resource_id', '=', prescription_id)
    .orderBy('event_id')
    .execute();
  return rows.map((row) => JSON.parse(row.body)).map(({ event_type, data }) => ({ event_type, ...data }));
}

describe('without a mail server', () => {
  let sandbox: TestSandbox;
  let clinic: TestProvider;

  beforeAll(async () => {
    sandbox = await startSandbox();
    clinic = await sandbox.provider();
  });
  afterAll(() => sandbox.stop());

  const outbox = async (): Promise<Json[]> =>
    (await clinic.call('GET', `/_sandbox/v1/providers/${clinic.slug}/outbox?size=5`)).body.content;

  test('the outbox is the mailbox: delivered at once, after prescription.issued', async () => {
    const prescription = await prescribe(clinic, byMail('ana@correo.example'));
    const { prescription_id, prescription_code } = prescription;
    expect(prescription.delivery).toEqual({ channel: 'EMAIL', email: 'ana@correo.example', delivered: true });
    expect(await mailEvents(sandbox, prescription)).toEqual([
      expect.objectContaining({ event_type: 'prescription.issued' }),
      {
        event_type: 'prescription.email_delivered',
        prescription_id,
        prescription_code,
        email: 'ana@correo.example',
        delivered_at: expect.any(String),
      },
    ]);
    const [mail] = await outbox();
    expect(mail).toMatchObject({ channel: 'EMAIL', to: 'ana@correo.example' });
    expect(mail.subject).toContain(prescription_code);
    const [link] = mail.body.match(/http\S+\.pdf/);
    const { rawPayload } = await sandbox.sandbox.app.inject({ url: new URL(link).pathname });
    expect((await readPdf(rawPayload)).qr).toBe(prescription_code);
  });

  test('it goes to the address of the patient when none is named', async () => {
    const patient = { ...patientBody('71000001'), email: 'julian@correo.example' };
    expect((await prescribe(clinic, { patient, ...byMail() })).delivery.email).toBe('julian@correo.example');
    // On file now.
    const again = await prescribe(clinic, { patient: patientBody('71000001'), ...byMail() });
    expect(again.delivery.email).toBe('julian@correo.example');
  });

  test('a magic address bounces', async () => {
    const prescription = await prescribe(clinic, byMail('ana@bounce.example'));
    expect(prescription.delivery).toMatchObject({ delivered: false });
    expect((await mailEvents(sandbox, prescription))[1]).toEqual({
      event_type: 'prescription.email_failed',
      prescription_id: prescription.prescription_id,
      prescription_code: prescription.prescription_code,
      email: 'ana@bounce.example',
      failed_at: expect.any(String),
      reason: '550 5.1.1 Every mailbox at bounce.example bounces',
    });
  });

  test('it can be sent again, elsewhere, and by mail though it was not issued so', async () => {
    const bounced = await prescribe(clinic, byMail('ana@bounce.example'));
    const sent = await resend(clinic, bounced, { email: 'ana@correo.example' });
    expect(sent.status).toBe(200);
    expect(sent.body.delivery).toEqual({ channel: 'EMAIL', email: 'ana@correo.example', delivered: true });
    expect(await read(clinic, bounced)).toEqual(sent.body);
    expect((await resend(clinic, bounced)).body.delivery.email).toBe('ana@correo.example');
    expect((await mailEvents(sandbox, bounced)).map(({ event_type }) => event_type)).toEqual([
      'prescription.issued',
      'prescription.email_failed',
      'prescription.email_delivered',
      'prescription.email_delivered',
    ]);

    const silent = await prescribe(clinic, { patient: patientBody('71000002') });
    const nowhere = await resend(clinic, silent);
    expect([nowhere.status, nowhere.body.errors[0].path]).toEqual([422, 'email']);
    expect((await resend(clinic, silent, { email: 'ana@correo.example' })).body.delivery).toEqual({
      channel: 'NONE',
      email: 'ana@correo.example',
      delivered: true,
    });
  });
});

describe('with a mail server', () => {
  let sandbox: TestSandbox;
  let clinic: TestProvider;
  let server: MailServer;

  beforeAll(async () => {
    server = await startMailServer();
    sandbox = await startSandbox({ worker: true, smtpUrl: server.url });
    clinic = await sandbox.provider();
  });
  afterAll(async () => {
    await sandbox.stop();
    await server.stop();
  });

  async function settled(prescription: Json): Promise<Json> {
    for (let waited = 0; waited < 10_000; waited += 20) {
      const [, outcome] = await mailEvents(sandbox, prescription);
      if (outcome !== undefined) return outcome;
      await sleep(20);
    }
    throw new Error('The mail did not settle');
  }

  test('the mail arrives with the document, and then it is delivered', async () => {
    const prescription = await prescribe(clinic, byMail('ana@correo.example'));
    expect(prescription.delivery).toMatchObject({ email: 'ana@correo.example', delivered: false });
    expect(await settled(prescription)).toMatchObject({
      event_type: 'prescription.email_delivered',
      email: 'ana@correo.example',
    });
    expect((await read(clinic, prescription)).delivery.delivered).toBe(true);

    const mail = server.received.find(({ to }) => to === 'ana@correo.example');
    const source = mail?.source ?? '';
    expect(source).toContain(`filename=${prescription.prescription_code}.pdf`);
    const [, attached = ''] = /application\/pdf[\s\S]*?\r\n\r\n([\s\S]*?)\r\n--/.exec(source) ?? [];
    const { text, qr } = await readPdf(Buffer.from(attached, 'base64'));
    expect(text).toContain('Receta médica electrónica');
    expect(qr).toBe(prescription.prescription_code);
  });

  test('a refused recipient is a failure with the words of the server', async () => {
    const prescription = await prescribe(clinic, byMail('nobody@correo.example'));
    expect(await settled(prescription)).toMatchObject({
      event_type: 'prescription.email_failed',
      email: 'nobody@correo.example',
      reason: '550 5.1.1 No such mailbox',
    });
    expect((await read(clinic, prescription)).delivery.delivered).toBe(false);
  });

  test('a mailbox that is full is asked again, and given up after a while', async () => {
    const provider = await sandbox.provider();
    const prescription = await prescribe(provider, byMail('full@correo.example'));
    await provider.advance(3_600);
    expect(await mailEvents(sandbox, prescription)).toHaveLength(1);
    // The worker may have made an attempt beside the clock, whose successor is then due an hour later.
    await provider.advance(4 * 3_600);
    expect(await settled(prescription)).toMatchObject({
      event_type: 'prescription.email_failed',
      reason: '452 4.2.2 Mailbox full',
    });
  });
});

test('a mail server that is down for a while loses nothing', async () => {
  const gone = await startMailServer();
  await gone.stop();
  const sandbox = await startSandbox({ smtpUrl: gone.url });
  const clinic = await sandbox.provider();
  const kept = await prescribe(clinic, byMail('ana@correo.example'));
  const voided = await prescribe(clinic, byMail('ben@correo.example'));
  await clinic.advance(1);
  expect(await mailEvents(sandbox, kept)).toHaveLength(1);
  await clinic.call('POST', `${url}/${voided.prescription_id}/void`);

  const back = await startMailServer(gone.port);
  await clinic.advance(120);
  expect((await mailEvents(sandbox, kept))[1]).toMatchObject({ event_type: 'prescription.email_delivered' });
  expect((await mailEvents(sandbox, voided))[1]).toMatchObject({
    event_type: 'prescription.email_failed',
    reason: 'The prescription was voided before the mail left.',
  });
  expect(back.received.map(({ to }) => to)).toContain('ana@correo.example');
  expect(back.received.map(({ to }) => to)).not.toContain('ben@correo.example');

  await back.stop();
  const late = await prescribe(clinic, byMail('ana@correo.example'));
  await clinic.advance(2 * 3_600);
  expect((await mailEvents(sandbox, late))[1]).toMatchObject({
    event_type: 'prescription.email_failed',
    reason: 'The mail server does not answer.',
  });
  await sandbox.stop();
});
