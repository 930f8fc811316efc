import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type CallOptions,
  createDatabase,
  createTestProvider,
  type Json,
  type Method,
  type Reply,
  type TestProvider,
} from '../harness.ts';

/** The command of the README, run as a person runs it; its data outlives the process. */
export interface Program {
  readonly dataDir: string;
  readonly environment: Settings;
  /** Starts it, with other settings where wanted, and waits until it says where it listens. */
  start(settings?: Settings): Promise<void>;
  /** Sends the signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<Exit>;
  isRunning(): boolean;
  pid(): number;
  baseUrl(): string;
  /** Of the present or last run. */
  output(): Output;
  /** These go to the present run; a call that is broken by its end rejects. */
  call(method: Method, url: string, options?: CallOptions): Promise<Reply>;
  operator(method: Method, url: string, body?: unknown): Promise<Reply>;
  provider(): Promise<TestProvider>;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
}

export type Settings = Readonly<Record<string, string>>;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly settings?: Settings;
  /** What of `osigu-sandbox` to run; by default what `npm start` does. */
  readonly command?: 'start' | 'serve' | 'work';
  /** Run as this command line followed by the program's own. */
  readonly prefix?: readonly string[];
}

const main = join(import.meta.dirname, '../../start.mjs');
const cli = join(import.meta.dirname, '../../../cli/bin/osigu-sandbox.mjs');

/** Prepares an empty place for the program, on the dialect of the project that runs the test. */
export async function newProgram(options: ProgramOptions = {}): Promise<Program> {
  const { settings = {}, command, prefix = [] } = options;
  const program = command === undefined ? [main] : [cli, command];
  const root = await mkdtemp(join(tmpdir(), 'osigu-process-'));
  const dataDir = join(root, 'data');
  const database = await createDatabase({ empty: true });
  const environment: Settings = {
    PORT: '0',
    DATA_DIR: dataDir,
    LOG_LEVEL: 'error',
    ...(database.location !== ':memory:' && { DATABASE_URL: database.location }),
    ...settings,
  };
  let run: Run | undefined;
  let baseUrl = '';

  const present = (): Run => {
    if (run === undefined) throw new Error('The program was not started');
    return run;
  };
  const call: Program['call'] = (method, url, options) => callOver(`${baseUrl}${url}`, method, options);
  const operator: Program['operator'] = async (method, url, body) => {
    const key = environment.OPERATOR_KEY ?? (await readFile(join(dataDir, 'operator.key'), 'utf8')).trim();
    return call(method, url, { body, headers: { authorization: `Bearer ${key}` } });
  };
  const end: Program['end'] = async (signal) => {
    present().kill(signal);
    return present().exit;
  };

  return {
    dataDir,
    environment,
    start: async (more = {}) => {
      run = launch({ ...environment, ...more }, program, prefix);
      baseUrl = await announcedBy(run);
    },
    end,
    isRunning: () => run?.isRunning() ?? false,
    pid: () => present().pid,
    baseUrl: () => baseUrl,
    output: () => present().output(),
    call,
    operator,
    provider: () => createTestProvider(call, operator),
    remove: async () => {
      if (run?.isRunning()) await end('SIGKILL');
      await database.drop();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Runs the program with these settings alone until it ends by itself. */
export function runToEnd(settings: Settings): Promise<Exit & Output> {
  return ended(launch(settings, [main]));
}

/** Runs `osigu-sandbox` with these words. */
export function runCommand(words: readonly string[], settings: Settings): Promise<Exit & Output> {
  return ended(launch(settings, [cli, ...words]));
}

async function ended(run: Run): Promise<Exit & Output> {
  const timer = setTimeout(() => run.kill('SIGKILL'), 20_000);
  const exit = await run.exit;
  clearTimeout(timer);
  return { ...exit, ...run.output() };
}

interface Run {
  readonly pid: number;
  readonly exit: Promise<Exit>;
  kill(signal: NodeJS.Signals): void;
  isRunning(): boolean;
  output(): Output;
}

function launch(settings: Settings, program: readonly string[], prefix: readonly string[] = []): Run {
  const [command = process.execPath, ...args] = [...prefix, process.execPath, ...program];
  // Nothing of the test's own environment reaches it but what a shell needs.
  const child = spawn(command, args, {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const exit = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  return {
    pid: child.pid ?? 0,
    exit,
    kill: (signal) => child.kill(signal),
    isRunning: () => child.exitCode === null && child.signalCode === null,
    output: () => ({ stdout, stderr }),
  };
}

async function announcedBy(run: Run): Promise<string> {
  return until(
    'the program to say where it listens',
    () => {
      const { stdout, stderr } = run.output();
      const url = /^ {2}(?:API|Health) +(\S+?)(?:\/healthz)?$/m.exec(stdout)?.[1];
      // The banner is written at once: after its first line the rest is there too.
      if (url === undefined && !run.isRunning()) throw new Error(`The program ended: ${stdout}${stderr}`);
      return url;
    },
    30,
  );
}

async function callOver(
  url: string,
  method: Method,
  { body, headers = {} }: CallOptions = {},
): Promise<Reply> {
  const isText = typeof body === 'string';
  const response = await fetch(url, {
    method,
    headers: { ...(body !== undefined && !isText && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: parsed(text),
    text,
  };
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Asks again until the answer is neither undefined nor false; there is no other way of waiting in these tests. */
export async function until<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  seconds = 10,
): Promise<T> {
  const deadline = performance.now() + seconds * 1_000;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`Waited ${seconds} s in vain for ${what}`);
    await pause(10);
  }
}

/** All rows of a list, page by page. */
export async function allOf(provider: TestProvider, url: string): Promise<Json[]> {
  const rows: Json[] = [];
  for (let page = 0; ; page += 1) {
    const { status, body } = await provider.call('GET', `${url}?size=100&page=${page}`);
    if (status !== 200) throw new Error(`${url} answers ${status}`);
    rows.push(...body.content);
    if (page + 1 >= body.page.total_pages) return rows;
  }
}
