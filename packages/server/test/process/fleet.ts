import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type CallOptions,
  createTestProvider,
  type Method,
  type ProviderOptions,
  type Reply,
  type TestProvider,
} from '../harness.ts';
import { type Exit, newProgram, type Program, type Settings } from './process-harness.ts';

type Command = 'start' | 'serve' | 'work';

/** Processes of one sandbox on one database, and a client that copes with the death of any of them. */
export interface Fleet {
  readonly members: readonly Member[];
  /** Of whoever serves, one after the other; a call that is broken is made again at another, with the same key. */
  call(method: Method, url: string, options?: CallOptions): Promise<Reply>;
  operator(method: Method, url: string, body?: unknown): Promise<Reply>;
  provider(options?: ProviderOptions): Promise<TestProvider>;
  /** What no client should meet: an answer above 499, or a call that broke at a process that lived. */
  readonly complaints: readonly string[];
  /** Calls that were in flight at a kill, and made again. */
  readonly broken: () => number;
  remove(): Promise<void>;
}

export interface Member {
  readonly program: Program;
  readonly command: Command;
  /** Grows with each kill; no calls go to a member that is down. */
  readonly run: () => number;
  readonly isUp: () => boolean;
  kill(): Promise<void>;
  /** As behind a proxy: no new calls go there, then it is asked to stop. What it has taken is not to break. */
  stop(): Promise<Exit>;
  start(): Promise<void>;
}

const OPERATOR_KEY = 'operator_fleet_0123456789abcdef';
const mostTries = 100;

export async function startFleet(commands: readonly Command[], settings: Settings = {}): Promise<Fleet> {
  const [first, ...rest] = commands;
  const lead = await newMember(first ?? 'start', { OPERATOR_KEY, ...settings });
  const { DATABASE_URL = '' } = lead.program.environment;
  const others = await Promise.all(
    rest.map((command) => newMember(command, { OPERATOR_KEY, ...settings, DATABASE_URL })),
  );
  const members = [lead, ...others];
  await Promise.all(members.map((member) => member.start()));

  const complaints: string[] = [];
  let broken = 0;
  let turn = 0;

  async function next(): Promise<Member> {
    for (;;) {
      const serving = members.filter(({ command, isUp }) => command !== 'work' && isUp());
      turn += 1;
      const member = serving[turn % Math.max(serving.length, 1)];
      if (member !== undefined) return member;
      await pause(20);
    }
  }

  async function attempt(method: Method, url: string, options: CallOptions): Promise<Reply | undefined> {
    const member = await next();
    const run = member.run();
    try {
      const reply = await member.program.call(method, url, options);
      if (reply.status < 500) return reply.body?.code === inProgress ? undefined : reply;
      complaints.push(`${method} ${url} at a ${member.command}: ${reply.status} ${reply.text}`);
    } catch (error) {
      if (member.run() === run)
        complaints.push(`${method} ${url} broke at a living ${member.command}: ${reasonOf(error)}`);
      else broken += 1;
    }
    return undefined;
  }

  const call: Fleet['call'] = async (method, url, options = {}) => {
    const keyed = method === 'POST' && !url.startsWith('/_sandbox') && !url.startsWith('/v1/oauth');
    const headers = { ...(keyed && { 'idempotency-key': randomUUID() }), ...options.headers };
    for (let tried = 0; tried < mostTries; tried += 1) {
      const reply = await attempt(method, url, { ...options, headers });
      if (reply !== undefined) return reply;
      await pause(30);
    }
    throw new Error(`${method} ${url} was tried ${mostTries} times in vain`);
  };
  const operator: Fleet['operator'] = (method, url, body) =>
    call(method, url, { body, headers: { authorization: `Bearer ${OPERATOR_KEY}` } });

  return {
    members,
    call,
    operator,
    provider: (options) => createTestProvider(call, operator, options),
    complaints,
    broken: () => broken,
    remove: async () => {
      await Promise.all(others.map(({ program }) => program.remove()));
      await lead.program.remove();
    },
  };
}

/** The first try still runs somewhere, or its end has not been noticed yet. */
const inProgress = '071-409-idempotency-in-progress';

function reasonOf(error: unknown): string {
  return String(error instanceof Error ? (error.cause ?? error) : error);
}

async function newMember(command: Command, settings: Settings): Promise<Member> {
  const program = await newProgram({ settings, command });
  let run = 0;
  let up = false;
  return {
    program,
    command,
    run: () => run,
    isUp: () => up,
    kill: async () => {
      up = false;
      run += 1;
      await program.end('SIGKILL');
    },
    stop: async () => {
      up = false;
      await pause(100);
      return program.end('SIGTERM');
    },
    start: async () => {
      await program.start();
      up = true;
    },
  };
}
