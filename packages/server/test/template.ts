/** The migrated database that those of the tests are copies of. */
export const template = 'migrated';
