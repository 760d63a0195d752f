import { string, typedKv, type TypedKvMap } from '@microsoft/ccf-app';

/** Names and texts. The name of the table is private: nodes encrypt what is in it. */
export const records: TypedKvMap<string, string> = typedKv('records', string, string);
