import Type from 'typebox';
import { productTypes } from '../vocabulary.ts';
import { CurrencyCode, Money, ProductCode, Timestamp, Words } from './common.ts';

export const Medication = Type.Object({
  product_code: ProductCode,
  product_id: Type.Integer(),
  name: Type.String(),
  active_ingredient: Type.String(),
  drug_form: Type.String(),
  strength: Type.String(),
  product_type: Type.Literal('MEDICATION'),
  reference_price: Money,
  currency_code: CurrencyCode,
  equivalents: Type.Array(Type.Integer(), { description: '`product_id`s with the same active ingredient.' }),
});

export const Product = Type.Object({
  product_code: ProductCode,
  product_id: Type.Integer(),
  name: Type.String(),
  product_type: Words(productTypes),
  reference_price: Money,
  currency_code: CurrencyCode,
});

export const Diagnosis = Type.Object({
  diagnosis_code: Type.String({ examples: ['E11.9'] }),
  coding_system: Type.Literal('ICD-10'),
  description: Type.String(),
});

export const ProviderProduct = Type.Object({
  ...Product.properties,
  registered_at: Timestamp,
});

export const ProviderProductRegistration = Type.Object({ product_code: ProductCode });
export const ProviderProductRegistered = Type.Object({ product_code: ProductCode, registered_at: Timestamp });
