import { parentPort, workerData } from 'node:worker_threads';
import { after } from '../../platform/time.ts';
import type { TargetPolicy } from '../target-rules.ts';
import { attemptOf, type Orders, type Report, reportOf } from './messages.ts';
import { createSender } from './sender.ts';
import { createTransport } from './transport.ts';

let connections = 1;
const sender = createSender(createTransport({ policy: workerData as TargetPolicy }), () => connections);
/** Reports go over together: each message costs both threads as much as half a delivery. */
const enough = 64;
const atMost = 4;
let outstanding = 0;
let reports: Report[] = [];
let cancel = () => {};

function handOver(): void {
  cancel();
  const together = reports;
  reports = [];
  outstanding -= together.length;
  parentPort?.postMessage(together);
}

function report(ended: Report): void {
  reports.push(ended);
  if (reports.length === Math.min(outstanding, enough)) handOver();
  else if (reports.length === 1) cancel = after(atMost, handOver);
}

parentPort?.on('message', ({ connections: allowed, orders }: Orders) => {
  connections = allowed;
  outstanding += orders.length;
  for (const order of orders) {
    const [id] = order;
    void sender.send(attemptOf(order)).then((sent) => report(reportOf(id, sent)));
  }
});
