import { createHmac } from 'node:crypto';
import { Pool } from 'undici';
import type { RawJob, Sent } from './deliveries.ts';
import { repeat } from './load.ts';

/** As many connections as the sandbox gives one receiver (contract section 13). */
const connections = 8;

process.once('message', async ({ url, bodies, count, warmUp }: RawJob) => {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections, pipelining: 1 });
  const send = async (index: number) => {
    const body = bodies[index % bodies.length] ?? '';
    const t = Math.floor(Date.now() / 1_000);
    const signature = createHmac('sha256', 'whsec_benchmark').update(`${t}.${body}`).digest('hex');
    const answer = await pool.request({
      method: 'POST',
      path: pathname,
      headers: {
        'Content-Type': 'application/json',
        'User-Agent': 'raw-sender',
        'X-Osigu-Event-Id': 'raw',
        'X-Osigu-Event-Type': 'test.ping',
        'X-Osigu-Delivery-Attempt': '1',
        'X-Osigu-Signature': `t=${t},v1=${signature}`,
      },
      body,
    });
    await answer.body.dump();
  };
  // As warm as the server it is compared with.
  await repeat(warmUp, connections, send);
  const used = process.cpuUsage();
  const began = performance.now();
  await repeat(count, connections, send);
  const milliseconds = performance.now() - began;
  const { user, system } = process.cpuUsage(used);
  const sent: Sent = { milliseconds, processorTime: (user + system) / 1_000 };
  await pool.close();
  process.send?.(sent, () => process.disconnect());
});
