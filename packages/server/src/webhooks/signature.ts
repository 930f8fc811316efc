import { createHmac } from 'node:crypto';

/**
 * `X-Osigu-Signature` (D: webhook-events/signature-verification). `t` is real time, whole seconds: the receiver's own
 * clock judges it. `body` is the exact text that is sent. One `v1` per live secret, newest first.
 */
export function signatureHeader(secrets: readonly string[], t: number, body: string): string {
  return [`t=${t}`, ...secrets.map((secret) => `v1=${signatureOf(secret, t, body)}`)].join(',');
}

function signatureOf(secret: string, t: number, body: string): string {
  return createHmac('sha256', secret).update(`${t}.${body}`).digest('hex');
}
