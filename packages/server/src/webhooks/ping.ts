/** S: outside the catalogue; goes to the subscription that asked for it, whatever its patterns. */
export const pingType = 'test.ping';
