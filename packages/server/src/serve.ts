import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createSandbox } from './app.ts';
import type { Announcement, FirstProvider } from './banner.ts';
import { type Config, ConfigError } from './config.ts';
import { type Credentials, createProvider } from './core/providers/service.ts';
import type { UnitsOfWork } from './engine/unit-of-work.ts';
import { createLog, type Log } from './platform/log.ts';
import { randomToken } from './platform/random.ts';
import { after } from './platform/time.ts';

export interface Running {
  readonly log: Log;
  readonly announcement: Announcement;
  stop(): Promise<void>;
  exitAfter(milliseconds: number): void;
}

const exampleProvider = {
  provider_slug: 'clinic-example',
  name: 'Clínica Ejemplo',
  country_code: 'CO',
} as const;

/** Starts a server from its settings and gets the data directory ready. */
export async function serve(config: Config): Promise<Running> {
  const dataDir = resolve(config.dataDir);
  await mkdir(dataDir, { recursive: true, mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(`DATA_DIR is wrong: ${error.code ?? 'it'} at ${config.dataDir}`);
  });
  const operatorKeyFile = join(dataDir, 'operator.key');
  const operatorKey = config.operatorKey ?? (await keptSecret(operatorKeyFile, 'operator_'));
  const log = createLog(config.logLevel, { environment: config.environment });
  const sandbox = await createSandbox({
    database: config.databaseUrl ?? join(dataDir, 'sandbox.sqlite'),
    environment: config.environment,
    hosted: config.hosted,
    operatorKey,
    publicUrl: config.publicUrl,
    smtpUrl: config.smtpUrl,
    corsOrigins: config.corsOrigins,
    log,
  });
  const address = await sandbox.app.listen({ host: config.host, port: config.port });
  const baseUrl = config.publicUrl ?? address;
  const first = await firstProviderOf(config, sandbox.units, dataDir, baseUrl);
  sandbox.startWorker();
  return {
    log,
    announcement: {
      baseUrl,
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
  const made = `${prefix}${randomToken(32)}`;
  try {
    await writeFile(path, `${made}\n`, { mode: 0o600, flag: 'wx' });
    return made;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return (await readFile(path, 'utf8')).trim();
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
  const file = join(dataDir, `${exampleProvider.provider_slug}.env`);
  const { provider_slug } = exampleProvider;
  const any = await units.store.db.selectFrom('providers').select('provider_id').limit(1).executeTakeFirst();
  if (any !== undefined) {
    const kept = await readFile(file, 'utf8').catch(() => undefined);
    const [, client_id, client_secret] =
      /OSIGU_CLIENT_ID=(\S+)\nOSIGU_CLIENT_SECRET=(\S+)/.exec(kept ?? '') ?? [];
    if (client_id === undefined || client_secret === undefined) return undefined;
    await writeFile(file, environmentFile(baseUrl, { client_id, client_secret }), { mode: 0o600 });
    return { provider_slug, client_id, client_secret, file };
  }
  const credentials = await createProvider(units, exampleProvider);
  if (!config.hosted) await writeFile(file, environmentFile(baseUrl, credentials), { mode: 0o600 });
  return { provider_slug, ...credentials, file: config.hosted ? undefined : file };
}

function environmentFile(baseUrl: string, credentials: Credentials): string {
  return [
    `OSIGU_URL=${baseUrl}`,
    `OSIGU_CLIENT_ID=${credentials.client_id}`,
    `OSIGU_CLIENT_SECRET=${credentials.client_secret}`,
    '',
  ].join('\n');
}
