import { describe, expect, it } from 'vitest';
import { createCatalogueSearch } from './search.ts';

const diagnoses = createCatalogueSearch(
  [
    [
      'E11.9',
      'Diabetes mellitus tipo 2 sin complicaciones',
      'Type 2 diabetes mellitus without complications',
    ],
    ['E11.0', 'Diabetes mellitus tipo 2 con coma', 'Type 2 diabetes mellitus with coma'],
    [
      'E10.9',
      'Diabetes mellitus tipo 1 sin complicaciones',
      'Type 1 diabetes mellitus without complications',
    ],
    ['A01.0', 'Fiebre tifoidea', 'Typhoid fever', 'Febre tifoide'],
    ['A09', 'Diarrea y gastroenteritis', 'Diarrhoea and gastroenteritis', 'Diarreia e gastroenterite'],
    ['A38', 'Escarlatina', 'Scarlet fever', 'Escarlatina'],
    ['A90', 'Fiebre del dengue', 'Dengue fever', 'Dengue'],
    ['M54.4', 'Lumbago con ciática', 'Lumbago with sciatica', 'Lumbago com ciática'],
    ['R50.9', 'Fiebre, no especificada', 'Fever, unspecified', 'Febre não especificada'],
    ['R51', 'Cefalea (dolor de cabeza)', 'Headache', 'Cefaleia (dor de cabeça)'],
  ].map(([code = '', ...names]) => ({ code, names, item: code })),
);

const products = createCatalogueSearch([
  product('MED-001', 'Acetaminofén 500 mg tableta', 'paracetamol'),
  product('MED-002', 'Losartán potásico 50 mg tableta'),
  product('MED-003', 'Losartán potásico 500 mg tableta'),
  product('MED-004', 'Ácido acetilsalicílico 100 mg tableta', 'aspirina'),
  product('LAB-HEMO', 'Hemograma completo', 'CBC blood count'),
  product('LAB-001', 'Hemoglobina glicosilada'),
  product('LAB-002', 'Nota con código E11 en el texto'),
]);

function product(code: string, name: string, keywords?: string) {
  return { code, names: [name], keywords, item: code };
}

describe('catalogue search: codes', () => {
  it('puts the exact code first, however it is written', () => {
    for (const query of ['E11.9', 'e11.9', 'E119', ' e 11.9 '])
      expect(diagnoses.search(query)[0]).toBe('E11.9');
    for (const query of ['LAB-HEMO', 'lab hemo', 'labhemo'])
      expect(products.search(query)[0]).toBe('LAB-HEMO');
  });

  it('understands the X that Colombian forms append to three-character codes', () => {
    expect(diagnoses.search('A09X')[0]).toBe('A09');
  });

  it('lists the codes that start as asked, the unspecified form first and the others in code order', () => {
    expect(diagnoses.search('e11')).toEqual(['E11.9', 'E11.0']);
    expect(products.search('med-00')).toEqual(['MED-001', 'MED-002', 'MED-003', 'MED-004']);
  });

  it('lists codes before entries that only mention the query in their words', () => {
    const search = createCatalogueSearch([
      product('A-1', 'Panel TSH'),
      product('TSH-2', 'Perfil tiroideo'),
      product('TSH', 'Tirotropina'),
    ]);
    expect(search.search('tsh')).toEqual(['TSH', 'TSH-2', 'A-1']);
  });

  it('accepts a code together with words', () => {
    expect(diagnoses.search('e11.9 diabetes')).toEqual(['E11.9']);
  });

  it('does not take the digits inside a code for words', () => {
    expect(diagnoses.search('0')).toEqual([]);
  });
});

describe('catalogue search: words', () => {
  it('ignores accents and case, on both sides', () => {
    for (const query of ['ACETAMINOFEN', 'acetaminofén', 'AcetaminofÉn', 'acetaminofe\u0301n']) {
      expect(products.search(query)).toEqual(['MED-001']);
    }
    expect(products.search('acido')).toEqual(['MED-004']);
  });

  it('ignores the order of the words', () => {
    expect(diagnoses.search('tipo 2 diabetes')).toEqual(diagnoses.search('diabetes tipo 2'));
  });

  it('forgives typing mistakes', () => {
    expect(products.search('hemogarma')[0]).toBe('LAB-HEMO');
    expect(products.search('lozartan')[0]).toBe('MED-002');
    expect(diagnoses.search('diabetis')[0]).toMatch(/^E1/);
  });

  it('finds a word from its beginning', () => {
    expect(products.search('acetamin')).toEqual(['MED-001']);
    expect(diagnoses.search('de')).toContain('A90');
  });

  it('finds by keyword too', () => {
    expect(products.search('cbc')).toEqual(['LAB-HEMO']);
    expect(products.search('paracetamol')).toEqual(['MED-001']);
  });

  it('finds in every language', () => {
    for (const query of ['fiebre', 'fever', 'febre']) expect(diagnoses.search(query)[0]).toBe('R50.9');
    expect(diagnoses.search('diabetes tipo 2')[0]).toBe('E11.9');
    expect(diagnoses.search('type 2 diabetes')[0]).toBe('E11.9');
    for (const query of ['dolor de cabeza', 'headache', 'dor de cabeça'])
      expect(diagnoses.search(query)[0]).toBe('R51');
  });

  it('wants every word when some entry has them all', () => {
    expect(diagnoses.search('lumbago ciatica')).toEqual(['M54.4']);
  });

  it('falls back to any of the words when no entry has them all', () => {
    expect(diagnoses.search('dengue xyzzyq')).toEqual(['A90']);
  });

  it('takes numbers literally: 50 is not 500', () => {
    expect(products.search('losartan 50')).toEqual(['MED-002']);
    expect(products.search('losartan 50mg')).toEqual(['MED-002']);
  });

  it('ranks the entry that is called what was asked above those that only contain it', () => {
    expect(diagnoses.search('fever')[0]).toBe('R50.9');
    expect(diagnoses.search('dengue')[0]).toBe('A90');
  });

  it('finds an entry by its own full name, with words that do not narrow anything down', () => {
    expect(diagnoses.search('Fiebre, no especificada')[0]).toBe('R50.9');
  });
});

describe('catalogue search: any query', () => {
  const inCodeOrder = ['A01.0', 'A09', 'A38', 'A90', 'E10.9', 'E11.0', 'E11.9', 'M54.4', 'R50.9', 'R51'];

  it('lists everything in code order when the query holds no word', () => {
    for (const query of ['', '   ', '***', '(.*)+$[\\', '\u0301\u0301']) {
      expect(diagnoses.search(query)).toEqual(inCodeOrder);
    }
  });

  it('finds nothing rather than everything when the words are unknown', () => {
    for (const query of ['xyzzyq', '发烧', 'constructor', '__proto__'])
      expect(diagnoses.search(query)).toEqual([]);
  });

  it('never returns an entry twice', () => {
    for (const query of ['e11', 'diabetes', 'e11 diabetes', 'a']) {
      const found = diagnoses.search(query);
      expect(new Set(found).size).toBe(found.length);
    }
  });

  it('reads only the beginning of an endless query', () => {
    expect(diagnoses.search(`${' '.repeat(200)}dengue`)).toEqual(inCodeOrder);
    expect(diagnoses.search(`lumbago ${'ciatica '.repeat(50_000)}`)).toEqual(['M54.4']);
    expect(diagnoses.search(`${'b c d f g h i j k l p q'} dengue`)).not.toContain('A90');
  });

  it('answers hostile queries without failing', () => {
    const hostile = [
      'a'.repeat(100_000),
      'ab '.repeat(10_000),
      '\ufdfa'.repeat(10_000),
      '\ud800',
      '\0',
      "' OR 1=1 --",
    ];
    for (const query of hostile) expect(Array.isArray(diagnoses.search(query))).toBe(true);
  });

  it('answers any query on an empty catalogue with nothing', () => {
    const empty = createCatalogueSearch<string>([]);
    for (const query of ['', 'e11', 'fiebre']) expect(empty.search(query)).toEqual([]);
  });
});
