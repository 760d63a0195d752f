import '../errors.ts';
export { type FileStoreOptions, openFileStore } from './file-store.ts';
export { type StoreAddress, openStore } from './open-store.ts';
export { type PostgresStoreOptions, openPostgresStore } from './postgres-store.ts';
export { type RowFile, encodeRowFile, decodeRowFile } from './row-file.ts';
