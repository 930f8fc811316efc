import { readFile, writeFile } from 'node:fs/promises';
import { backUp } from '@osigu-sandbox/server/commands/backup';
import { migrateAt, pendingAt } from '@osigu-sandbox/server/commands/migrate';
import { exportFrom, importInto } from '@osigu-sandbox/server/commands/transfer';
import { main as serve, withConfig } from '@osigu-sandbox/server/main';
import { Command } from 'commander';

/** What an operator does with a sandbox; settings are those of the server, from the environment. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('osigu-sandbox')
    .description('A self-hostable sandbox of the Osigu healthcare API. Settings come from the environment.')
    .showHelpAfterError();
  processCommands(program);
  databaseCommands(program);
  // A default command of commander's would take a word that it does not know for an argument.
  await program.parseAsync(argv.length > 2 ? [...argv] : [...argv, 'start']);
}

function processCommands(program: Command): void {
  program
    .command('start')
    .description('answer calls and do what happens later, in one process; what happens without a command')
    .action(() => serve('all'));
  program
    .command('serve')
    .description('answer calls; workers do the rest (needs DATABASE_URL)')
    .action(() => serve('serve'));
  program
    .command('work')
    .description('decisions, expiries, deliveries and mails; health and metrics on PORT (needs DATABASE_URL)')
    .action(() => serve('work'));
}

function databaseCommands(program: Command): void {
  program
    .command('migrate')
    .description('bring the schema up to this version, as a start does')
    .option('--dry-run', 'only say what would be applied')
    .action(({ dryRun }: { dryRun?: true }) =>
      withConfig('cannot migrate', async (config) => {
        const names = await (dryRun ? pendingAt(config) : migrateAt(config));
        for (const name of names) say(`${dryRun ? 'pending' : 'applied'} ${name}`);
        if (names.length === 0) say('up to date');
      }),
    );
  program
    .command('backup')
    .description('copy the embedded database, while a server uses it')
    .argument('<file>')
    .action((file: string) => withConfig('cannot back up', (config) => backUp(config, file)));
  program
    .command('export')
    .description('write a provider as one JSON document; it holds the secrets of its subscriptions')
    .argument('<provider_slug>')
    .argument('<file>')
    .action((provider_slug: string, file: string) =>
      withConfig('cannot export', async (config) => {
        const document = await exportFrom(config, provider_slug);
        await writeFile(file, `${JSON.stringify(document)}\n`, { mode: 0o600 });
      }),
    );
  program
    .command('import')
    .description(
      'take a provider from such a document, whichever the database; stop an embedded server first',
    )
    .argument('<file>')
    .action((file: string) =>
      withConfig('cannot import', async (config) => {
        const { provider_slug, rows } = await importInto(config, JSON.parse(await readFile(file, 'utf8')));
        say(`imported ${provider_slug}, ${rows} rows`);
      }),
    );
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
