/** The page's IndexedDB: conversations, the list of saved adapters, and the settings. */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import type { Conversation } from './conversations';
import type { SavedAdapter } from './adapters';

interface Schema extends DBSchema {
  conversations: { key: string; value: Conversation; indexes: { changed: number } };
  adapters: { key: string; value: SavedAdapter };
  settings: { key: string; value: unknown };
}

let opened: Promise<IDBPDatabase<Schema>> | undefined;

/** The database, opened once. Rejects where the browser refuses storage, as in some private windows. */
export function database(): Promise<IDBPDatabase<Schema>> {
  opened ??= openDB<Schema>('gemmule', 1, {
    upgrade(db) {
      db.createObjectStore('conversations', { keyPath: 'id' }).createIndex('changed', 'changed');
      db.createObjectStore('adapters', { keyPath: 'id' });
      db.createObjectStore('settings');
    },
  });
  return opened;
}
