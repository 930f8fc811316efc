import { SettlementData } from '@osigu-sandbox/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCheck } from '../src/api/validation.ts';
import { approve, directClaim, dispense, pdf, png, type RequestOptions } from './flows.ts';
import { type Json, type Reply, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';
import { shadow } from './shadows.ts';

let sandbox: TestSandbox;
let clinic: TestProvider;

beforeAll(async () => {
  sandbox = await startSandbox();
  clinic = await sandbox.provider();
});
afterAll(() => sandbox.stop());

const url = '/v3/settlements';
const sponsor_slug = 'sponsor-sandbox-do';
const outcome = (reply: Reply) => [reply.status, reply.body?.code];
const pathsOf = (reply: Reply) => reply.body.errors.map((issue: Json) => issue.path);

const open = async (by = clinic, over: Record<string, unknown> = {}): Promise<string> =>
  (await by.call('POST', url, { sponsor_slug, period: '2026-01', ...over })).body.settlement_id;
const get = async (id: string, by = clinic): Promise<Json> => (await by.call('GET', `${url}/${id}`)).body;
const pending = async (id: string, by = clinic): Promise<Json[]> =>
  (await by.call('GET', `${url}/${id}/pending-authorizations?size=100`)).body.content;
const attach = (id: string, body: Record<string, unknown>, by = clinic) =>
  by.call('POST', `${url}/${id}/authorizations`, body);
const dispatch = (id: string, by = clinic, body?: unknown) => by.call('POST', `${url}/${id}/dispatch`, body);
const resolve = (id: string, body: Record<string, unknown>, by = clinic) =>
  by.call('POST', `/_sandbox/v1/settlements/${id}/resolve`, body);
const refused: RequestOptions = { products: [['MED-SBX-906', 10]] };

/** A dispatched batch of these claims. */
async function dispatched(claims: readonly Json[], by = clinic): Promise<string> {
  const id = await open(by);
  await attach(id, { claim_ids: claims.map((claim) => claim.claim_id) }, by);
  expect((await dispatch(id, by)).status).toBe(200);
  return id;
}

async function authorization(authorization_id: string, by = clinic): Promise<Json> {
  return (await by.call('GET', `/arc/v1/authorizations/${authorization_id}`)).body;
}

async function eventsOf(resource_id: string): Promise<Json[]> {
  const rows = await sandbox.sandbox.units.store.db
    .selectFrom('events')
    .select(['body', 'provider_id'])
    .where('resource_id', '=', resource_id)
    .orderBy('event_id')
    .execute();
  return rows.map((row) => ({ ...JSON.parse(row.body), owner: row.provider_id }));
}

async function claimStatus(claim_id: string): Promise<string | undefined> {
  const row = await sandbox.sandbox.units.store.db
    .selectFrom('claims')
    .select('status')
    .where('claim_id', '=', claim_id)
    .executeTakeFirst();
  return row?.status;
}

describe('opening', () => {
  test('only for a sponsor that settles in batches', async () => {
    const reply = await clinic.call('POST', url, { sponsor_slug, period: '2026-01' });
    expect(reply.status).toBe(201);
    expect(reply.headers.location).toBe(`${url}/${reply.body.settlement_id}`);
    expect(reply.body).toEqual({
      settlement_id: expect.stringMatching(/^stl_[0-9A-HJKMNP-TV-Z]{26}$/),
      status: 'OPEN',
      sponsor_slug,
      period: '2026-01',
      currency_code: 'DOP',
      claim_count: 0,
      total_amount: 0,
      accepted_amount: null,
      rejected_amount: null,
      created_at: expect.any(String),
      submitted_at: null,
      resolved_at: null,
      paid_at: null,
      lines: [],
      documents: [],
    });
    expect(await get(reply.body.settlement_id)).toEqual(reply.body);

    const other = await clinic.call('POST', url, { sponsor_slug: 'sponsor-sandbox', period: '2026-01' });
    expect(outcome(other)).toEqual([422, '071-422-settlement-not-batch']);
    expect(pathsOf(other)).toEqual(['sponsor_slug']);
  });

  test('everything wrong is listed', async () => {
    expect(pathsOf(await clinic.call('POST', url, { period: '2026-13' }))).toEqual([
      'sponsor_slug',
      'period',
    ]);
    const unknown = await clinic.call('POST', url, { sponsor_slug: 'nobody', period: '2026-01' });
    expect(outcome(unknown)).toEqual([422, '071-422-validation']);
    expect(pathsOf(unknown)).toEqual(['sponsor_slug']);
  });

  test('a sponsor that the provider is not affiliated with is 403', async () => {
    const lonely = await sandbox.provider();
    await sandbox.sandbox.units.store.db
      .deleteFrom('affiliations')
      .where('provider_id', '=', lonely.provider_id)
      .execute();
    const reply = await lonely.call('POST', url, { sponsor_slug, period: '2026-01' });
    expect(outcome(reply)).toEqual([403, '071-403-sponsor-not-affiliated']);
  });

  test('reading needs arc:read, opening arc:write', async () => {
    const reader = await sandbox.provider({ scopes: ['arc:read'] });
    expect((await reader.call('GET', url)).status).toBe(200);
    const reply = await reader.call('POST', url, { sponsor_slug, period: '2026-01' });
    expect(outcome(reply)).toEqual([403, '071-403-scope']);
  });
});

describe('reading', () => {
  test('the list is filtered, newest first, with totals', async () => {
    const by = await sandbox.provider();
    const first = await open(by, { period: '2025-11' });
    const second = await open(by);
    await attach(second, { claim_ids: [(await dispense(by)).claim_id] }, by);
    const list = async (query: string) => (await by.call('GET', `${url}?${query}`)).body;
    const ids = async (query: string) => (await list(query)).content.map((each: Json) => each.settlement_id);
    expect(await ids('')).toEqual([second, first]);
    expect(await ids('period=2025-11')).toEqual([first]);
    expect(await ids('status=SUBMITTED')).toEqual([]);
    expect(await ids('status=OPEN&size=1&page=1')).toEqual([first]);
    expect(await ids('sponsor_slug=sponsor-sandbox')).toEqual([]);
    expect((await list('')).content[0]).toMatchObject({ claim_count: 1, total_amount: 1657.6 });
    expect((await list('')).content[0]).not.toHaveProperty('lines');
    expect(pathsOf(await by.call('GET', `${url}?status=PAID&period=now`))).toEqual(['status', 'period']);
  });

  test("another provider's settlement looks like none", async () => {
    const stranger = await sandbox.provider();
    const id = await open();
    for (const known of [id, 'stl_01JG0000000000000000000000']) {
      const replies = [
        await stranger.call('GET', `${url}/${known}`),
        await stranger.call('GET', `${url}/${known}/pending-authorizations`),
        await attach(known, { claim_ids: ['x'] }, stranger),
        await attach(known, {}, stranger),
        await stranger.call('DELETE', `${url}/${known}/claims/x`),
        await stranger.call('DELETE', `${url}/${known}/authorizations/x`),
        await stranger.call('POST', `${url}/${known}/documents`, { content_base64: pdf }),
        await stranger.call('POST', `${url}/${known}/documents`, { content_base64: 'bm90aGluZw==' }),
        await stranger.call('GET', `${url}/${known}/documents`),
        await stranger.call('GET', `${url}/${known}/documents/x`),
        await stranger.call('DELETE', `${url}/${known}/documents/x`),
        await dispatch(known, stranger),
        await resolve(known, { decision: 'ACCEPTED' }, stranger),
        await resolve(known, { decision: 'PERHAPS' }, stranger),
      ];
      for (const reply of replies) expect(outcome(reply)).toEqual([404, '071-404-settlement']);
    }
  });
});

describe('what is pending', () => {
  test('completed claims of the sponsor, oldest first, whatever their month', async () => {
    const by = await sandbox.provider();
    const first = await dispense(by);
    await by.advance(40 * 24 * 3600);
    const second = await dispense(by, { products: [['MED-SBX-002', 3]] });
    await dispense(by, { sponsor_slug: 'sponsor-sandbox-biometric' });
    const { authorization_code } = await approve(by);
    const beneficiary_id = by.beneficiary();
    await by.call('POST', '/dispensing/v1/dispensations', { code: authorization_code, beneficiary_id });

    const id = await open(by);
    expect(await pending(id, by)).toEqual([
      {
        authorization_id: first.authorization_id,
        claim_id: first.claim_id,
        total_amount: first.amount_covered_by_sponsor,
        currency_code: 'DOP',
        dispensed_at: first.completed_at,
      },
      expect.objectContaining({ claim_id: second.claim_id }),
    ]);
    const page = (await by.call('GET', `${url}/${id}/pending-authorizations?size=1&page=1`)).body;
    expect(page.content).toHaveLength(1);
    expect(page.page).toEqual({ size: 1, total_elements: 2, total_pages: 2, number: 1 });

    await attach(id, { claim_ids: [first.claim_id] }, by);
    for (const settlement of [id, await open(by)]) {
      expect((await pending(settlement, by)).map((each) => each.claim_id)).toEqual([second.claim_id]);
    }
  });
});

describe('attaching and detaching', () => {
  test('by authorization or by claim; the totals are what the sponsor owes', async () => {
    const [first, second] = [await dispense(clinic), await dispense(clinic)];
    const id = await open();
    expect(await attach(id, { authorization_ids: [first.authorization_id] })).toMatchObject({
      status: 200,
      body: { attached: 1, total_amount: 1657.6 },
    });
    expect((await attach(id, { claim_ids: [second.claim_id] })).body).toEqual({
      attached: 1,
      total_amount: 3315.2,
    });
    expect(await get(id)).toMatchObject({
      status: 'OPEN',
      claim_count: 2,
      total_amount: 3315.2,
      lines: [
        {
          claim_id: first.claim_id,
          authorization_id: first.authorization_id,
          status: 'ATTACHED',
          total_amount: 1657.6,
          currency_code: 'DOP',
          dispensed_at: first.completed_at,
        },
        { claim_id: second.claim_id },
      ],
    });

    expect((await clinic.call('DELETE', `${url}/${id}/claims/${second.claim_id}`)).status).toBe(204);
    const gone = `${url}/${id}/authorizations/${first.authorization_id}`;
    expect((await clinic.call('DELETE', gone)).status).toBe(204);
    expect(outcome(await clinic.call('DELETE', gone))).toEqual([404, '071-404-settlement-claim']);
    expect(await get(id)).toMatchObject({ claim_count: 0, lines: [] });
    const free = (await pending(id)).map((each) => each.claim_id);
    expect(free).toEqual(expect.arrayContaining([first.claim_id, second.claim_id]));
  });

  test('an authorization that was dispensed in parts brings all of its claims', async () => {
    const { authorization_id, authorization_code: code } = await approve(clinic);
    for (const quantity of [4, 6]) {
      await dispense(clinic, { code, lines: [{ product_code: 'MED-SBX-001', quantity }] });
    }
    const id = await open();
    expect((await attach(id, { authorization_ids: [authorization_id] })).body.attached).toBe(2);
    await clinic.call('DELETE', `${url}/${id}/authorizations/${authorization_id}`);
    expect((await get(id)).claim_count).toBe(0);
  });

  test('nothing in another currency than the settlement', async () => {
    const { claim_id } = await dispense(clinic);
    const { db } = sandbox.sandbox.units.store;
    await db.updateTable('claims').set({ currency_code: 'GTQ' }).where('claim_id', '=', claim_id).execute();
    const id = await open();
    const refused = await attach(id, { claim_ids: [claim_id] });
    expect(outcome(refused)).toEqual([422, '071-422-validation']);
    expect(refused.body.errors[0].message).toBe('is in GTQ, the settlement in DOP');
    expect((await get(id)).claim_count).toBe(0);
    await db.updateTable('claims').set({ currency_code: 'DOP' }).where('claim_id', '=', claim_id).execute();
  });

  test('all or nothing, and every wrong id is told', async () => {
    const stranger = await sandbox.provider();
    const [good, foreign, other] = [
      await dispense(clinic),
      await dispense(stranger),
      await dispense(clinic, { sponsor_slug: 'sponsor-sandbox-biometric' }),
    ];
    const undispensed = await approve(clinic);
    const id = await open();
    const authorization_ids = [
      good.authorization_id,
      'auth_01JG0000000000000000000000',
      foreign.authorization_id,
      undispensed.authorization_id,
      other.authorization_id,
      good.authorization_id,
    ];
    const reply = await attach(id, { authorization_ids });
    expect(outcome(reply)).toEqual([422, '071-422-validation']);
    expect(pathsOf(reply)).toEqual([1, 2, 3, 4, 5].map((index) => `authorization_ids[${index}]`));
    expect(reply.body.errors[1].message).toBe(reply.body.errors[0].message);
    const claim_ids = [good.claim_id, foreign.claim_id, other.claim_id];
    expect(pathsOf(await attach(id, { claim_ids }))).toEqual(['claim_ids[1]', 'claim_ids[2]']);
    expect((await get(id)).lines).toEqual([]);
  });

  test('either kind of id, not none and not both', async () => {
    const id = await open();
    for (const body of [{}, { claim_ids: ['x'], authorization_ids: ['y'] }]) {
      expect(outcome(await attach(id, body))).toEqual([422, '071-422-validation']);
    }
    expect(pathsOf(await attach(id, { claim_ids: [] }))).toEqual(['claim_ids']);
  });

  test('a claim is in one live batch', async () => {
    const [first, second] = [await dispense(clinic), await dispense(clinic)];
    const [here, there] = [await open(), await open()];
    await attach(here, { claim_ids: [first.claim_id] });
    for (const id of [here, there]) {
      const reply = await attach(id, { claim_ids: [second.claim_id, first.claim_id] });
      expect(outcome(reply)).toEqual([409, '071-409-claim-in-batch']);
      expect(pathsOf(reply)).toEqual(['claim_ids[1]']);
    }
    expect((await get(there)).lines).toEqual([]);
    await clinic.call('DELETE', `${url}/${here}/claims/${first.claim_id}`);
    expect((await attach(there, { claim_ids: [second.claim_id, first.claim_id] })).status).toBe(200);
  });
});

describe('documents', () => {
  const boundary = 'X-BOUNDARY';
  const multipart = (fields: Record<string, string>, bytes?: Buffer) => {
    const parts = Object.entries(fields).map(
      ([name, value]) =>
        `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    );
    const file = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="factura año.pdf"\r\ncontent-type: application/pdf\r\n\r\n`;
    return Buffer.concat([
      Buffer.from(parts.join('')),
      ...(bytes === undefined ? [] : [Buffer.from(file), bytes, Buffer.from('\r\n')]),
      Buffer.from(`--${boundary}--\r\n`),
    ]);
  };
  const multipartType = { 'content-type': `multipart/form-data; boundary=${boundary}` };

  test('come in three encodings, are listed, read back and removed', async () => {
    const id = await open();
    const documents = `${url}/${id}/documents`;
    const bytes = Buffer.from(pdf, 'base64');
    const added = [
      await clinic.call('POST', documents, multipart({ document_type: 'INVOICE' }, bytes), multipartType),
      await clinic.call('POST', documents, `content_base64=${encodeURIComponent(png)}`, {
        'content-type': 'application/x-www-form-urlencoded',
      }),
      await clinic.call('POST', documents, {
        content_base64: pdf,
        document_type: 'REPORT',
        file_name: 'r.x',
      }),
    ];
    expect(added.map((reply) => reply.status)).toEqual([201, 201, 201]);
    const [invoice, photo, report] = added.map((reply) => reply.body);
    expect(invoice).toMatchObject({
      document_id: expect.stringMatching(/^file_/),
      document_type: 'INVOICE',
      file_name: 'factura año.pdf',
      content_type: 'application/pdf',
      size: bytes.length,
    });
    expect(photo).toMatchObject({
      document_type: null,
      file_name: 'document.png',
      content_type: 'image/png',
    });
    expect((await get(id)).documents).toEqual([invoice, photo, report]);
    const page = (await clinic.call('GET', `${documents}?size=2`)).body;
    expect(page.content).toEqual([invoice, photo]);
    expect(page.page.total_elements).toBe(3);

    const download = await clinic.call('GET', added[0]?.headers.location ?? '');
    expect(download).toMatchObject({ status: 200, text: bytes.toString() });
    expect(download.headers).toMatchObject({
      'content-type': 'application/pdf',
      'x-content-type-options': 'nosniff',
      'content-disposition': `attachment; filename*=UTF-8''factura%20a%C3%B1o.pdf`,
    });

    const gone = `${documents}/${photo.document_id}`;
    expect((await clinic.call('DELETE', gone)).status).toBe(204);
    for (const method of ['GET', 'DELETE'] as const) {
      expect(outcome(await clinic.call(method, gone))).toEqual([404, '071-404-settlement-document']);
    }
    const elsewhere = `${url}/${await open()}/documents/${invoice.document_id}`;
    expect(outcome(await clinic.call('GET', elsewhere))).toEqual([404, '071-404-settlement-document']);
    expect((await get(id)).documents).toHaveLength(2);
  });

  test('what is no document is refused', async () => {
    const documents = `${url}/${await open()}/documents`;
    const text = Buffer.from('just text').toString('base64');
    const wrong = await clinic.call('POST', documents, { content_base64: text, file_name: 'a.pdf' });
    expect(outcome(wrong)).toEqual([422, '071-422-file-type']);
    expect(outcome(await clinic.call('POST', documents, { content_base64: '***' }))).toEqual([
      422,
      '071-422-validation',
    ]);
    const without = await clinic.call('POST', documents, multipart({}), multipartType);
    expect(pathsOf(without)).toEqual(['content_base64']);
    const large = Buffer.concat([Buffer.from(pdf, 'base64'), Buffer.alloc(10 * 1024 * 1024)]);
    const reply = await clinic.call('POST', documents, { content_base64: large.toString('base64') });
    expect(outcome(reply)).toEqual([413, '071-413']);
  });
});

describe('dispatching', () => {
  test('an empty batch is 422, twice is 409', async () => {
    const id = await open();
    expect(outcome(await dispatch(id))).toEqual([422, '071-422-settlement-empty']);
    await attach(id, { claim_ids: [(await dispense(clinic)).claim_id] });
    const reply = await dispatch(id);
    expect(reply).toMatchObject({ status: 200, body: { status: 'SUBMITTED', claim_count: 1 } });
    expect(reply.body.submitted_at).toEqual(expect.any(String));
    expect(await get(id)).toEqual(reply.body);
    expect(outcome(await dispatch(id))).toEqual([409, '071-409-settlement-dispatched']);
  });

  test('after it nothing changes any more, before or after the decision', async () => {
    const [first, second] = [await dispense(clinic), await dispense(clinic)];
    const id = await open();
    const documents = `${url}/${id}/documents`;
    const { document_id } = (await clinic.call('POST', documents, { content_base64: pdf })).body;
    await attach(id, { claim_ids: [first.claim_id] });
    await dispatch(id);
    for (const decided of [false, true]) {
      if (decided) await resolve(id, { decision: 'ACCEPTED' });
      const replies = [
        await attach(id, { claim_ids: [second.claim_id] }),
        await clinic.call('DELETE', `${url}/${id}/claims/${first.claim_id}`),
        await clinic.call('DELETE', `${url}/${id}/authorizations/${first.authorization_id}`),
        await clinic.call('POST', documents, { content_base64: pdf }),
        await clinic.call('DELETE', `${documents}/${document_id}`),
        await dispatch(id),
      ];
      for (const reply of replies) expect(outcome(reply)).toEqual([409, '071-409-settlement-dispatched']);
    }
    expect((await get(id)).documents).toHaveLength(1);
  });

  test('with a sponsor that wants proof: that of somebody in the batch, once', async () => {
    const by = await sandbox.provider();
    const strict = await shadow(sandbox, by, {
      settlement: { mode: 'BATCH' },
      configuration: { verification: { settlement: 'OTP' } },
    });
    const filled = async () => {
      const id = await open(by, { sponsor_slug: strict });
      await attach(id, { claim_ids: [(await dispense(by, { sponsor_slug: strict })).claim_id] }, by);
      return id;
    };
    const id = await filled();
    expect(outcome(await dispatch(id, by))).toEqual([422, '071-422-verification-required']);
    const outsider = { otp_verification_token: await otpToken(by, strict, '1000000002') };
    expect(outcome(await dispatch(id, by, outsider))).toEqual([422, '071-422-verification-required']);
    const insider = { otp_verification_token: await otpToken(by, strict, '1000000001') };
    expect((await dispatch(id, by, insider)).body.status).toBe('SUBMITTED');
    expect(outcome(await dispatch(await filled(), by, insider))).toEqual([
      422,
      '071-422-verification-required',
    ]);
  });

  async function otpToken(by: TestProvider, slug: string, person: string): Promise<string> {
    const body = { beneficiary_id: by.beneficiary(person), sponsor_slug: slug, channel: 'SMS' };
    const sent = await by.call('POST', '/v1/otp/send', body);
    const validated = await by.call('POST', '/v1/otp/validate', { otp_id: sent.body.otp_id, code: '246810' });
    return validated.body.otp_verification_token;
  }
});

describe('the evaluation', () => {
  const check = createCheck(SettlementData, 'body');

  test('after 30 seconds everything is accepted and paid', async () => {
    const by = await sandbox.provider();
    const claims = [await dispense(by), await dispense(by)];
    const id = await dispatched(claims, by);
    await by.advance(29);
    expect((await get(id, by)).status).toBe('SUBMITTED');
    await by.advance(1);

    const settlement = await get(id, by);
    expect(settlement).toMatchObject({
      status: 'ACCEPTED',
      total_amount: 3315.2,
      accepted_amount: 3315.2,
      rejected_amount: 0,
      lines: [{ status: 'PAID' }, { status: 'PAID' }],
    });
    expect(settlement.paid_at).toBe(settlement.resolved_at);
    const took = Date.parse(settlement.resolved_at) - Date.parse(settlement.submitted_at);
    expect(took).toBeGreaterThanOrEqual(30_000);
    expect(took).toBeLessThan(31_000);
    for (const { claim_id, authorization_id } of claims) {
      expect(await claimStatus(claim_id)).toBe('PAID');
      expect((await authorization(authorization_id, by)).status).toBe('PAID');
    }
    const [event, ...more] = await eventsOf(id);
    expect(more).toEqual([]);
    expect(event).toMatchObject({ event_type: 'settlement.paid', owner: by.provider_id });
    expect(check(event.data, 0)).toEqual([]);
    expect(event.data).toEqual({
      settlement_id: id,
      sponsor_slug,
      period: '2026-01',
      status: 'ACCEPTED',
      total_amount: 3315.2,
      accepted_amount: 3315.2,
      currency_code: 'DOP',
      claims: claims.map(({ claim_id, authorization_id }) => ({
        claim_id,
        authorization_id,
        status: 'PAID',
      })),
      resolved_at: settlement.resolved_at,
    });
    expect(await pending(await open(by), by)).toEqual([]);
  });

  test('refuses the claim of the magic medication; it is pending again', async () => {
    const by = await sandbox.provider();
    const [good, bad] = [await dispense(by), await dispense(by, refused)];
    const id = await dispatched([good, bad], by);
    await by.advance(30);
    const settlement = await get(id, by);
    expect(settlement).toMatchObject({
      status: 'PARTIALLY_ACCEPTED',
      accepted_amount: good.amount_covered_by_sponsor,
      rejected_amount: bad.amount_covered_by_sponsor,
      lines: [{ status: 'PAID' }, { status: 'REJECTED', rejection_reason: expect.stringMatching(/\w/) }],
    });
    expect(settlement.paid_at).toBe(settlement.resolved_at);
    const [event] = await eventsOf(id);
    expect(event.event_type).toBe('settlement.partially_accepted');
    expect(check(event.data, 0)).toEqual([]);
    expect(event.data).toMatchObject({
      status: 'PARTIALLY_ACCEPTED',
      total_amount: settlement.total_amount,
      accepted_amount: good.amount_covered_by_sponsor,
      claims: [{ status: 'PAID' }, { status: 'REJECTED', rejection_reason: expect.any(String) }],
    });
    expect([await claimStatus(good.claim_id), await claimStatus(bad.claim_id)]).toEqual([
      'PAID',
      'COMPLETED',
    ]);
    expect((await authorization(good.authorization_id, by)).status).toBe('PAID');
    expect((await authorization(bad.authorization_id, by)).status).toBe('REDEEMED');

    const again = await open(by);
    expect((await pending(again, by)).map((each) => each.claim_id)).toEqual([bad.claim_id]);
    expect(outcome(await attach(again, { claim_ids: [good.claim_id] }, by))).toEqual([
      409,
      '071-409-claim-in-batch',
    ]);
    await attach(again, { claim_ids: [bad.claim_id] }, by);
    await dispatch(again, by);
    await by.advance(30);
    expect(await get(again, by)).toMatchObject({
      status: 'REJECTED',
      accepted_amount: 0,
      paid_at: null,
      lines: [{ status: 'REJECTED' }],
    });
    expect((await eventsOf(again)).map((each) => each.event_type)).toEqual(['settlement.rejected']);
    // The first batch still tells what it was told.
    expect(await get(id, by)).toEqual(settlement);
  });

  test('a code of another provider: whoever delivered settles, and the owner sees it paid', async () => {
    const [pharmacy, owner] = [await sandbox.provider(), await sandbox.provider()];
    const { authorization_id, authorization_code } = await approve(owner);
    const claim = await dispense(pharmacy, { code: authorization_code });
    expect(await pending(await open(owner), owner)).toEqual([]);
    const id = await open(pharmacy);
    expect((await attach(id, { authorization_ids: [authorization_id] }, pharmacy)).body.attached).toBe(1);
    await dispatch(id, pharmacy);
    await pharmacy.advance(30);
    expect((await get(id, pharmacy)).status).toBe('ACCEPTED');
    expect(await claimStatus(claim.claim_id)).toBe('PAID');
    expect((await authorization(authorization_id, owner)).status).toBe('PAID');
    const [event] = await eventsOf(id);
    expect(event.owner).toBe(pharmacy.provider_id);
  });

  test('nothing more is dispensed on a code that is paid, but what was held stays good', async () => {
    const by = await sandbox.provider();
    const { authorization_id, authorization_code: code } = await approve(by);
    const start = (quantity: number) =>
      by.call('POST', '/dispensing/v1/dispensations', {
        code,
        beneficiary_id: by.beneficiary(),
        products: [{ product_code: 'MED-SBX-001', quantity }],
      });
    const claim = await dispense(by, { code, lines: [{ product_code: 'MED-SBX-001', quantity: 4 }] });
    const { dispensation_id } = (await start(3)).body;
    await dispatched([claim], by);
    await by.advance(30);
    expect(outcome(await start(3))).toEqual([409, '071-409-already-dispensed']);
    const completed = await by.call('POST', `/dispensing/v1/dispensations/${dispensation_id}/complete`, {
      document_number: 'FV-10023',
      document_date: '2026-01-15',
    });
    expect(completed).toMatchObject({ status: 200, body: { status: 'COMPLETED' } });
    await dispatched([completed.body], by);
    await by.advance(30);
    expect(await claimStatus(completed.body.claim_id)).toBe('PAID');
    expect((await authorization(authorization_id, by)).status).toBe('PAID');
  });
});

describe("the sponsor's hand", () => {
  test('decides at once, and a second decision is 409', async () => {
    const by = await sandbox.provider();
    const claims = [await dispense(by), await dispense(by, refused)];
    const id = await dispatched(claims, by);
    const reply = await resolve(id, { decision: 'ACCEPTED' }, by);
    expect(reply).toMatchObject({ status: 200, body: { status: 'ACCEPTED' } });
    expect(await get(id, by)).toEqual(reply.body);
    expect(outcome(await resolve(id, { decision: 'REJECTED' }, by))).toEqual([
      409,
      '071-409-settlement-resolved',
    ]);
    await by.advance(60);
    expect(await get(id, by)).toEqual(reply.body);
    expect((await eventsOf(id)).map((each) => each.event_type)).toEqual(['settlement.paid']);
  });

  test('refuses a part, with reasons', async () => {
    const claims = [await dispense(clinic), await dispense(clinic), await dispense(clinic)];
    const id = await dispatched(claims);
    const rejected = [
      { claim_id: claims[0].claim_id, rejection_reason: 'Falta la factura.' },
      { claim_id: claims[1].claim_id },
    ];
    const { body } = await resolve(id, { decision: 'PARTIALLY_ACCEPTED', rejected });
    expect(body).toMatchObject({
      status: 'PARTIALLY_ACCEPTED',
      accepted_amount: 1657.6,
      rejected_amount: 3315.2,
      lines: [
        { status: 'REJECTED', rejection_reason: 'Falta la factura.' },
        { status: 'REJECTED', rejection_reason: expect.stringMatching(/\w/) },
        { status: 'PAID' },
      ],
    });
  });

  test('refuses everything', async () => {
    const claims = [await dispense(clinic), await dispense(clinic)];
    const id = await dispatched(claims);
    const rejected = [{ claim_id: claims[1].claim_id, rejection_reason: 'Duplicada.' }];
    const { body } = await resolve(id, { decision: 'REJECTED', rejected });
    expect(body).toMatchObject({
      status: 'REJECTED',
      accepted_amount: 0,
      lines: [{ status: 'REJECTED' }, { status: 'REJECTED', rejection_reason: 'Duplicada.' }],
    });
    expect(await claimStatus(claims[0].claim_id)).toBe('COMPLETED');
  });

  test('nonsense is 422 with its places', async () => {
    const [claim, outside] = [await dispense(clinic), await dispense(clinic)];
    const id = await dispatched([claim]);
    const { claim_id } = claim;
    const cases: [Record<string, unknown>, string[]][] = [
      [{ decision: 'ACCEPTED', rejected: [{ claim_id }] }, ['rejected']],
      [{ decision: 'PARTIALLY_ACCEPTED' }, ['rejected']],
      [{ decision: 'PARTIALLY_ACCEPTED', rejected: [{ claim_id }] }, ['rejected']],
      [{ decision: 'REJECTED', rejected: [{ claim_id }, { claim_id }] }, ['rejected[1].claim_id']],
      [
        { decision: 'PARTIALLY_ACCEPTED', rejected: [{ claim_id: outside.claim_id }] },
        ['rejected[0].claim_id'],
      ],
      [{ decision: 'PERHAPS' }, ['decision']],
    ];
    for (const [body, paths] of cases) {
      const reply = await resolve(id, body);
      expect([reply.status, pathsOf(reply)]).toEqual([422, paths]);
    }
    expect((await get(id)).status).toBe('SUBMITTED');
  });

  test('an open batch is not with the sponsor; the operator may decide any other', async () => {
    const id = await open();
    await attach(id, { claim_ids: [(await dispense(clinic)).claim_id] });
    expect(outcome(await resolve(id, { decision: 'ACCEPTED' }))).toEqual([409, '071-409-settlement-open']);
    await dispatch(id);
    const decided = await sandbox.operator('POST', `/_sandbox/v1/settlements/${id}/resolve`, {
      decision: 'ACCEPTED',
    });
    expect(decided).toMatchObject({ status: 200, body: { status: 'ACCEPTED' } });
    const anonymous = await sandbox.call('POST', `/_sandbox/v1/settlements/${id}/resolve`, {
      body: { decision: 'ACCEPTED' },
    });
    expect(anonymous.status).toBe(401);
  });
});

describe('claims beside their batch', () => {
  const claimUrl = '/arc/v1/outpatient-care-claim';
  const voidClaim = (claim_id: string) => clinic.call('POST', `${claimUrl}/${claim_id}/void`);

  test('a claim without authorization goes by its own id', async () => {
    const claim_id = await directClaim(clinic);
    const id = await open();
    expect((await pending(id)).find((each) => each.claim_id === claim_id)).toMatchObject({
      authorization_id: null,
    });
    expect((await attach(id, { claim_ids: [claim_id] })).status).toBe(200);
    await dispatch(id);
    await resolve(id, { decision: 'ACCEPTED' });
    expect((await get(id)).lines).toMatchObject([{ authorization_id: null, status: 'PAID' }]);
    expect((await clinic.call('GET', `${claimUrl}/${claim_id}`)).body.status).toBe('PAID');
  });

  test('a void takes it out of an open batch, not out of a dispatched one', async () => {
    const [first, second] = [await dispense(clinic), await dispense(clinic)];
    const id = await open();
    await attach(id, { claim_ids: [first.claim_id, second.claim_id] });
    expect((await voidClaim(first.claim_id)).body.status).toBe('VOIDED');
    expect((await get(id)).lines.map((line: Json) => line.claim_id)).toEqual([second.claim_id]);
    await dispatch(id);
    expect(outcome(await voidClaim(second.claim_id))).toEqual([409, '071-409-claim-in-batch']);
    await resolve(id, { decision: 'REJECTED' });
    expect((await voidClaim(second.claim_id)).body.status).toBe('VOIDED');
    // It was presented: the batch tells of it for ever.
    expect((await get(id)).lines).toMatchObject([{ claim_id: second.claim_id, status: 'REJECTED' }]);
  });

  test('a refused claim names the settlement that refused it last, until one pays it', async () => {
    const { claim_id } = await dispense(clinic);
    const read = async () => (await clinic.call('GET', `${claimUrl}/${claim_id}`)).body;
    for (const rejection_reason of ['Falta la factura.', 'Factura ilegible.']) {
      const settlement_id = await dispatched([{ claim_id }]);
      await resolve(settlement_id, { decision: 'REJECTED', rejected: [{ claim_id, rejection_reason }] });
      expect(await read()).toMatchObject({
        status: 'COMPLETED',
        last_settlement: { settlement_id, rejection_reason },
      });
    }
    await resolve(await dispatched([{ claim_id }]), { decision: 'ACCEPTED' });
    expect(await read()).toMatchObject({ status: 'PAID', last_settlement: null });
    expect((await voidClaim(claim_id)).status).toBe(409);
  });

  test('void against dispatch: one winner', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { claim_id } = await dispense(clinic);
      const id = await open();
      await attach(id, { claim_ids: [claim_id] });
      const both = () => [voidClaim(claim_id), dispatch(id)] as const;
      const [voided, sent] = await Promise.all(both());
      if (voided.status === 200) {
        expect(outcome(sent)).toEqual([422, '071-422-settlement-empty']);
        expect(await get(id)).toMatchObject({ status: 'OPEN', claim_count: 0 });
      } else {
        expect(outcome(voided)).toEqual([409, '071-409-claim-in-batch']);
        expect(sent.body).toMatchObject({ status: 'SUBMITTED', claim_count: 1 });
      }
    }
  });

  test('void against attach: a voided claim is in no batch', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { claim_id } = await dispense(clinic);
      const id = await open();
      const [voided, attached] = await Promise.all([
        voidClaim(claim_id),
        attach(id, { claim_ids: [claim_id] }),
      ]);
      expect(voided.status).toBe(200);
      expect([200, 422]).toContain(attached.status);
      expect((await get(id)).claim_count).toBe(0);
    }
  });

  test('void against the decision: the sponsor wins, or had decided', async () => {
    for (const decision of ['ACCEPTED', 'REJECTED']) {
      const { claim_id } = await dispense(clinic);
      const id = await dispatched([{ claim_id }]);
      const [voided, resolved] = await Promise.all([voidClaim(claim_id), resolve(id, { decision })]);
      expect(resolved.status).toBe(200);
      if (decision === 'ACCEPTED') expect(voided.status).toBe(409);
      else expect([200, 409]).toContain(voided.status);
    }
  });
});

test('the database itself refuses a second live membership, and a status out of turn', async () => {
  const { db } = sandbox.sandbox.units.store;
  const { claim_id } = await dispense(clinic);
  const [here, there] = [await open(), await open()];
  await attach(here, { claim_ids: [claim_id] });
  const member = { settlement_id: there, claim_id, authorization_id: null, rejection_reason: null };
  const second = db.insertInto('settlement_claims').values({ ...member, live: 1, status: 'ATTACHED' });
  await expect(second.execute()).rejects.toThrow();
  const skipping = db
    .updateTable('settlements')
    .set({ status: 'ACCEPTED', submitted_at: 1, resolved_at: 1 })
    .where('settlement_id', '=', here);
  await expect(skipping.execute()).rejects.toThrow(/illegal change of status/);
});

describe('races have one winner', () => {
  const counts = (replies: readonly Reply[]) => {
    const statuses = replies.map((reply) => reply.status);
    return [statuses.filter((s) => s === 200).length, statuses.filter((s) => s === 409).length];
  };

  test('20 dispatches of one batch', async () => {
    const id = await open();
    await attach(id, { claim_ids: [(await dispense(clinic)).claim_id] });
    const replies = await Promise.all(Array.from({ length: 20 }, () => dispatch(id)));
    expect(counts(replies)).toEqual([1, 19]);
  });

  test('one claim attached to 20 batches', async () => {
    const { claim_id } = await dispense(clinic);
    const ids = await Promise.all(Array.from({ length: 20 }, () => open()));
    const replies = await Promise.all(ids.map((id) => attach(id, { claim_ids: [claim_id] })));
    expect(counts(replies)).toEqual([1, 19]);
    const holding = (await Promise.all(ids.map((id) => get(id)))).filter((each) => each.claim_count === 1);
    expect(holding).toHaveLength(1);
  });

  test('attaches of overlapping claims in opposite orders', async () => {
    const claim_ids: string[] = [];
    for (let n = 0; n < 4; n += 1) claim_ids.push((await dispense(clinic)).claim_id);
    const ids = await Promise.all(Array.from({ length: 6 }, () => open()));
    const replies = await Promise.all(
      ids.map((id, n) => attach(id, { claim_ids: n % 2 === 0 ? claim_ids : claim_ids.toReversed() })),
    );
    expect(counts(replies)).toEqual([1, 5]);
  });

  test('attach against dispatch: the claim is in the batch that was submitted, or nowhere', async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = await open();
      await attach(id, { claim_ids: [(await dispense(clinic)).claim_id] });
      const { claim_id } = await dispense(clinic);
      const [attached, sent] = await Promise.all([attach(id, { claim_ids: [claim_id] }), dispatch(id)]);
      expect(sent.status).toBe(200);
      expect((await get(id)).claim_count).toBe(attached.status === 200 ? 2 : 1);
      if (attached.status !== 200) {
        expect(outcome(attached)).toEqual([409, '071-409-settlement-dispatched']);
      }
    }
  });

  test('decisions by hand against the evaluation', async () => {
    const by = await sandbox.provider();
    const id = await dispatched([await dispense(by)], by);
    const [, ...replies] = await Promise.all([
      by.advance(30),
      ...Array.from({ length: 10 }, (_, n) =>
        resolve(id, { decision: n % 2 === 0 ? 'ACCEPTED' : 'REJECTED' }, by),
      ),
    ]);
    const [won] = counts(replies);
    expect(won).toBeLessThanOrEqual(1);
    expect(await eventsOf(id)).toHaveLength(1);
  });
});

describe('a reset', () => {
  test('leaves nothing of the settlements', async () => {
    const by = await sandbox.provider();
    const id = await dispatched([await dispense(by)], by);
    const draft = await open(by);
    await by.call('POST', `${url}/${draft}/documents`, { content_base64: pdf });
    expect((await by.call('POST', `/_sandbox/v1/providers/${by.slug}/reset`)).status).toBe(200);
    expect((await by.call('GET', url)).body.content).toEqual([]);
    expect(outcome(await by.call('GET', `${url}/${id}`))).toEqual([404, '071-404-settlement']);
    await by.advance(60);
    expect(await eventsOf(id)).toEqual([]);
  });

  test('of the owner of the code does not stop the one who delivered', async () => {
    const [pharmacy, owner] = [await sandbox.provider(), await sandbox.provider()];
    const { authorization_code: code } = await approve(owner);
    const id = await dispatched([await dispense(pharmacy, { code })], pharmacy);
    await owner.call('POST', `/_sandbox/v1/providers/${owner.slug}/reset`);
    await pharmacy.advance(30);
    expect((await get(id, pharmacy)).status).toBe('ACCEPTED');
  });
});

test('an idempotent dispatch answers the same again', async () => {
  const id = await open();
  await attach(id, { claim_ids: [(await dispense(clinic)).claim_id] });
  const send = () =>
    clinic.call('POST', `${url}/${id}/dispatch`, undefined, { 'idempotency-key': `dispatch-${id}` });
  const first = await send();
  const second = await send();
  expect(second).toMatchObject({ status: 200, body: first.body });
  expect(second.headers['idempotent-replayed']).toBe('true');
});
