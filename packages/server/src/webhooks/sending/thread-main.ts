import { parentPort, workerData } from 'node:worker_threads';
import { after } from '../../platform/time.ts';
import type { TargetPolicy } from '../target-rules.ts';
import { createSender } from './sender.ts';
import type { Order, Report } from './thread.ts';
import { createTransport } from './transport.ts';

const sender = createSender(createTransport({ policy: workerData as TargetPolicy }));
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
  parentPort?.postMessage(JSON.stringify(together));
}

function report(ended: Report): void {
  reports.push(ended);
  if (reports.length === Math.min(outstanding, enough)) handOver();
  else if (reports.length === 1) cancel = after(atMost, handOver);
}

parentPort?.on('message', (text: string) => {
  const orders = JSON.parse(text) as readonly Order[];
  outstanding += orders.length;
  for (const { id, attempt } of orders) void sender.send(attempt).then((sent) => report({ id, sent }));
});
