import { expect, test } from 'vitest';
import { chooseDoctor } from './rules.ts';

const novice = { doctor_id: 'doc_1', medical_board_registration: null };
const first = { doctor_id: 'doc_2', medical_board_registration: 'MP-1' };
const second = { doctor_id: 'doc_3', medical_board_registration: 'MP-2' };
const doctors = [novice, first, second];

test('whoever is named signs', () => {
  expect(chooseDoctor(doctors, 'doc_3')).toBe(second);
});

test('nobody named: the first one who may', () => {
  expect(chooseDoctor(doctors, undefined)).toBe(first);
});

test.each([
  ['doc_1', 'has no medical board registration'],
  ['doc_4', 'is unknown'],
])('%s does not', (doctor_id, message) => {
  expect(chooseDoctor(doctors, doctor_id)).toEqual({ path: 'doctor_id', message });
});

test('nobody may', () => {
  expect(chooseDoctor([novice], undefined)).toMatchObject({ path: 'doctor_id' });
});
