import { parentPort } from 'node:worker_threads';
import { type Order, perform } from './jobs.ts';

// Answers in the order of the questions.
parentPort?.on('message', (order: Order) => parentPort?.postMessage(perform(order)));
