import '../errors.ts';
export { answered, keysIn, issuerKey } from './store-functions.ts';
export { maxRecordBytes, storeInterface, storeRows, type StoreFunctions, storeCall } from './store-interface.ts';
export { type StoredRow, type Store, maximumKeys, checkRow, storeHandlers } from './store.ts';
