// A webhook receiver as the docs ask for: verifies the signature over the raw bytes, refuses stale timestamps,
// drops duplicates by event_id, and answers at once. Usage: OSIGU_WEBHOOK_SECRET=whsec_… node examples/receiver.mjs
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const secret = process.env.OSIGU_WEBHOOK_SECRET ?? '';
const port = Number(process.env.RECEIVER_PORT ?? 4700);
const tolerance = 300;
const seen = new Set();

function isGenuine(header, body) {
  const parts = (header ?? '').split(',').map((part) => part.split('='));
  const timestamp = parts.find(([name]) => name === 't')?.[1] ?? '';
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > tolerance) return false;
  const expected = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest();
  // While a secret is being rotated there is more than one v1; any that matches will do.
  return parts
    .filter(([name]) => name === 'v1')
    .map(([, value]) => Buffer.from(value ?? '', 'hex'))
    .some((signature) => signature.length === expected.length && timingSafeEqual(signature, expected));
}

createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    if (!isGenuine(request.headers['x-osigu-signature'], body)) {
      response.writeHead(401).end();
      return;
    }
    response.writeHead(204).end();
    const event = JSON.parse(body);
    if (seen.has(event.event_id)) return;
    seen.add(event.event_id);
    console.log(`${event.created_at} ${event.event_type} ${JSON.stringify(event.data)}`);
  });
}).listen(port, '127.0.0.1', () => console.log(`receiver on http://127.0.0.1:${port}`));
