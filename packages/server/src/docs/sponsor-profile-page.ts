import { SponsorProfile } from '@osigu-sandbox/contract';
import { table } from './table.ts';

/** The parts of JSON Schema that the profile's is made of. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly discriminator?: { readonly propertyName: string };
}

type Row = readonly [member: string, value: string, required: string, meaning: string];

/** docs/sponsor-profile.md, from the schema that an import is checked with. */
export function sponsorProfilePage(): string {
  const rows = membersOf(JSON.parse(JSON.stringify(SponsorProfile)) as Schema, '');
  return `# Members of a sponsor profile

How to write one and what to do with it: [sponsors.md](sponsors.md). The same as JSON Schema:
[sponsor-profile.schema.json](sponsor-profile.schema.json), which a running sandbox serves at
\`GET /_sandbox/v1/sponsor-profile.schema.json\`. Unknown members are refused. Money is in units of \`currency_code\` with at most
two decimals. All of it is a choice of this sandbox.

${table(['Member', 'Value', 'Required', 'Meaning'], rows)}
`;
}

function membersOf(schema: Schema, path: string): Row[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) =>
    rowsOf(member, path === '' ? name : `${path}.${name}`, schema.required?.includes(name) === true),
  );
}

function rowsOf(schema: Schema, path: string, required: boolean): Row[] {
  const { items, description = items?.description ?? '' } = schema;
  const row: Row = [`\`${path}\``, wordsFor(schema), required ? 'yes' : '', description];
  // The members of an override are those of `configuration`.
  if (path.startsWith('configuration_by_product_type.')) return [row];
  return [row, ...(items === undefined ? inside(schema, path) : inside(items, `${path}[]`))];
}

/** Of alternatives the members of all, each once, with the words that it goes with. */
function inside(schema: Schema, path: string): Row[] {
  const { oneOf, discriminator } = schema;
  if (oneOf === undefined || discriminator === undefined) return membersOf(schema, path);
  const tag = discriminator.propertyName;
  const found = new Map<string, { row: Row; words: string[] }>();
  for (const variant of oneOf) {
    const word = variant.properties?.[tag]?.const ?? '';
    for (const row of membersOf(variant, path)) {
      const text = row.join('|');
      const known = found.get(text) ?? { row, words: [] };
      found.set(text, { row, words: [...known.words, word] });
    }
  }
  return [...found.values()].map(({ row, words }) => {
    const [member, value, required, meaning] = row;
    const isCommon = words.length === oneOf.length || member === `\`${path}.${tag}\``;
    return isCommon
      ? row
      : [member, value, required, `With ${words.map((word) => `\`${word}\``).join(', ')}. ${meaning}`];
  });
}

function wordsFor(schema: Schema): string {
  if (schema.items !== undefined) return `list of ${wordsFor(schema.items)}`;
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.enum !== undefined) return schema.enum.map((word) => `\`${word}\``).join(', ');
  const type = schema.type ?? 'object';
  const { minimum, maximum, maxLength } = schema;
  if (minimum !== undefined && maximum !== undefined) return `${type}, ${minimum} to ${maximum}`;
  return maxLength === undefined ? type : `${type}, up to ${maxLength} characters`;
}
