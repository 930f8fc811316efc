import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createSandbox, type Role } from './app.ts';
import type { Announcement, FirstProvider } from './banner.ts';
import { databaseOf, makeDataDir } from './commands/place.ts';
import type { Config } from './config.ts';
import { findClient } from './core/providers/callers.ts';
import { type Credentials, createProvider, firstVersion } from './core/providers/service.ts';
import type { UnitsOfWork } from './engine/unit-of-work.ts';
import { Fault } from './platform/errors.ts';
import { createLog, type Log } from './platform/log.ts';
import { releaseStartMemory } from './platform/memory.ts';
import { randomToken } from './platform/random.ts';
import { after, second } from './platform/time.ts';
import { addressReason, databaseReason, dataDirReason, namingSetting, redisReason } from './start-reasons.ts';

export interface Running {
  readonly log: Log;
  readonly announcement: Announcement;
  stop(): Promise<void>;
  exitAfter(milliseconds: number): void;
}

/** Whoever calls right after the start is not to wait for it. */
const idleAfter = 3 * second;
/** Longer than a call takes from a client that has chosen its connection. */
const stopPatience = second;

const exampleProvider = {
  provider_slug: 'clinic-example',
  name: 'Clínica Ejemplo',
  country_code: 'CO',
} as const;

/** Starts a server from its settings and gets the data directory ready. */
export async function serve(config: Config, role: Role): Promise<Running> {
  const dataDir = resolve(config.dataDir);
  const operatorKeyFile = join(dataDir, 'operator.key');
  const operatorKey = await namingSetting(dataDirReason(config), async () => {
    await makeDataDir(dataDir);
    return config.operatorKey ?? keptSecret(operatorKeyFile, 'operator_');
  });
  const log = createLog(config.logLevel, { environment: config.environment });
  let prepared = false;
  const whyNot = databaseReason(config);
  const sandbox = await namingSetting(
    (error) => whyNot(error) ?? redisReason(error),
    () =>
      createSandbox({
        database: databaseOf(config),
        redisUrl: config.redisUrl,
        role,
        environment: config.environment,
        hosted: config.hosted,
        operatorKey,
        publicUrl: config.publicUrl,
        smtpUrl: config.smtpUrl,
        corsOrigins: config.corsOrigins,
        trustProxy: config.trustProxy,
        webhookRanges: config.webhookRanges,
        retention: config.retention,
        stopPatience,
        isPrepared: () => prepared,
        log,
      }),
  );
  // Before anything is made that is told once: a port that is taken must not cost it.
  const address = await namingSetting(addressReason(config), () =>
    sandbox.app.listen({ host: config.host, port: config.port }),
  );
  // Of a worker only those beside it need to know.
  const baseUrl = (role === 'work' ? undefined : config.publicUrl) ?? address;
  const first = role === 'work' ? undefined : await firstProviderOf(config, sandbox.units, dataDir, baseUrl);
  prepared = true;
  sandbox.startWorker();
  after(idleAfter, releaseStartMemory);
  return {
    log,
    announcement: {
      baseUrl,
      role,
      environment: config.environment,
      operatorKeyFile: config.operatorKey === undefined ? operatorKeyFile : undefined,
      first,
    },
    stop: () => sandbox.stop(),
    exitAfter: (milliseconds) => {
      after(milliseconds, () => process.exit(0));
    },
  };
}

/** A secret that is made once and kept for the owner of the directory alone. */
async function keptSecret(path: string, prefix: string): Promise<string> {
  const kept = (await readIfThere(path))?.trim() ?? '';
  if (kept !== '') return kept;
  const made = `${prefix}${randomToken(32)}`;
  await writeWhole(path, `${made}\n`);
  return made;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The file is there with all of its text or not at all: a full disk must not cost a secret that is there once. */
async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomToken(6)}`;
  try {
    await writeFile(draft, text, { mode: 0o600, flag: 'wx' });
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * An empty sandbox gets one provider. In the local profile its credentials stay in a file that only the owner can
 * read, so that the examples work after every start; a hosted sandbox shows them once, on the first.
 */
async function firstProviderOf(
  config: Config,
  units: UnitsOfWork,
  dataDir: string,
  baseUrl: string,
): Promise<FirstProvider | undefined> {
  if (config.environment !== 'sandbox') return undefined;
  const { provider_slug } = exampleProvider;
  const file = config.hosted ? undefined : join(dataDir, `${provider_slug}.env`);
  const kept = file === undefined ? undefined : await keptCredentials(units, file);
  const credentials = kept ?? (await createFirst(units));
  if (credentials === undefined) return undefined;
  if (file !== undefined) await writeWhole(file, environmentFile(baseUrl, credentials));
  return { provider_slug, ...credentials, file };
}

/** Only while they are good: after a rotation the file is out of date. */
async function keptCredentials(units: UnitsOfWork, file: string): Promise<Credentials | undefined> {
  const text = (await readIfThere(file)) ?? '';
  const [, client_id, client_secret] = /OSIGU_CLIENT_ID=(\S+)\nOSIGU_CLIENT_SECRET=(\S+)/.exec(text) ?? [];
  if (client_id === undefined || client_secret === undefined) return undefined;
  const client = await findClient(units.store.db, client_id);
  return client?.credential_version === firstVersion ? { client_id, client_secret } : undefined;
}

async function createFirst(units: UnitsOfWork): Promise<Credentials | undefined> {
  const any = await units.store.db.selectFrom('providers').select('provider_id').limit(1).executeTakeFirst();
  if (any !== undefined) return undefined;
  try {
    return await createProvider(units, exampleProvider);
  } catch (error) {
    // Another process that started on the same empty database was faster.
    if (error instanceof Fault && error.code === '071-409-provider-exists') return undefined;
    throw error;
  }
}

function environmentFile(baseUrl: string, credentials: Credentials): string {
  return [
    `OSIGU_URL=${baseUrl}`,
    `OSIGU_CLIENT_ID=${credentials.client_id}`,
    `OSIGU_CLIENT_SECRET=${credentials.client_secret}`,
    '',
  ].join('\n');
}
