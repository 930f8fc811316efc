import { openDatabase } from './database.ts';

/** How many events there are, exactly: lists are counted no further than ten thousand. */
export async function eventsIn(location: string): Promise<number> {
  const database = await openDatabase(location);
  try {
    const [row] = await database.rows('select count(*) as events from events');
    return Number(row?.events);
  } finally {
    await database.stop();
  }
}
